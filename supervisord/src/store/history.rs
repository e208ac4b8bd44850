//! What happened, one JSON line an event, for those who follow it or ask later.
//!
//! Its numbers go on over kills, upgrades and reboots. A file that has grown is set aside, and one
//! older is kept. Nothing is synced: what the power takes is only the latest past.

mod ends;
mod reader;

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use protocol::message::Event;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use self::reader::Reader;

use self::ends::{append, mend, tail};

use super::StoreError;

/// The version of the format written here; older ones are read for ever.
const FORMAT: u32 = 1;

/// A file that is longer, in bytes, is set aside.
const SIZE_MAX: u64 = 4 << 20;

/// How much of the latest past a new daemon looks at, in bytes.
const TAIL: u64 = 1 << 20;

/// Events that could not be written are kept up to so many bytes.
const OWED_MAX: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
}

/// The journal, open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// Without it, it is opened with the next write.
    file: Option<File>,
    size: u64,
    /// Lines that are not written yet.
    lines: Vec<u8>,
    next: u64,
    /// They could not be written.
    is_owing: bool,
    /// How many events there was no room for.
    lost: u64,
    progress: watch::Sender<Progress>,
}

/// How far the journal is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// The number of the latest event that can be read.
    pub last: u64,
    /// Nothing follows: the daemon ends.
    pub is_over: bool,
}

/// Reads the latest past and opens the journal for what comes.
///
/// # Errors
/// [`StoreError`] when it can't be read, or comes from a newer version. Damage is none.
pub fn open(path: &Path) -> Result<(Vec<Event>, Journal), StoreError> {
    check(path)?;
    let failed = |cause| StoreError::Read { path: path.to_owned(), cause };
    let latest = tail(path, TAIL).map_err(failed)?;
    if latest.is_damaged {
        super::set_aside(path);
        if let Err(error) = mend(path) {
            log::error!("cannot mend {}: {error}", path.display());
        }
    }
    let mut events = Vec::new();
    if latest.length < TAIL {
        events = tail(&older(path), TAIL - latest.length).map_err(failed)?.events;
    }
    events.extend(latest.events);
    let last = events.iter().map(|event| event.seq).max().unwrap_or(0);
    let (progress, _) = watch::channel(Progress { last, is_over: false });
    let (path, next) = (path.to_owned(), last + 1);
    // Where that fails, it is tried again with the first event.
    let (file, size) = append(&path).map_or((None, 0), |(file, size)| (Some(file), size));
    let journal =
        Journal { path, file, size, lines: Vec::new(), next, is_owing: false, lost: 0, progress };
    Ok((events, journal))
}

/// Proves that the journal can be read.
///
/// # Errors
/// [`StoreError`] when it can't, or comes from a newer version.
pub fn check(path: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::Read { path: path.to_owned(), cause };
    let mut start = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(256).read_to_end(&mut start).map_err(failed)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match serde_json::from_slice::<Header>(first) {
        Ok(header) if FORMAT < header.format => {
            Err(StoreError::Newer { path: path.to_owned(), format: header.format })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

impl Journal {
    /// Gives an event its number and notes it; written by [`Journal::flush`].
    pub fn note(&mut self, mut event: Event) {
        event.seq = self.next;
        self.next += 1;
        if OWED_MAX < self.lines.len() {
            self.lost += 1;
            return;
        }
        serde_json::to_writer(&mut self.lines, &event).expect("words and numbers make JSON");
        self.lines.push(b'\n');
    }

    /// Writes what was noted and tells those who follow. False when it could not; it is kept, and
    /// tried again with the next call.
    #[must_use]
    pub fn flush(&mut self) -> bool {
        if self.lines.is_empty() {
            return true;
        }
        if let Err(error) = self.write() {
            if !std::mem::replace(&mut self.is_owing, true) {
                let path = self.path.display();
                log::error!("cannot write {path}: {error}; it is tried again");
            }
            return false;
        }
        self.is_owing = false;
        let lost = std::mem::take(&mut self.lost);
        if lost != 0 {
            log::error!("{lost} events are not in {}, there were too many", self.path.display());
        }
        let last = self.next - 1;
        self.progress.send_modify(|progress| progress.last = last);
        if SIZE_MAX < self.size {
            self.set_aside();
        }
        true
    }

    /// The end of the daemon. Returns when all who follow have been told, which the caller bounds.
    pub async fn close(mut self) {
        let _ = self.flush();
        self.progress.send_modify(|progress| progress.is_over = true);
        self.progress.closed().await;
    }

    /// How far it is, also later.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Reads what is behind that number.
    #[must_use]
    pub fn reader(&self, after: u64) -> Reader {
        Reader::new(&self.path, after)
    }

    fn write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let (file, size) = append(&self.path)?;
                self.size = size;
                none.insert(file)
            }
        };
        if let Err(error) = file.write_all(&self.lines) {
            // Half a line would swallow the next one.
            let _ = file.set_len(self.size);
            self.file = None;
            return Err(error);
        }
        self.size += self.lines.len() as u64;
        self.lines.clear();
        self.lines.shrink_to(4 << 10);
        Ok(())
    }

    fn set_aside(&mut self) {
        self.file = None;
        if let Err(error) = fs::rename(&self.path, older(&self.path)) {
            log::error!("cannot set {} aside: {error}", self.path.display());
        }
    }
}

