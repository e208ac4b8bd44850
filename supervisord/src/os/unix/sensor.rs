//! A descriptor that becomes ready when something happened, and the waiting for it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// One such descriptor, registered with the runtime.
#[derive(Debug)]
pub(in crate::os) struct Sensor(AsyncFd<Owned>);

#[derive(Debug)]
struct Owned(OwnedFd);

impl AsRawFd for Owned {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Sensor {
    /// One that is ready when there is something to read.
    pub(in crate::os) fn readable(descriptor: OwnedFd) -> io::Result<Self> {
        Self::new(descriptor, Interest::READABLE)
    }

    /// One that is ready when something exceptional happened.
    #[cfg(target_os = "linux")]
    pub(in crate::os) fn exceptional(descriptor: OwnedFd) -> io::Result<Self> {
        Self::new(descriptor, Interest::PRIORITY)
    }

    fn new(descriptor: OwnedFd, interest: Interest) -> io::Result<Self> {
        // SAFETY: the wrapper keeps its descriptor open until it is dropped with the AsyncFd.
        let registered = unsafe { AsyncFd::register_with_interest(Owned(descriptor), interest) };
        Ok(Self(registered.map_err(io::Error::from)?))
    }

    /// Waits until it is ready and leaves it so; may be dropped and called again without loss.
    pub(in crate::os) async fn ready(&self, interest: Interest) {
        match self.0.ready(interest).await {
            Ok(mut guard) => guard.retain_ready(),
            // Only a runtime that is ending refuses; there is nothing left to wait for.
            Err(_) => std::future::pending().await,
        }
    }

    /// Takes what there is, until there is nothing more.
    pub(in crate::os) fn drain<T>(
        &self,
        mut take: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        loop {
            match self.0.try_io(Interest::READABLE, |owned| take(owned.0.as_fd())) {
                Ok(one) => all.push(one),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return all,
            }
        }
    }

    /// It has been looked at; the next time it is ready is another time.
    #[cfg(target_os = "linux")]
    pub(in crate::os) fn seen(&self, interest: Interest) {
        let blocked = io::Error::from(io::ErrorKind::WouldBlock);
        let _ = self.0.try_io(interest, |_| Err::<(), _>(blocked));
    }
}

impl AsFd for Sensor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_ref().0.as_fd()
    }
}
