//! Time where the system has no better adapter: the standard library's clock.
//!
//! Its alarm may ring late after a suspend, and nobody tells that the wall clock was set.

use std::io;
use std::path::Path;
use std::time::Duration;

/// The time since the machine booted, suspends included.
#[must_use]
pub fn since_boot() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    // On macOS this one goes on in sleep, other than its name says elsewhere.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default()
}

/// The file the machine's zone is in, as far as it can be watched.
#[must_use]
pub fn zone_file() -> Option<&'static Path> {
    None
}

/// Rings at a time given as [`since_boot`] tells it.
#[derive(Debug)]
pub struct Alarm;

impl Alarm {
    /// One that is not set.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Returns at that time, or never; may be dropped and called again without loss.
    pub async fn ring(&self, at: Option<Duration>) {
        match at {
            Some(at) => tokio::time::sleep(at.saturating_sub(since_boot())).await,
            None => std::future::pending().await,
        }
    }
}

/// Tells nothing here.
#[derive(Debug)]
pub struct ClockSet;

impl ClockSet {
    /// Watches from now on.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Never returns here.
    pub async fn changed(&self) {
        std::future::pending().await
    }
}
