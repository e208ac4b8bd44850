//! Tells what happens to files and folders, by one kqueue and a descriptor for each that is
//! watched.
//!
//! Of a folder the kernel says that names came or went, never which; so whoever listens looks
//! again.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent};

pub use crate::os::unix::Signature;

use crate::os::imp::Queue;
use crate::os::senses::{Happened, Interest, Place, Seen};

/// The queue, and what it watches.
#[derive(Debug)]
pub struct PathEvents {
    queue: Queue,
    watched: RefCell<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    places: HashMap<Place, Watch>,
    /// By device and inode, which nobody else has while a file is open.
    files: HashMap<(u64, u64), Place>,
    last: i32,
}

#[derive(Debug)]
struct Watch {
    file: File,
    identity: (u64, u64),
    is_folder: bool,
    interest: Interest,
}

impl PathEvents {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        Ok(Self { queue: Queue::new()?, watched: RefCell::default() })
    }

    /// Watches what is at that path, not where a link leads, beside what is watched of it already.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&self, path: &Path, interest: Interest) -> io::Result<Place> {
        // Such a descriptor hinders no unmounting, and waits for nobody at a FIFO.
        let flags = libc::O_EVTONLY | libc::O_SYMLINK | libc::O_NONBLOCK;
        let file = File::options().read(true).custom_flags(flags).open(path)?;
        let metadata = file.metadata()?;
        let identity = (metadata.dev(), metadata.ino());
        let mut watched = self.watched.borrow_mut();
        if let Some(place) = watched.files.get(&identity).copied()
            && let Some(watch) = watched.places.get_mut(&place)
        {
            let interest = watch.interest | interest;
            if interest != watch.interest {
                watch.interest = interest;
                self.listen(place, watch)?;
            }
            return Ok(place);
        }
        let place = Place(watched.last + 1);
        let watch = Watch { file, identity, is_folder: metadata.is_dir(), interest };
        self.listen(place, &watch)?;
        watched.last = place.0;
        watched.files.insert(identity, place);
        watched.places.insert(place, watch);
        Ok(place)
    }

    /// Watches no more of a place than this.
    pub fn narrow(&self, place: Place, _: &Path, interest: Interest) {
        if let Some(watch) = self.watched.borrow_mut().places.get_mut(&place) {
            watch.interest = interest;
            // At the worst it goes on to tell more.
            let _ = self.listen(place, watch);
        }
    }

    /// Watches a place no longer.
    pub fn forget(&self, place: Place) {
        let mut watched = self.watched.borrow_mut();
        if let Some(watch) = watched.places.remove(&place) {
            // Closing the file ends what was asked of it.
            watched.files.remove(&watch.identity);
        }
    }

    /// Waits for an event; may be dropped and called again without loss.
    pub async fn arrived(&self) {
        self.queue.ready().await;
    }

    /// What happened since it was last asked.
    #[must_use]
    pub fn happened(&self) -> Happened {
        let mut happened = Happened::default();
        let watched = self.watched.borrow();
        for event in self.queue.drain() {
            let place = Place(event.udata() as i32);
            if let Some(watch) = watched.places.get(&place) {
                note(event.fflags(), watch.is_folder, happened.at.entry(place).or_default());
            }
        }
        happened
    }

    fn listen(&self, place: Place, watch: &Watch) -> io::Result<()> {
        let (file, filter) = (watch.file.as_raw_fd() as usize, EventFilter::EVFILT_VNODE);
        let flags = EvFlags::EV_ADD | EvFlags::EV_CLEAR;
        let what = mask(watch.interest, watch.is_folder);
        self.queue.change(KEvent::new(file, filter, flags, what, 0, place.0 as isize))
    }
}

fn mask(interest: Interest, is_folder: bool) -> FilterFlag {
    let passage = FilterFlag::NOTE_RENAME | FilterFlag::NOTE_DELETE | FilterFlag::NOTE_REVOKE;
    let names = FilterFlag::NOTE_ATTRIB | FilterFlag::NOTE_LINK;
    let written = FilterFlag::NOTE_WRITE | FilterFlag::NOTE_EXTEND;
    let parts = [
        (Interest::PRESENCE, if is_folder { FilterFlag::empty() } else { names }),
        (Interest::ARRIVALS, FilterFlag::NOTE_WRITE),
        (Interest::CONTENT, written | names),
        (Interest::ENTRIES, FilterFlag::NOTE_WRITE | names),
    ];
    let wanted = parts.into_iter().filter(|(part, _)| interest.has(*part));
    wanted.fold(passage, |mask, (_, bits)| mask | bits)
}

fn note(what: FilterFlag, is_folder: bool, seen: &mut Seen) {
    let is_written = what.intersects(FilterFlag::NOTE_WRITE | FilterFlag::NOTE_EXTEND);
    let is_gone = FilterFlag::NOTE_RENAME | FilterFlag::NOTE_DELETE | FilterFlag::NOTE_REVOKE;
    // Which names came is not told; whoever waits for one looks for it.
    seen.is_moved |= what.intersects(is_gone) || (is_folder && is_written);
    seen.has_attributes |= what.intersects(FilterFlag::NOTE_ATTRIB | FilterFlag::NOTE_LINK);
    seen.is_written |= is_written && !is_folder;
    seen.has_entries |= is_written && is_folder;
}
