//! Network interfaces are not told of on this system yet.

use std::io;

/// The news of interfaces; they can't be had here.
#[derive(Debug)]
pub struct Network(std::convert::Infallible);

impl Network {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits for news.
    pub async fn changed(&self) {
        match self.0 {}
    }

    /// Whether the network is up now.
    pub fn is_up(&self) -> bool {
        match self.0 {}
    }
}
