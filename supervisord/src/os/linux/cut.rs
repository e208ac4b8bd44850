//! What keeping logs needs of Linux: copying the head of a file without touching its bytes, taking
//! it away, and threads that yield.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, FcntlArg, OFlag, fallocate, fcntl};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::statfs::fstatfs;

/// `ioprio_set` is about one thread, 0 the calling one.
const WHO_THREAD: libc::c_int = 1;

/// A class of I/O priority stands above its level.
const CLASS_SHIFT: u32 = 13;

/// Best effort, last among its kind.
const LAST: libc::c_int = (2 << CLASS_SHIFT) | 7;

/// Only what nobody else wants.
const IDLE: libc::c_int = 3 << CLASS_SHIFT;

/// Bytes of a log that are in the daemon's own memory at once.
const PART: usize = 4 << 20;

/// Bytes of a head that are taken away at once.
const HOLE: usize = 1 << 20;

/// Bytes that a head taken from the file must be a multiple of.
///
/// # Errors
/// What the system says.
pub fn block_size(file: &File) -> io::Result<u64> {
    let size = fstatfs(file)?.block_size();
    Ok(u64::try_from(size).unwrap_or(0).max(512))
}

/// Copies the first `length` bytes, whole blocks, to the beginning of an empty file; how many there
/// were, fewer if someone shortens it meanwhile.
///
/// Where the file system can, both share them; else the disk is given the very pages that hold the
/// log, which costs a quarter of copying them, and leaves no second copy in memory.
///
/// # Errors
/// What the system says; part of them may have been copied then.
pub fn copy_head(from: &File, to: &File, length: u64) -> io::Result<u64> {
    if share(from, to, length).is_ok() {
        return Ok(length);
    }
    match write_pages(from, to, length) {
        Ok(()) => return Ok(from.metadata()?.len().min(length)),
        // EFAULT is a page that someone cut off, or that can't be read: a copy finds out which.
        Err(Errno::EINVAL | Errno::EOPNOTSUPP | Errno::ENODEV | Errno::EFAULT) => {}
        Err(error) => return Err(error.into()),
    }
    let (mut from, mut to) = (from, to);
    from.rewind()?;
    to.rewind()?;
    io::copy(&mut from.take(length), &mut to)
}

/// `FICLONERANGE`, see ioctl_ficlonerange(2).
fn share(from: &File, to: &File, length: u64) -> nix::Result<()> {
    let source = i64::from(from.as_raw_fd());
    let range = libc::file_clone_range {
        src_fd: source,
        src_offset: 0,
        src_length: length,
        dest_offset: 0,
    };
    // SAFETY: the pointer is to a live value, and the descriptors are open.
    Errno::result(unsafe { libc::ioctl(to.as_raw_fd(), libc::FICLONERANGE, &raw const range) })?;
    Ok(())
}

/// Has the disk read the pages of one file's cache as the other's bytes.
fn write_pages(from: &File, to: &File, length: u64) -> nix::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(to, FcntlArg::F_GETFL)?);
    fcntl(to, FcntlArg::F_SETFL(flags | OFlag::O_DIRECT))?;
    let mut starts = (0..length).step_by(PART);
    let outcome = starts.try_for_each(|start| write_part(from, to, start, length));
    fcntl(to, FcntlArg::F_SETFL(flags))?;
    outcome
}

/// Writes what begins at `start`: [`PART`] bytes, or what is left to `end`.
fn write_part(from: &File, to: &File, start: u64, end: u64) -> nix::Result<()> {
    let size = usize::try_from(end - start).unwrap_or(PART).min(PART);
    let start = i64::try_from(start).map_err(|_| Errno::EFBIG)?;
    let Some(length) = NonZeroUsize::new(size) else { return Ok(()) };
    let flags = MapFlags::MAP_SHARED | MapFlags::MAP_POPULATE;
    // SAFETY: a new mapping, which nobody but the system reads, and nobody keeps.
    let pages = unsafe { mmap(None, length, ProtFlags::PROT_READ, flags, from, start) }?;
    let mut done = 0;
    let outcome = loop {
        if done == size {
            break Ok(());
        }
        // SAFETY: both are within the mapping and the bytes behind it that are left.
        let written = Errno::result(unsafe {
            let rest = pages.as_ptr().byte_add(done);
            libc::pwrite(to.as_raw_fd(), rest, size - done, start + done.cast_signed() as i64)
        });
        match written {
            Ok(0) => break Err(Errno::EIO),
            Ok(more) => done += more.unsigned_abs(),
            Err(Errno::EINTR) => {}
            Err(error) => break Err(error),
        }
    };
    // SAFETY: the mapping made above.
    unsafe { munmap(pages, size) }?;
    outcome
}

/// Waits until the disk has what is behind the first `start` bytes, and only that.
///
/// # Errors
/// What the system says.
pub fn sync_behind(file: &File, start: u64) -> io::Result<()> {
    let start = start.try_into().map_err(io::Error::other)?;
    let flags = libc::SYNC_FILE_RANGE_WAIT_BEFORE
        | libc::SYNC_FILE_RANGE_WRITE
        | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    // SAFETY: plain numbers; 0 is to the end.
    Errno::result(unsafe { libc::sync_file_range(file.as_raw_fd(), start, 0, flags) })?;
    Ok(())
}

/// Makes the first `length` bytes a hole, a few at a time: a writer waits while the system forgets
/// pages, and [`collapse`] would have it forget all of them at once.
pub fn hollow(file: &File, length: u64) {
    let how = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    for start in (0..length).step_by(HOLE) {
        // Where it can't be done, it only takes longer.
        let _ = take(file, how, start, (HOLE as u64).min(length - start));
    }
}

/// Takes the first `length` bytes away, whole blocks and never all of it, while others append:
/// what they write is neither lost nor doubled.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where the file system can't; else what the system says.
pub fn collapse(file: &File, length: u64) -> io::Result<()> {
    take(file, FallocateFlags::FALLOC_FL_COLLAPSE_RANGE, 0, length)
}

fn take(file: &File, how: FallocateFlags, start: u64, length: u64) -> io::Result<()> {
    let start = start.try_into().map_err(io::Error::other)?;
    let length = length.try_into().map_err(io::Error::other)?;
    Ok(fallocate(file, how, start, length)?)
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
