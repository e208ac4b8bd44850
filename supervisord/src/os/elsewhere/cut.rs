//! What keeping logs needs of systems that can't take the head of a file away.

use std::fs::File;
use std::io;

/// Bytes that a head is cut at, for want of a reason for others.
///
/// # Errors
/// None.
pub fn block_size(_: &File) -> io::Result<u64> {
    Ok(4096)
}

/// Refuses.
///
/// # Errors
/// Always.
pub fn collapse(_: &File, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Threads have no priorities of their own at the disk here.
pub fn yield_disk() {}

/// Threads are as polite as the daemon.
pub fn yield_all() {}
