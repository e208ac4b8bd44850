//! Windows can't become another program in the same process; nothing is handed over here.

use std::ffi::OsString;
use std::io;
use std::os::windows::io::{BorrowedHandle, OwnedHandle};
use std::path::Path;

/// What the program before this one left open: never anything.
#[derive(Debug)]
pub struct Handover {
    /// The lock.
    pub lock: OwnedHandle,
    /// The pipe.
    pub socket: OwnedHandle,
    /// The sockets of services.
    pub sockets: Vec<OwnedHandle>,
}

impl Handover {
    /// Nothing.
    #[must_use]
    pub fn take() -> Option<Self> {
        None
    }
}

/// Says that it can't.
pub fn become_daemon(
    _program: &Path,
    _arguments: &[OsString],
    _lent: &[BorrowedHandle<'_>],
) -> io::Error {
    let cause = "not on Windows; stop supervisord and start the new one: services go on";
    io::Error::new(io::ErrorKind::Unsupported, cause)
}
