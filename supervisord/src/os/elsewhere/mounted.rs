//! Mounts are not told of on this system yet.

use std::io;
use std::path::PathBuf;

/// The list of mounts; it can't be made here.
#[derive(Debug)]
pub struct Mounts(std::convert::Infallible);

/// How the list changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Where something was mounted.
    pub mounted: Vec<PathBuf>,
    /// Where something was unmounted.
    pub unmounted: Vec<PathBuf>,
}

impl Mounts {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits for a change.
    pub async fn changed(&self) {
        match self.0 {}
    }

    /// What changed since it was last asked.
    pub fn changes(&mut self) -> Changes {
        match self.0 {}
    }
}
