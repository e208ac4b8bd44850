//! Things no one else uses at the moment.

use std::net::TcpListener;

/// A port of 127.0.0.1 that was free when asked.
///
/// # Panics
/// When the machine has no port left.
#[must_use]
pub fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("a bound socket has an address").port()
}
