//! An HTTP service to be supervised: `/health` answers, `/crash` aborts, SIGTERM ends it in order.
//!
//! The port comes from the first argument, else from `PORT`, else it is 8082.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, process, thread};

static ENDING: AtomicBool = AtomicBool::new(false);

fn main() -> io::Result<()> {
    let port = env::args().nth(1).or_else(|| env::var("PORT").ok());
    let port: u16 = port.map_or(Ok(8082), |port| port.parse()).map_err(io::Error::other)?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    end_on_sigterm(port);
    say(&format!("rust-http: pid {} answers on http://127.0.0.1:{port}/health", process::id()));
    // The scope waits for the requests under way before the program ends.
    thread::scope(|requests| {
        for connection in listener.incoming() {
            if ENDING.load(Ordering::SeqCst) {
                break;
            }
            match connection {
                Ok(connection) => drop(requests.spawn(move || answer(connection))),
                Err(error) => say(&format!("rust-http: cannot accept: {error}")),
            }
        }
    });
    say("rust-http: ended gracefully");
    Ok(())
}

/// Answers one request; a client that went away is not our fault.
fn answer(connection: TcpStream) {
    let _ = connection.set_read_timeout(Some(Duration::from_secs(5)));
    let mut request = BufReader::new(&connection);
    let mut first = String::new();
    let _ = request.read_line(&mut first);
    let mut header = String::new();
    while request.read_line(&mut header).is_ok_and(|length| 2 < length) {
        header.clear();
    }
    let (status, body) = match first.split(' ').nth(1) {
        Some("/health") => ("200 OK", format!("ok, pid {}\n", process::id())),
        Some("/crash") => {
            say("rust-http: aborting, as asked");
            process::abort();
        }
        _ => ("404 Not Found", "try /health or /crash\n".to_owned()),
    };
    let length = body.len();
    let _ = write!(
        &connection,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

/// The accepting loop sees the flag when one more connection wakes it.
#[cfg(unix)]
fn end_on_sigterm(port: u16) {
    use nix::sys::signal::{SigSet, Signal};
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    if signals.thread_block().is_err() {
        return;
    }
    thread::spawn(move || {
        let _ = signals.wait();
        ENDING.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", port));
    });
}

#[cfg(not(unix))]
fn end_on_sigterm(_port: u16) {}

fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
