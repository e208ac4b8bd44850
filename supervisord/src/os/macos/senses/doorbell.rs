//! Tells which of many sockets somebody waits at, by one kqueue; each only once until it is watched
//! again.

use std::io;
use std::os::fd::AsRawFd as _;

use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent};

use crate::os::Handle;
use crate::os::imp::Queue;

/// The queue.
#[derive(Debug)]
pub struct Doorbell(Queue);

impl Doorbell {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Queue::new()?))
    }

    /// Tells `key` once somebody waits at the socket.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&self, socket: &Handle, key: u64) -> io::Result<()> {
        self.0.change(of(socket, EvFlags::EV_ADD | EvFlags::EV_ONESHOT, key))
    }

    /// Watches the socket no longer.
    pub fn unwatch(&self, socket: &Handle) {
        // One that is not watched is as good.
        let _ = self.0.change(of(socket, EvFlags::EV_DELETE, 0));
    }

    /// The sockets somebody waits at, at least one; may be dropped and called again without loss.
    pub async fn rung(&self) -> Vec<u64> {
        loop {
            self.0.ready().await;
            let keys: Vec<u64> = self.0.drain().iter().map(|event| event.udata() as u64).collect();
            if !keys.is_empty() {
                return keys;
            }
        }
    }
}

fn of(socket: &Handle, flags: EvFlags, key: u64) -> KEvent {
    let (socket, filter) = (socket.as_raw_fd() as usize, EventFilter::EVFILT_READ);
    KEvent::new(socket, filter, flags, FilterFlag::empty(), 0, key as isize)
}
