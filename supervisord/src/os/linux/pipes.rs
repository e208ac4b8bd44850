//! Named pipes that outlive the daemon: looking into them without taking, taking with a witness.
//!
//! Both ends of a pipe are open wherever it is open at all, so a service never meets a broken one:
//! without a daemon it only waits once the pipe is full.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SpliceFFlags, fcntl, splice, tee};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::stat::Mode;

/// How much a pipe is to hold, in bytes; the system may allow less.
const CAPACITY: i32 = 1 << 20;

/// Whoever has the pipe open already may open it again to write, as `/dev/stdout` does; the folder
/// it is in is closed to everybody else.
const MODE: u32 = 0o622;

/// Events taken at once.
const EVENTS: usize = 64;

/// What was only looked at is still in the pipe after a kill.
pub const IS_EXACT: bool = true;

/// The daemon's end of a pipe.
#[derive(Debug)]
pub struct Pipe(File);

impl Pipe {
    /// Opens the pipe at that path, which is made where it is missing; also what services get.
    ///
    /// # Errors
    /// What the system says; that something else is there.
    pub fn open(path: &Path) -> io::Result<(Self, Mouth)> {
        match nix::unistd::mkfifo(path, Mode::from_bits_truncate(0o600)) {
            // The mask of file modes has no say in this.
            Ok(()) => std::fs::set_permissions(path, Permissions::from_mode(MODE))?,
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        let file = open(path, libc::O_NONBLOCK)?;
        // Without the privilege, pipes beyond the user's share stay as small as they were.
        let _ = fcntl(&file, FcntlArg::F_SETPIPE_SZ(CAPACITY));
        Ok((Self(file), Mouth(path.to_owned())))
    }

    /// How many bytes are in it.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let mut bytes = 0;
        // SAFETY: the call fills the one integer.
        let asked = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
        if asked == 0 { usize::try_from(bytes).unwrap_or(0) } else { 0 }
    }

    /// True when who writes has to wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let mut polled = [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)];
        poll(&mut polled, PollTimeout::ZERO) == Ok(0)
    }
}

/// Where a service's output enters a pipe.
#[derive(Debug, Clone)]
pub struct Mouth(PathBuf);

impl Mouth {
    /// What a service gets in place of its output. Who keeps it open keeps what is in the pipe.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(&self) -> io::Result<OwnedFd> {
        Ok(open(&self.0, 0)?.into())
    }
}

/// Both directions, which waits for nobody.
fn open(path: &Path, flags: i32) -> io::Result<File> {
    let flags = flags | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
    match file.metadata()?.file_type().is_fifo() {
        true => Ok(file),
        false => Err(io::Error::other("something else is in its place")),
    }
}

/// True for a pipe, among things handed over.
#[must_use]
pub fn is_pipe(handle: &OwnedFd) -> bool {
    let Ok(copy) = handle.try_clone() else { return false };
    File::from(copy).metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Looks into pipes through one of its own.
#[derive(Debug)]
pub struct Peeker {
    reader: io::PipeReader,
    writer: io::PipeWriter,
    null: File,
}

impl Peeker {
    /// One that serves any number of pipes.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let _ = fcntl(&writer, FcntlArg::F_SETPIPE_SZ(CAPACITY));
        let null = OpenOptions::new().write(true).open("/dev/null")?;
        Ok(Self { reader, writer, null })
    }

    /// Copies what the pipe begins with, up to the room there is, and leaves it where it is.
    ///
    /// # Errors
    /// What the system says about reading.
    pub fn look(&mut self, pipe: &mut Pipe, room: &mut [u8]) -> io::Result<usize> {
        let seen = match tee(&pipe.0, &self.writer, room.len(), SpliceFFlags::SPLICE_F_NONBLOCK) {
            Ok(seen) => seen,
            Err(Errno::EAGAIN) => 0,
            Err(errno) => return Err(errno.into()),
        };
        self.reader.read_exact(&mut room[..seen])?;
        Ok(seen)
    }

    /// Moves bytes from the pipe to the witness file, where they end its size. Whatever kills this
    /// process, its size grew by just as much as was taken.
    ///
    /// # Errors
    /// What the system says, such as that the disk is full.
    pub fn take(
        &mut self,
        pipe: &mut Pipe,
        length: usize,
        witness: &File,
        at: u64,
    ) -> io::Result<usize> {
        let mut at = libc::loff_t::try_from(at).map_err(io::Error::other)?;
        let flags = SpliceFFlags::SPLICE_F_NONBLOCK;
        Ok(splice(&pipe.0, None, witness, Some(&mut at), length, flags)?)
    }

    /// Takes bytes from the pipe and forgets them.
    ///
    /// # Errors
    /// What the system says.
    pub fn discard(&mut self, pipe: &mut Pipe, length: usize) -> io::Result<usize> {
        let flags = SpliceFFlags::SPLICE_F_NONBLOCK;
        Ok(splice(&pipe.0, None, &self.null, None, length, flags)?)
    }
}

/// Waits for any of many pipes, and for orders.
#[derive(Debug)]
pub struct Poller {
    epoll: Epoll,
    wake: Arc<EventFd>,
}

/// The key of the waker among those of the pipes.
const WAKE: u64 = u64::MAX;

impl Poller {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let wake = Arc::new(EventFd::from_flags(flags)?);
        epoll.add(&*wake, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, WAKE))?;
        Ok(Self { epoll, wake })
    }

    /// What ends the waiting from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.wake))
    }

    /// Tells `key` each time something came into the pipe, and once for what is in it now.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&mut self, pipe: &Pipe, key: u64) -> io::Result<()> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, key);
        Ok(self.epoll.add(&pipe.0, event)?)
    }

    /// Watches the pipe no longer.
    pub fn unwatch(&mut self, pipe: &Pipe) {
        // One that is not watched is as good.
        let _ = self.epoll.delete(&pipe.0);
    }

    /// Waits until something happened or the time is over; the pipes something came into.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(&mut self, limit: Option<Duration>, keys: &mut Vec<u64>) -> io::Result<()> {
        let limit = limit.map_or(EpollTimeout::NONE, |limit| {
            let milliseconds = limit.as_micros().div_ceil(1000);
            EpollTimeout::try_from(milliseconds).unwrap_or(EpollTimeout::MAX)
        });
        let mut events = [EpollEvent::empty(); EVENTS];
        let count = match self.epoll.wait(&mut events, limit) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(errno.into()),
        };
        keys.extend(events[..count].iter().map(EpollEvent::data).filter(|key| *key != WAKE));
        Ok(())
    }
}

/// Ends the waiting of a [`Poller`].
#[derive(Debug, Clone)]
pub struct Waker(Arc<EventFd>);

impl Waker {
    /// Ends it now, or the next.
    pub fn wake(&self) {
        // Only a count that is full refuses, and then it wakes anyway.
        let _ = self.0.write(1);
    }
}
