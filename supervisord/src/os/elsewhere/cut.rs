//! What keeping logs needs of systems that can't take the head of a file away.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};

/// Bytes that a head is cut at, for want of a reason for others.
///
/// # Errors
/// None.
pub fn block_size(_: &File) -> io::Result<u64> {
    Ok(4096)
}

/// Copies the first `length` bytes to the beginning of an empty file; how many there were.
///
/// # Errors
/// What the system says; part of them may have been copied then.
pub fn copy_head(from: &File, to: &File, length: u64) -> io::Result<u64> {
    let (mut from, mut to) = (from, to);
    from.rewind()?;
    io::copy(&mut from.take(length), &mut to)
}

/// Waits until the disk has what is behind the first `start` bytes, if not more.
///
/// # Errors
/// What the system says.
pub fn sync_behind(file: &File, _: u64) -> io::Result<()> {
    file.sync_data()
}

/// Leaves it as it is.
pub fn hollow(_: &File, _: u64) {}

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
