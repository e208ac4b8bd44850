//! Windows can't become another program in the same process; nothing is handed over here.

use std::ffi::OsString;
use std::io::{self, PipeReader, Read as _};
use std::os::windows::io::{BorrowedHandle, OwnedHandle};
use std::path::Path;

/// What the program before this one left open: never anything.
#[derive(Debug)]
pub struct Handover {
    /// The lock.
    pub lock: OwnedHandle,
    /// The pipe.
    pub socket: OwnedHandle,
    /// The sockets of services, and the pipes of their logs.
    pub handles: Vec<OwnedHandle>,
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

/// What a program that has ended wrote into a pipe.
#[must_use]
pub fn read_what_is_there(pipe: PipeReader) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.take(4096).read_to_end(&mut bytes);
    bytes
}
