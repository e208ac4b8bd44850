//! Sockets are not watched on this system yet.

use std::io;

use crate::os::Handle;

/// The watch on sockets; it can't be had here.
#[derive(Debug)]
pub struct Doorbell(std::convert::Infallible);

impl Doorbell {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Tells `key` once somebody waits at the socket.
    ///
    /// # Errors
    /// Cannot be called.
    pub fn watch(&self, _: &Handle, _: u64) -> io::Result<()> {
        match self.0 {}
    }

    /// Watches the socket no longer.
    pub fn unwatch(&self, _: &Handle) {
        match self.0 {}
    }

    /// The sockets somebody waits at.
    pub async fn rung(&self) -> Vec<u64> {
        match self.0 {}
    }
}
