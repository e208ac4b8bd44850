//! The floor of the benchmark: the least that can start, watch and stop processes. What it takes is
//! what the kernel takes; what a supervisor takes above it is the supervisor's own.
//!
//! It keeps no state, no log, no rule; it has no Rust runtime below its main, as C would not.

#![cfg_attr(target_os = "linux", no_main)]

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod spawn;
#[cfg(target_os = "linux")]
mod supervisor;

#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
extern "C" fn main(count: std::ffi::c_int, words: *const *const std::ffi::c_char) -> i32 {
    let word = |at: i32| {
        let at = usize::try_from(at).unwrap_or_default();
        // SAFETY: the system hands over `count` strings that end in zero and live as long as we do.
        unsafe { std::ffi::CStr::from_ptr(*words.add(at)) }.to_str().unwrap_or_default()
    };
    let words: Vec<&str> = (1..count).map(word).collect();
    let outcome = match words[..] {
        ["serve", socket, threads, list] => supervisor::serve(socket, threads, list),
        ["ask", socket, ref request @ ..] => client::ask(socket, &request.join(" ")),
        _ => Err(std::io::Error::other("serve SOCKET THREADS LIST, or ask SOCKET WORD [LABEL]")),
    };
    if let Err(error) = &outcome {
        eprintln!("bench-floor: {error}");
    }
    i32::from(outcome.is_err())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("bench-floor: the benchmark is for Linux");
}