/// Where the file is that was set aside.
fn older(path: &Path) -> PathBuf {
    path.with_extension("old.jsonl")
}

#[cfg(test)]
mod tests {
    use protocol::message::Word;

    use super::*;

    fn event(label: &str) -> Event {
        Event {
            seq: 0,
            at: "2026-01-02T03:04:05.678Z".to_owned(),
            label: Some(label.to_owned()),
            event: Word::Up,
            run: Some(1),
            pid: Some(7),
            status: None,
            why: Some("started on request".to_owned()),
            by: None,
        }
    }

    fn numbers(journal: &Journal, after: u64) -> Vec<u64> {
        let mut reader = journal.reader(after);
        let mut numbers = Vec::new();
        loop {
            let events = reader.more().unwrap();
            if events.is_empty() {
                return numbers;
            }
            numbers.extend(events.iter().map(|event| event.seq));
        }
    }

    fn write(journal: &mut Journal, count: usize) {
        for _ in 0..count {
            journal.note(event("web"));
            assert!(journal.flush());
        }
    }

    #[test]
    fn numbers_go_on_wherever_a_daemon_dies_in_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let (past, mut journal) = open(&path).unwrap();
        assert!(past.is_empty());
        write(&mut journal, 3);
        let whole = fs::read(&path).unwrap();
        let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        for cut in last..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let (past, mut journal) = open(&path).unwrap();
            assert_eq!(past.len(), 2, "cut at {cut}");
            write(&mut journal, 1);
            assert_eq!(numbers(&journal, 0), [1, 2, 3], "cut at {cut}");
            assert!(!path.with_extension("damaged").exists());
        }
    }

    #[test]
    fn damage_costs_only_what_is_damaged_and_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let (_, mut journal) = open(&path).unwrap();
        write(&mut journal, 3);
        let good = fs::read_to_string(&path).unwrap();
        let damages = [
            (good.replace("\"seq\":2", "\"seq\":\0"), vec![1, 3, 4]),
            (good.replacen("format", "form", 1), vec![1, 2, 3, 4]),
            (format!("{good}garbage\n"), vec![1, 2, 3, 4]),
            ("\0".repeat(100), vec![1]),
            (format!("{}\n", "\0".repeat(100)), vec![1]),
        ];
        for (text, left) in damages {
            fs::write(&path, &text).unwrap();
            let _ = fs::remove_file(path.with_extension("damaged"));
            let (_, mut journal) = open(&path).unwrap();
            write(&mut journal, 1);
            assert_eq!(numbers(&journal, 0), left, "{text:?}");
            assert_eq!(path.with_extension("damaged").exists(), text.ends_with('\n'));
            assert!(!open(&path).unwrap().0.is_empty());
        }
    }

    #[test]
    fn it_is_bounded_and_a_reader_misses_nothing_while_files_are_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let (_, mut journal) = open(&path).unwrap();
        let (mut reader, mut seen) = (journal.reader(0), Vec::new());
        let label = "x".repeat(250);
        let mut rounds = 0;
        while rounds < 3 {
            for _ in 0..500 {
                journal.note(event(&label));
            }
            let size = journal.size;
            assert!(journal.flush());
            rounds += u32::from(journal.size < size || journal.file.is_none());
            loop {
                let events = reader.more().unwrap();
                if events.is_empty() {
                    break;
                }
                seen.extend(events.iter().map(|event| event.seq));
            }
        }
        assert!(seen.iter().copied().eq(1..journal.next), "{} of {}", seen.len(), journal.next);
        let sizes =
            [&path, &older(&path)].map(|path| fs::metadata(path).map_or(0, |file| file.len()));
        assert!(sizes.iter().all(|size| *size < SIZE_MAX + (1 << 20)), "{sizes:?}");
        drop(journal);
        let (past, journal) = open(&path).unwrap();
        assert_eq!(journal.next, seen.last().unwrap() + 1);
        assert!(past.len() < 4000 && past.last().unwrap().seq + 1 == journal.next);
    }

    #[test]
    fn a_newer_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        fs::write(&path, "{\"format\":2}\n").unwrap();
        assert!(matches!(open(&path), Err(StoreError::Newer { format: 2, .. })));
    }
}
