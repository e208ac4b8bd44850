//! What a file is known by.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What tells a file from another that takes its place, and from itself after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    device: u64,
    inode: u64,
    changed: (i64, i64),
}

impl Signature {
    /// Of what the path leads to, if it leads to something.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Some(Self { device: metadata.dev(), inode: metadata.ino(), changed })
    }
}
