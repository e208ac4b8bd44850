//! Files and folders are not watched on this system yet.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::os::senses::{Happened, Interest, Place};

/// Events of files and folders; they can't be had here.
#[derive(Debug)]
pub struct PathEvents(std::convert::Infallible);

/// What tells a file from itself after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    length: u64,
    modified: Option<SystemTime>,
}

impl Signature {
    /// Of what the path leads to, if it leads to something.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { length: metadata.len(), modified: metadata.modified().ok() })
    }
}

impl PathEvents {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Watches what is at that path.
    ///
    /// # Errors
    /// Cannot be called.
    pub fn watch(&self, _: &Path, _: Interest) -> io::Result<Place> {
        match self.0 {}
    }

    /// Watches no more of a place than this.
    pub fn narrow(&self, _: Place, _: &Path, _: Interest) {
        match self.0 {}
    }

    /// Watches a place no longer.
    pub fn forget(&self, _: Place) {
        match self.0 {}
    }

    /// Waits for an event.
    pub async fn arrived(&self) {
        match self.0 {}
    }

    /// What happened since it was last asked.
    #[must_use]
    pub fn happened(&self) -> Happened {
        match self.0 {}
    }
}
