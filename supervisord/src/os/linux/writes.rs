//! Tells once that a quiet file is written again, by one inotify instance of one thread.
//!
//! A watch ends with what it tells, so that whoever goes on writing is not slowed down.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

use std::collections::HashMap;

/// The watch of one thread.
#[derive(Debug)]
pub struct Writes {
    /// Made when it is first needed.
    inotify: Option<Inotify>,
    keys: HashMap<WatchDescriptor, u64>,
    bell: Arc<OwnedFd>,
}

/// Ends the waiting of that thread, from any other.
#[derive(Debug, Clone)]
pub struct Bell(Arc<OwnedFd>);

impl Writes {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<(Self, Bell)> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let bell = Arc::new(OwnedFd::from(EventFd::from_value_and_flags(0, flags)?));
        let ringer = Bell(Arc::clone(&bell));
        Ok((Self { inotify: None, keys: HashMap::new(), bell }, ringer))
    }

    /// Tells `key` once, when the file at that path is written, moved or removed.
    ///
    /// # Errors
    /// What the system says: that there is no such file, or that it has watches enough.
    pub fn arm(&mut self, path: &Path, key: u64) -> io::Result<()> {
        let flags = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_ONESHOT;
        let inotify = match &mut self.inotify {
            Some(inotify) => inotify,
            none => none.insert(Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?),
        };
        let watch = inotify.add_watch(path, flags)?;
        self.keys.insert(watch, key);
        Ok(())
    }

    /// Watches nothing any more, and holds nothing open for it.
    pub fn rest(&mut self) {
        self.inotify = None;
        self.keys.clear();
    }

    /// Waits until a file was written, somebody rang, or so much time has passed; the keys of the
    /// files that were written.
    pub fn wait(&mut self, time: Option<Duration>) -> Vec<u64> {
        let timeout = time.map_or(PollTimeout::NONE, |time| {
            // Rounded up, so that nobody is woken just before the time.
            let time = time.saturating_add(Duration::from_micros(999));
            PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX)
        });
        let bell = Some(self.bell.as_fd());
        let both = [bell, self.inotify.as_ref().map(|inotify| inotify.as_fd())];
        let both = both.into_iter().flatten();
        let mut both: Vec<PollFd<'_>> =
            both.map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)).collect();
        let _ = poll(&mut both, timeout);
        let mut rings = [0; 8];
        let _ = nix::unistd::read(&self.bell, &mut rings);
        let mut written = Vec::new();
        while let Some(Ok(events)) = self.inotify.as_ref().map(Inotify::read_events) {
            for event in events {
                written.extend(self.keys.remove(&event.wd));
            }
        }
        written
    }
}

impl Bell {
    /// Ends the waiting, the present one or the next.
    pub fn ring(&self) {
        // Full is as good as rung.
        let _: Result<usize, Errno> = nix::unistd::write(&self.0, &1_u64.to_ne_bytes());
    }
}
