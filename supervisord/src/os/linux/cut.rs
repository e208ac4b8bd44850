//! What keeping logs needs of Linux: taking the head of a file away, and threads that yield.

use std::fs::File;
use std::io;

use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::statfs::fstatfs;

/// `ioprio_set` is about one thread, 0 the calling one.
const WHO_THREAD: libc::c_int = 1;

/// A class of I/O priority stands above its level.
const CLASS_SHIFT: u32 = 13;

/// Best effort, last among its kind.
const LAST: libc::c_int = (2 << CLASS_SHIFT) | 7;

/// Only what nobody else wants.
const IDLE: libc::c_int = 3 << CLASS_SHIFT;

/// Bytes that a head taken from the file must be a multiple of.
///
/// # Errors
/// What the system says.
pub fn block_size(file: &File) -> io::Result<u64> {
    let size = fstatfs(file)?.block_size();
    Ok(u64::try_from(size).unwrap_or(0).max(512))
}

/// Takes the first `length` bytes away, whole blocks and never all of it, while others append:
/// what they write is neither lost nor doubled.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where the file system can't; else what the system says.
pub fn collapse(file: &File, length: u64) -> io::Result<()> {
    let length = length.try_into().map_err(io::Error::other)?;
    Ok(fallocate(file, FallocateFlags::FALLOC_FL_COLLAPSE_RANGE, 0, length)?)
}

/// Lets this thread's disk accesses come after those of others.
pub fn yield_disk() {
    set_io_priority(LAST);
}

/// Lets this thread have only what no other wants of processors and disks.
pub fn yield_all() {
    let priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: the pointer is to a live value; 0 is this thread. Refused, it is merely less polite.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const priority) };
    set_io_priority(IDLE);
}

fn set_io_priority(priority: libc::c_int) {
    // SAFETY: plain numbers, about this thread only. Refused, it is merely less polite.
    unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_THREAD, 0, priority) };
}
