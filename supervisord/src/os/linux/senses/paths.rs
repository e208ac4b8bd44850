//! Tells what happens to files and folders, by one inotify instance.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::NixPath as _;
use nix::errno::Errno;
use tokio::io::Interest as Readiness;

pub use crate::os::unix::Signature;

use crate::os::senses::{Happened, Interest, Place, Seen};
use crate::os::unix::Sensor;

/// Bytes of one look: some hundred events, and always more than one.
const BUFFER: usize = 16 * 1024;

/// The instance; what it is told to watch is a [`Place`] each.
#[derive(Debug)]
pub struct PathEvents(Sensor);

impl PathEvents {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let instance = nix::sys::inotify::Inotify::init(
            nix::sys::inotify::InitFlags::IN_CLOEXEC | nix::sys::inotify::InitFlags::IN_NONBLOCK,
        )?;
        Ok(Self(Sensor::readable(OwnedFd::from(instance))?))
    }

    /// Watches what is at that path, not where a link leads, beside what is watched of it already.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(&self, path: &Path, interest: Interest) -> io::Result<Place> {
        self.add(path, mask(interest, is_folder(path)) | libc::IN_MASK_ADD)
    }

    /// Watches no more of a place than this, if it is still at that path.
    pub fn narrow(&self, place: Place, path: &Path, interest: Interest) {
        // Something else may be there by now; an event that tells so is on its way.
        if let Ok(found) = self.add(path, mask(interest, is_folder(path)))
            && found != place
        {
            self.forget(found);
        }
    }

    /// Watches a place no longer.
    pub fn forget(&self, place: Place) {
        use std::os::fd::{AsFd as _, AsRawFd as _};
        // SAFETY: plain numbers; a place that is gone already is refused.
        unsafe { libc::inotify_rm_watch(self.0.as_fd().as_raw_fd(), place.0) };
    }

    /// Waits for an event; may be dropped and called again without loss.
    pub async fn arrived(&self) {
        self.0.ready(Readiness::READABLE).await;
    }

    /// What happened since it was last asked.
    #[must_use]
    pub fn happened(&self) -> Happened {
        let mut happened = Happened::default();
        let mut buffer = [0; BUFFER];
        self.0.drain(|instance| {
            let length = nix::unistd::read(instance, &mut buffer)?;
            sort(&buffer[..length], &mut happened);
            Ok(())
        });
        happened
    }

    fn add(&self, path: &Path, mask: u32) -> io::Result<Place> {
        use std::os::fd::{AsFd as _, AsRawFd as _};
        let instance = self.0.as_fd().as_raw_fd();
        let added = path.with_nix_path(|path| {
            // SAFETY: the path ends in NUL.
            unsafe { libc::inotify_add_watch(instance, path.as_ptr(), mask) }
        })?;
        Ok(Place(Errno::result(added)?))
    }
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn mask(interest: Interest, is_folder: bool) -> u32 {
    let parts = [
        (Interest::PASSAGE, libc::IN_MOVE_SELF | libc::IN_DELETE_SELF),
        (Interest::PRESENCE, if is_folder { 0 } else { libc::IN_ATTRIB }),
        (Interest::ARRIVALS, libc::IN_CREATE | libc::IN_MOVED_TO),
        (Interest::CONTENT, libc::IN_MODIFY | libc::IN_ATTRIB),
        (Interest::ENTRIES, libc::IN_DELETE | libc::IN_MOVED_FROM | libc::IN_ATTRIB),
    ];
    let wanted = parts.into_iter().filter(|(part, _)| interest.has(*part));
    wanted.fold(libc::IN_DONT_FOLLOW, |mask, (_, bits)| mask | bits)
}

/// Puts the events of one look where they belong.
fn sort(mut bytes: &[u8], happened: &mut Happened) {
    const HEAD: usize = size_of::<libc::inotify_event>();
    while let Some(head) = bytes.get(..HEAD) {
        let word = |at: usize| {
            u32::from_ne_bytes(head[at..at + 4].try_into().expect("four bytes were cut out"))
        };
        let (place, mask, length) = (word(0), word(4), word(12) as usize);
        let name = &bytes[HEAD..HEAD + length];
        bytes = &bytes[HEAD + length..];
        if mask & libc::IN_Q_OVERFLOW != 0 {
            happened.is_everything = true;
            continue;
        }
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(length);
        let place = Place(place.cast_signed());
        note(&name[..end], mask, happened.at.entry(place).or_default());
    }
}

fn note(name: &[u8], mask: u32, seen: &mut Seen) {
    let has = |bits: u32| mask & bits != 0;
    seen.is_moved |= has(libc::IN_MOVE_SELF | libc::IN_DELETE_SELF | libc::IN_UNMOUNT);
    seen.is_gone |= has(libc::IN_IGNORED);
    seen.has_attributes |= has(libc::IN_ATTRIB) && name.is_empty();
    seen.is_written |= has(libc::IN_MODIFY) && name.is_empty();
    seen.has_entries |=
        has(libc::IN_CREATE | libc::IN_DELETE | libc::IN_MOVED_FROM | libc::IN_MOVED_TO);
    if has(libc::IN_CREATE | libc::IN_MOVED_TO) {
        seen.arrivals.insert(std::ffi::OsStr::from_bytes(name).to_owned());
    }
}
