//! Named pipes that outlive the daemon. This system cannot look into a pipe without taking, so what
//! is looked at is held here, and is lost with a kill.
//!
//! Both ends of a pipe are open wherever it is open at all, so a service never meets a broken one:
//! without a daemon it only waits once the pipe is full.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use nix::sys::stat::Mode;

/// What was looked at is lost with a kill.
pub const IS_EXACT: bool = false;

/// Whoever has the pipe open already may open it again to write, as `/dev/stdout` does; the folder
/// it is in is closed to everybody else.
const MODE: u32 = 0o622;

/// Events taken at once.
const EVENTS: usize = 64;

/// The daemon's end of a pipe.
#[derive(Debug)]
pub struct Pipe {
    file: File,
    held: Vec<u8>,
    is_full: bool,
}

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
        Ok((Self { file, held: Vec::new(), is_full: false }, Mouth(path.to_owned())))
    }

    /// How many bytes are in it, or held.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let mut bytes = 0;
        // SAFETY: the call fills the one integer.
        let asked = unsafe { libc::ioctl(self.file.as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
        let inside = if asked == 0 { usize::try_from(bytes).unwrap_or(0) } else { 0 };
        self.held.len() + inside
    }

    /// True when no more could be looked at than was.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_full
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

/// Looks into pipes.
#[derive(Debug)]
pub struct Peeker(());

impl Peeker {
    /// One that serves any number of pipes.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self(()))
    }

    /// Copies what the pipe begins with, up to the room there is.
    ///
    /// # Errors
    /// What the system says about reading.
    pub fn look(&mut self, pipe: &mut Pipe, room: &mut [u8]) -> io::Result<usize> {
        let mut seen = pipe.held.len().min(room.len());
        room[..seen].copy_from_slice(&pipe.held[..seen]);
        while seen < room.len() {
            match pipe.file.read(&mut room[seen..]) {
                Ok(0) => break,
                Ok(length) => {
                    pipe.held.extend_from_slice(&room[seen..seen + length]);
                    seen += length;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        pipe.is_full = seen == room.len();
        Ok(seen)
    }

    /// Takes bytes from the pipe; there is no witness to that here.
    ///
    /// # Errors
    /// None here.
    pub fn take(&mut self, pipe: &mut Pipe, length: usize, _: &File, _: u64) -> io::Result<usize> {
        self.discard(pipe, length)
    }

    /// Takes bytes from the pipe and forgets them.
    ///
    /// # Errors
    /// None here.
    pub fn discard(&mut self, pipe: &mut Pipe, length: usize) -> io::Result<usize> {
        let taken = length.min(pipe.held.len());
        pipe.held.drain(..taken);
        if pipe.held.is_empty() {
            pipe.held = Vec::new();
        }
        Ok(taken)
    }
}

/// The key of the waker.
const WAKE: usize = 0;

/// Waits for any of many pipes, and for orders.
#[derive(Debug)]
pub struct Poller(Arc<Kqueue>);

impl Poller {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let queue = Kqueue::new()?;
        let flags = EvFlags::EV_ADD | EvFlags::EV_CLEAR;
        let wake = KEvent::new(WAKE, EventFilter::EVFILT_USER, flags, FilterFlag::empty(), 0, 0);
        change(&queue, wake)?;
        Ok(Self(Arc::new(queue)))
    }

    /// What ends the waiting from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.0))
    }

    /// Tells `key` each time something came into the pipe, and once for what is in it now.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&mut self, pipe: &Pipe, key: u64) -> io::Result<()> {
        let key = isize::try_from(key).map_err(io::Error::other)?;
        change(&self.0, of(pipe, EvFlags::EV_ADD | EvFlags::EV_CLEAR, key))
    }

    /// Watches the pipe no longer.
    pub fn unwatch(&mut self, pipe: &Pipe) {
        // One that is not watched is as good.
        let _ = change(&self.0, of(pipe, EvFlags::EV_DELETE, 0));
    }

    /// Waits until something happened or the time is over; the pipes something came into.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(&mut self, limit: Option<Duration>, keys: &mut Vec<u64>) -> io::Result<()> {
        let limit = limit.map(|limit| libc::timespec {
            tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        });
        let flags = EvFlags::empty();
        let nothing = KEvent::new(0, EventFilter::EVFILT_USER, flags, FilterFlag::empty(), 0, 0);
        let mut events = [nothing; EVENTS];
        let count = match self.0.kevent(&[], &mut events, limit) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(errno.into()),
        };
        let of_pipes = events[..count]
            .iter()
            .filter(|event| event.filter().is_ok_and(|filter| filter == EventFilter::EVFILT_READ));
        keys.extend(of_pipes.map(|event| event.udata() as u64));
        Ok(())
    }
}

/// Ends the waiting of a [`Poller`].
#[derive(Debug, Clone)]
pub struct Waker(Arc<Kqueue>);

impl Waker {
    /// Ends it now, or the next.
    pub fn wake(&self) {
        let flags = (EvFlags::empty(), FilterFlag::NOTE_TRIGGER);
        let wake = KEvent::new(WAKE, EventFilter::EVFILT_USER, flags.0, flags.1, 0, 0);
        // The queue is there as long as this is.
        let _ = change(&self.0, wake);
    }
}

fn of(pipe: &Pipe, flags: EvFlags, key: isize) -> KEvent {
    let descriptor = pipe.file.as_raw_fd() as usize;
    KEvent::new(descriptor, EventFilter::EVFILT_READ, flags, FilterFlag::empty(), 0, key)
}

fn change(queue: &Kqueue, event: KEvent) -> io::Result<()> {
    queue.kevent(&[event], &mut [], None)?;
    Ok(())
}
