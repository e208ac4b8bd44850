//! Tells once that a quiet file is written again, by a watch that is lifted with what it tells.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// The watch of one thread.
#[derive(Debug)]
pub struct Writes {
    watcher: RecommendedWatcher,
    keys: HashMap<PathBuf, u64>,
    told: Receiver<Vec<PathBuf>>,
}

/// Ends the waiting of that thread, from any other.
#[derive(Debug, Clone)]
pub struct Bell(Sender<Vec<PathBuf>>);

impl Writes {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<(Self, Bell)> {
        let (teller, told) = mpsc::channel();
        let ringer = Bell(teller.clone());
        let tell = move |event: notify::Result<notify::Event>| {
            // Nobody listens when the daemon is ending.
            let _ = teller.send(event.map(|event| event.paths).unwrap_or_default());
        };
        let watcher = notify::recommended_watcher(tell).map_err(io::Error::other)?;
        Ok((Self { watcher, keys: HashMap::new(), told }, ringer))
    }

    /// Tells `key` once, when the file at that path is written, moved or removed.
    ///
    /// # Errors
    /// What the system says, for example that there is no such file.
    pub fn arm(&mut self, path: &Path, key: u64) -> io::Result<()> {
        self.watcher.watch(path, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        self.keys.insert(path.to_owned(), key);
        Ok(())
    }

    /// Watches nothing any more.
    pub fn rest(&mut self) {
        for (path, _) in self.keys.drain() {
            // It may be gone with the file.
            let _ = self.watcher.unwatch(&path);
        }
    }

    /// Waits until a file was written, somebody rang, or so much time has passed; the keys of the
    /// files that were written.
    pub fn wait(&mut self, time: Option<Duration>) -> Vec<u64> {
        let first = match time {
            Some(time) => self.told.recv_timeout(time).ok(),
            None => self.told.recv().ok(),
        };
        let mut written = Vec::new();
        for path in first.into_iter().chain(self.told.try_iter()).flatten() {
            if let Some(key) = self.keys.remove(&path) {
                // It may be gone with the file.
                let _ = self.watcher.unwatch(&path);
                written.push(key);
            }
        }
        written
    }
}

impl Bell {
    /// Ends the waiting, the present one or the next.
    pub fn ring(&self) {
        // Nobody waits when the daemon is ending.
        let _ = self.0.send(Vec::new());
    }
}
