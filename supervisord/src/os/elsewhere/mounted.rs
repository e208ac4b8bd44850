//! Mounts are not told of on this system.

use std::io;
use std::path::PathBuf;

/// The list of mounts, which never changes as far as it is known here.
#[derive(Debug)]
pub struct Mounts;

/// How the list changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Where something was mounted.
    pub mounted: Vec<PathBuf>,
    /// Where something was unmounted.
    pub unmounted: Vec<PathBuf>,
}

impl Mounts {
    /// Watches nothing; the key table says so of the key that would need it.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Never returns.
    pub async fn changed(&self) {
        std::future::pending::<()>().await;
    }

    /// None.
    pub fn changes(&mut self) -> Changes {
        Changes::default()
    }
}
