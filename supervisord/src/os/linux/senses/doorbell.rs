//! Tells which of many sockets somebody waits at, by one epoll instance; each only once until it is
//! watched again.

use std::io;
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use tokio::io::Interest;

use crate::os::Handle;
use crate::os::unix::Sensor;

/// The instance.
#[derive(Debug)]
pub struct Doorbell {
    epoll: Epoll,
    sensor: Sensor,
}

impl Doorbell {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let copy: OwnedFd = epoll.0.try_clone()?;
        Ok(Self { epoll, sensor: Sensor::readable(copy)? })
    }

    /// Tells `key` once somebody waits at the socket.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&self, socket: &Handle, key: u64) -> io::Result<()> {
        let event = || EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLONESHOT, key);
        match self.epoll.add(socket, event()) {
            Err(Errno::EEXIST) => Ok(self.epoll.modify(socket, &mut event())?),
            result => Ok(result?),
        }
    }

    /// Watches the socket no longer.
    pub fn unwatch(&self, socket: &Handle) {
        // One that is not watched is as good.
        let _ = self.epoll.delete(socket);
    }

    /// The sockets somebody waits at, at least one; may be dropped and called again without loss.
    pub async fn rung(&self) -> Vec<u64> {
        loop {
            self.sensor.ready(Interest::READABLE).await;
            let looks = self.sensor.drain(|_| {
                let mut events = [EpollEvent::empty(); 64];
                match self.epoll.wait(&mut events, EpollTimeout::ZERO)? {
                    0 => Err(io::ErrorKind::WouldBlock.into()),
                    count => Ok(events[..count].iter().map(EpollEvent::data).collect::<Vec<_>>()),
                }
            });
            if !looks.is_empty() {
                return looks.concat();
            }
        }
    }
}
