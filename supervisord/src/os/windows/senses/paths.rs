//! Tells what happens to files and folders, by the system's notifications of folders.
//!
//! Those say that something happened, never to what; so whoever listens looks again. A file is
//! watched by the folder it is in. As long as a folder is watched the system renames none above it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_BACKUP_SEMANTICS;

use super::folder::{Bell, Folder, What};
use crate::os::own::facts;
use crate::os::senses::{Happened, Interest, Place, Seen};

/// The folders that are watched, and the places they are watched for.
#[derive(Debug)]
pub struct PathEvents {
    bell: Arc<Bell>,
    watched: RefCell<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    places: HashMap<Place, Watch>,
    /// Lower case, since names that differ only in that mean the same file.
    paths: HashMap<String, Place>,
    last: i32,
}

/// What is watched for one place.
#[derive(Debug)]
struct Watch {
    key: String,
    path: PathBuf,
    interest: Interest,
    /// How it was when it was last looked at.
    signature: Option<Signature>,
    /// The folder it is in; none for the root.
    _around: Option<Folder>,
    /// Itself, when it is a folder whose names are of interest.
    inside: Option<Folder>,
}

/// What tells a file from another that takes its place, and from itself after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    file: (u32, u32, u32),
    length: (u32, u32),
    written: (u32, u32),
}

impl Signature {
    /// Of what the path leads to, if it leads to something.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        // A folder is opened only with this flag; nothing is read of either.
        let mut options = File::options();
        options.access_mode(0).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
        let facts = facts(&options.open(path).ok()?).ok()?;
        let written = facts.ftLastWriteTime;
        Some(Self {
            file: (facts.dwVolumeSerialNumber, facts.nFileIndexHigh, facts.nFileIndexLow),
            length: (facts.nFileSizeHigh, facts.nFileSizeLow),
            written: (written.dwHighDateTime, written.dwLowDateTime),
        })
    }

    fn is_same_file(self, other: Option<Self>) -> bool {
        other.is_some_and(|other| self.file == other.file)
    }
}

impl PathEvents {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self { bell: Arc::default(), watched: RefCell::default() })
    }

    /// Watches what is at that path, beside what is watched of it already.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&self, path: &Path, interest: Interest) -> io::Result<Place> {
        let mut watched = self.watched.borrow_mut();
        let key = path.to_string_lossy().to_lowercase();
        let known = watched.paths.get(&key).copied();
        let before = known.and_then(|place| Some(watched.places.get(&place)?.interest));
        let interest = before.map_or(interest, |before| before | interest);
        let place = known.unwrap_or(Place(watched.last + 1));
        if before != Some(interest) {
            let watch = self.make(place, key.clone(), path, interest)?;
            watched.last = watched.last.max(place.0);
            watched.places.insert(place, watch);
            watched.paths.insert(key, place);
        }
        Ok(place)
    }

    /// Watches no more of a place than this.
    pub fn narrow(&self, place: Place, path: &Path, interest: Interest) {
        let mut watched = self.watched.borrow_mut();
        let Some(known) = watched.places.get(&place) else { return };
        if let Ok(watch) = self.make(place, known.key.clone(), path, interest) {
            watched.places.insert(place, watch);
        }
    }

    /// Watches a place no longer.
    pub fn forget(&self, place: Place) {
        let mut watched = self.watched.borrow_mut();
        if let Some(watch) = watched.places.remove(&place) {
            watched.paths.remove(&watch.key);
        }
    }

    /// Waits for an event; may be dropped and called again without loss.
    pub async fn arrived(&self) {
        self.bell.rung().await;
    }

    /// What happened since it was last asked.
    #[must_use]
    pub fn happened(&self) -> Happened {
        let mut happened = Happened::default();
        let mut watched = self.watched.borrow_mut();
        for (place, is_inside) in self.bell.take() {
            let Some(watch) = watched.places.get_mut(&place) else { continue };
            let seen = watch.look(is_inside);
            // Another folder may have taken its place.
            if seen.is_moved && !is_inside && watch.inside.is_some() {
                watch.inside = self.inside(place, &watch.path, watch.interest).ok().flatten();
            }
            let known = happened.at.entry(place).or_default();
            known.is_moved |= seen.is_moved;
            known.is_written |= seen.is_written;
            known.has_entries |= seen.has_entries;
        }
        happened
    }

    fn make(
        &self,
        place: Place,
        key: String,
        path: &Path,
        interest: Interest,
    ) -> io::Result<Watch> {
        let is_passed = interest == Interest::PASSAGE || interest == Interest::ARRIVALS;
        let what = if is_passed { What::Names } else { What::All };
        let ring = (Arc::clone(&self.bell), place, false);
        let around = path.parent().map(|folder| Folder::watch(folder, what, ring)).transpose()?;
        let inside = self.inside(place, path, interest)?;
        let (path, signature) = (path.to_owned(), Signature::of(path));
        Ok(Watch { key, path, interest, signature, _around: around, inside })
    }

    fn inside(&self, place: Place, path: &Path, interest: Interest) -> io::Result<Option<Folder>> {
        let is_wanted = interest.has(Interest::ARRIVALS) && path.is_dir();
        let ring = (Arc::clone(&self.bell), place, true);
        is_wanted.then(|| Folder::watch(path, What::Names, ring)).transpose()
    }
}

impl Watch {
    /// What happened to it, as far as it can be seen afterwards.
    fn look(&mut self, is_inside: bool) -> Seen {
        if is_inside {
            // Which names came is not told; whoever waits for one looks for it.
            return Seen { is_moved: true, has_entries: true, ..Seen::default() };
        }
        let now = Signature::of(&self.path);
        let before = std::mem::replace(&mut self.signature, now);
        let is_moved = before.is_none_or(|before| !before.is_same_file(now));
        let is_written = before != now && !self.path.is_dir();
        Seen { is_moved, is_written, ..Seen::default() }
    }
}
