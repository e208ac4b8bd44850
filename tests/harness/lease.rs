//! A lease of a file: who opens the file waits until it is given back, so that a reader can be held
//! at a known place for as long as a test likes.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::Path;

/// Of Linux's fcntl.h; libc has no name for it.
const F_SETSIG: i32 = 10;

/// The lease; given back when dropped, or by the system after /proc/sys/fs/lease-break-time.
#[derive(Debug)]
pub struct Lease(File);

impl Lease {
    /// Takes the lease of a file that nobody has open.
    ///
    /// # Errors
    /// What the system says; some file systems have no leases.
    pub fn take(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        // The usual signal, that somebody waits, would end this process; this one is ignored.
        control(&file, F_SETSIG, libc::SIGURG)?;
        control(&file, libc::F_SETLEASE, libc::F_WRLCK)?;
        Ok(Self(file))
    }

    /// Somebody waits to open the file.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        // What the lease has to become.
        control(&self.0, libc::F_GETLEASE, 0).is_ok_and(|kind| kind != libc::F_WRLCK)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = control(&self.0, libc::F_SETLEASE, libc::F_UNLCK);
    }
}

fn control(file: &File, command: i32, argument: i32) -> io::Result<i32> {
    // SAFETY: these commands take a number and touch no memory of ours.
    match unsafe { libc::fcntl(file.as_raw_fd(), command, argument) } {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}
