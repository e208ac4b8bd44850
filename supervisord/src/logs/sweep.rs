//! Removes indexes of logs that are gone: no file of the log is left, and no service writes to it.
//!
//! What can't be read or understood stays. Never touches a log.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::index::{self, Fact};
use super::log::Log;

/// The indexes of logs that services write to, as the loop knows them.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<HashSet<Arc<Path>>>>);

impl Known {
    pub(super) fn add(&self, log: &Log) {
        self.with(|known| known.insert(Arc::clone(&log.index)));
    }

    pub(super) fn remove(&self, log: &Log) {
        self.with(|known| known.remove(&log.index));
    }

    /// Lets go of room that is left over from growing.
    pub(super) fn shrink(&self) {
        self.with(HashSet::shrink_to_fit);
    }

    fn has(&self, index: &Path) -> bool {
        self.with(|known| known.contains(index))
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashSet<Arc<Path>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Removes what nobody needs any more from that folder of indexes.
///
/// # Errors
/// What the system says about reading the folder or removing.
pub(super) fn sweep(indexes: &Path, known: &Known) -> io::Result<()> {
    let entries = match fs::read_dir(indexes) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_left_over = path.extension().is_some_and(|end| end == index::UNFINISHED);
        let is_garbage = is_left_over || is_of_no_log(&path, indexes);
        // Asked last: a service that comes now loses a mark at most.
        if is_garbage && !known.has(&path.with_extension(index::EXTENSION)) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => log::debug!("{}: removed, its log is gone", path.display()),
            }
        }
    }
    Ok(())
}

/// It is an index, and no file of its log is left.
fn is_of_no_log(path: &Path, indexes: &Path) -> bool {
    let mut line = String::new();
    let read = File::open(path).and_then(|file| BufReader::new(file).read_line(&mut line));
    let Ok(Fact::Log { path: file, .. }) = serde_json::from_str(&line) else { return false };
    let log = Log::new(file.into(), indexes, None);
    let is_gone = || {
        let found = fs::symlink_metadata(&log.path);
        found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    read.is_ok() && *log.index == *path && is_gone() && log.rotated().is_empty()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn an_index_goes_with_the_last_file_of_its_log_and_the_last_service() {
        let folder = tempfile::tempdir().unwrap();
        let indexes = folder.path().join("state");
        let [live, rotated] =
            ["web.log", "web.log.20261123T123503.123456Z.gz"].map(|name| folder.path().join(name));
        fs::write(&live, "x\n").unwrap();
        fs::write(&rotated, "").unwrap();
        let log = Log::new(live.clone(), &indexes, None);
        log.begin("web", 1, Timestamp::UNIX_EPOCH);
        let foreign = indexes.join("foreign.jsonl");
        fs::copy(&log.index, &foreign).unwrap();
        fs::write(indexes.join("damaged.jsonl"), "{\"log\":{\"form").unwrap();
        let left = || {
            sweep(&indexes, &Known::default()).unwrap();
            log.index.exists()
        };
        assert!(left(), "all of it is there");
        fs::remove_file(live).unwrap();
        assert!(left(), "a rotated one is there");
        fs::remove_file(rotated).unwrap();
        let known = Known::default();
        known.add(&log);
        let unfinished = log.index.with_extension(index::UNFINISHED);
        fs::write(&unfinished, "").unwrap();
        sweep(&indexes, &known).unwrap();
        assert!(log.index.exists() && unfinished.exists(), "a service writes to it");
        known.remove(&log);
        assert!(!left() && !unfinished.exists());
        assert_eq!(fs::read_dir(&indexes).unwrap().count(), 2, "what is not understood stays");
    }
}
