//! A kqueue that the loop waits for.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Events taken at once.
const EVENTS: usize = 64;

/// The queue, registered with the runtime.
#[derive(Debug)]
pub(in crate::os) struct Queue(AsyncFd<Owned>);

#[derive(Debug)]
struct Owned(Kqueue);

impl AsRawFd for Owned {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Queue {
    /// One that watches nothing yet.
    pub(in crate::os) fn new() -> io::Result<Self> {
        let queue = Kqueue::new()?;
        fcntl(&queue, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        // A queue can be waited for to be read; to ask for more is refused.
        // SAFETY: the queue keeps its descriptor open until it is dropped with the AsyncFd.
        let queue = unsafe { AsyncFd::register_with_interest(Owned(queue), Interest::READABLE) };
        Ok(Self(queue.map_err(io::Error::from)?))
    }

    /// Asks for events, for others, or for none any more.
    pub(in crate::os) fn change(&self, event: KEvent) -> io::Result<()> {
        self.0.get_ref().0.kevent(&[event], &mut [], None)?;
        Ok(())
    }

    /// Waits until there is an event and leaves it there; may be dropped and called again.
    pub(in crate::os) async fn ready(&self) {
        match self.0.readable().await {
            Ok(mut guard) => guard.retain_ready(),
            // Only a runtime that is ending refuses; there is nothing left to wait for.
            Err(_) => std::future::pending().await,
        }
    }

    /// Takes the events there are.
    pub(in crate::os) fn drain(&self) -> Vec<KEvent> {
        let flags = (EvFlags::empty(), FilterFlag::empty());
        let nothing = KEvent::new(0, EventFilter::EVFILT_USER, flags.0, flags.1, 0, 0);
        let no_time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let mut all = Vec::new();
        loop {
            let mut events = [nothing; EVENTS];
            let read = |queue: &Owned| match queue.0.kevent(&[], &mut events, Some(no_time)) {
                Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
                Ok(count) => Ok(count),
                Err(errno) => Err(errno.into()),
            };
            match self.0.try_io(Interest::READABLE, read) {
                Ok(count) => all.extend_from_slice(&events[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return all,
            }
        }
    }
}
