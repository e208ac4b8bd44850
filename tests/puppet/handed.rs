//! What the puppet does with sockets that whoever started it hands over.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd as _, RawFd};
use std::process;
use std::thread;

/// Answers on every descriptor of `LISTEN_FDS`, each from a thread of its own, with its pid, the
/// socket's name and the descriptor.
pub(crate) fn serve() -> Result<(), String> {
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let pid = variable("LISTEN_PID")?;
    if pid != process::id().to_string() {
        return Err(format!("LISTEN_PID is {pid}, and this is {}", process::id()));
    }
    let count: RawFd = variable("LISTEN_FDS")?.parse().map_err(|_| "LISTEN_FDS is no number")?;
    let names = variable("LISTEN_FDNAMES")?;
    let names: Vec<String> = names.split(':').map(str::to_owned).collect();
    if names.len() != count as usize {
        return Err(format!("{count} descriptors, and the names {names:?}"));
    }
    for (descriptor, name) in (3..).zip(names) {
        thread::spawn(move || {
            loop {
                answer(descriptor, &format!("{} {name} {descriptor}\n", process::id()));
            }
        });
    }
    Ok(())
}

/// Answers the first connection to standard input, as inetd's servers that wait do.
pub(crate) fn accept_one() {
    answer(0, &format!("{} accepted\n", process::id()));
}

/// Answers one line of the connection that standard input is, and then ends.
pub(crate) fn converse() {
    thread::spawn(|| {
        let mut line = String::new();
        let _ = BufReader::new(io::stdin()).read_line(&mut line);
        let _ = writeln!(io::stdout(), "{} {}", process::id(), line.trim_end());
        process::exit(0);
    });
}

fn answer(socket: RawFd, text: &str) {
    if kind(socket) == libc::SOCK_DGRAM {
        return answer_datagram(socket, text);
    }
    // SAFETY: a plain system call that is not asked for the address.
    let connection = unsafe { libc::accept(socket, std::ptr::null_mut(), std::ptr::null_mut()) };
    if 0 <= connection {
        // SAFETY: the descriptor is new and nobody else's.
        let mut connection = unsafe { File::from_raw_fd(connection) };
        // What is not read before the end would make the end an error for the other side.
        let _ = connection.read(&mut [0; 512]);
        let _ = connection.write_all(text.as_bytes());
    }
}

fn answer_datagram(socket: RawFd, text: &str) {
    // SAFETY: the descriptor stays open, since the wrapper is never dropped.
    let socket = ManuallyDrop::new(unsafe { std::net::UdpSocket::from_raw_fd(socket) });
    let mut bytes = [0; 512];
    if let Ok((_, from)) = socket.recv_from(&mut bytes) {
        let _ = socket.send_to(text.as_bytes(), from);
    }
}

fn kind(socket: RawFd) -> libc::c_int {
    let mut kind: libc::c_int = 0;
    let mut length = size_of_val(&kind) as libc::socklen_t;
    // SAFETY: value and length are live, and the length is the value's.
    unsafe {
        let (value, length) = ((&raw mut kind).cast(), &raw mut length);
        libc::getsockopt(socket, libc::SOL_SOCKET, libc::SO_TYPE, value, length);
    }
    kind
}
