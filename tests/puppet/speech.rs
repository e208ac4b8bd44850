//! What the puppet prints, and what it answers on its port.

use std::io::{self, BufWriter, Write};
use std::net::TcpListener;
use std::process;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::arguments::{Arguments, Saying};

/// Says everything it was told to say; a closed output is no reason to end.
pub(crate) fn say(arguments: &Arguments, facts: Option<Value>) {
    let mut out = BufWriter::new(io::stdout().lock());
    for saying in &arguments.speech {
        let _ = match saying {
            Saying::Out(text) => writeln!(out, "{text}"),
            // In one piece: others may write to the same file.
            Saying::Err(text) => io::stderr().write_all(format!("{text}\n").as_bytes()),
            Saying::Variable(name) => match std::env::var_os(name) {
                Some(value) => writeln!(out, "{name}={}", value.to_string_lossy()),
                None => writeln!(out, "{name} is not set"),
            },
            Saying::Lines(count) => lines(&mut out, *count),
            Saying::Flood(mebibytes) => {
                let _ = out.flush();
                flood(*mebibytes);
                Ok(())
            }
            Saying::Long(length) => writeln!(out, "{}", "x".repeat(*length)),
            Saying::Part(text) => write!(out, "{text}"),
        };
    }
    if let Some(facts) = facts {
        let _ = writeln!(out, "{facts}");
    }
    let _ = out.flush();
}

fn lines(out: &mut impl Write, count: usize) -> io::Result<()> {
    for number in 1..=count {
        writeln!(out, "line {number:08}")?;
    }
    Ok(())
}

/// Lines of 32 bytes, as fast as the system takes them; one that it does not take is tried again.
fn flood(mebibytes: usize) {
    // Not through the standard library's own buffer, which would write lines in pieces.
    let mut out = std::mem::ManuallyDrop::new(unbuffered());
    for number in 1..=mebibytes << 15 {
        let line = format!("line {number:010} {:<15}\n", "as it comes");
        let mut rest = line.as_bytes();
        while !rest.is_empty() {
            match out.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

#[cfg(unix)]
fn unbuffered() -> std::fs::File {
    use std::os::fd::FromRawFd as _;
    // SAFETY: standard output is open, and never dropped.
    unsafe { std::fs::File::from_raw_fd(1) }
}

#[cfg(windows)]
fn unbuffered() -> std::fs::File {
    use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _};
    // SAFETY: standard output is open, and never dropped.
    unsafe { std::fs::File::from_raw_handle(io::stdout().as_raw_handle()) }
}

/// Prints a numbered line again and again, from a thread of its own, each in one write.
pub(crate) fn tick(pause: Duration) {
    thread::spawn(move || {
        for number in 1_u64.. {
            let _ = io::stdout().lock().write_all(format!("line {number:08}\n").as_bytes());
            thread::sleep(pause);
        }
    });
}

/// Answers every connection with its pid, from a thread of its own.
pub(crate) fn listen(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let _ = writeln!(&connection, "{}", process::id());
        }
    });
    Ok(())
}
