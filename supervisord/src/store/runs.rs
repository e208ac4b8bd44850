//! What a daemon that was killed leaves to the next one: which runs there are, how others ended.
//!
//! One JSON line a change, in the folder that a reboot empties, and void after a reboot anyway.
//! Only the daemon's own death must not lose it, so nothing is synced. An orderly end removes it:
//! whoever starts the daemon then wants everything begun anew.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::mem;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::record::Record;
use crate::os;

/// The version of the format written here; older ones are read for ever.
const FORMAT: u32 = 1;

/// It is written anew when it has grown by so many bytes.
const GROWTH_MAX: u64 = 4 << 20;

/// So many bytes of room are kept for the lines of the next turn.
const ROOM: usize = 4 << 10;

/// What is known of the services of an earlier daemon, by label.
pub type Pasts = BTreeMap<String, Record>;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    boot: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    label: std::borrow::Cow<'a, str>,
    /// Absent when the service was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Record>,
}

/// The journal, open for appending.
#[derive(Debug)]
pub struct Runs {
    path: PathBuf,
    /// Without it the journal is stale and has to be written anew.
    file: Option<File>,
    /// Lines of this turn, written together.
    lines: Vec<u8>,
    size: u64,
    size_max: u64,
    /// Something of what an earlier daemon left could not be read.
    pub was_damaged: bool,
}

/// Reads what an earlier daemon left since the machine booted, and opens the journal for this one.
///
/// # Errors
/// [`StoreError`] when the journal can't be read, or comes from a newer version.
pub fn open(path: &Path) -> Result<(Pasts, Runs), StoreError> {
    let Read { pasts, is_damaged } = read(path)?;
    if is_damaged {
        super::set_aside(path);
    }
    let path = path.to_owned();
    let mut runs =
        Runs { path, file: None, lines: Vec::new(), size: 0, size_max: 0, was_damaged: is_damaged };
    if let Err(error) = runs.renew(&pasts) {
        runs.complain(&error);
    }
    Ok((pasts, runs))
}

impl Runs {
    /// Notes how a service stands; written by [`Runs::flush`].
    pub fn note(&mut self, label: &str, record: Option<Record>) {
        let line = Line { label: label.into(), record };
        serde_json::to_writer(&mut self.lines, &line).expect("words and numbers make JSON");
        self.lines.push(b'\n');
    }

    /// Writes what was noted. False when the journal has to be [`Runs::renew`]ed first: it has
    /// grown too much, or an earlier write failed.
    #[must_use]
    pub fn flush(&mut self) -> bool {
        let lines = mem::take(&mut self.lines);
        let Some(file) = &mut self.file else { return false };
        if lines.is_empty() {
            return true;
        }
        if file.write_all(&lines).is_err() {
            // Half a line would swallow the next one.
            let _ = file.set_len(self.size);
            self.file = None;
            return false;
        }
        self.size += lines.len() as u64;
        self.lines = lines;
        self.lines.clear();
        self.lines.shrink_to(ROOM);
        self.size <= self.size_max
    }

    /// Writes the journal anew with nothing superfluous in it.
    ///
    /// # Errors
    /// What the system says; what is there then is stale.
    pub fn renew(&mut self, pasts: &Pasts) -> io::Result<()> {
        self.file = None;
        let (file, size) = write_anew(&self.path, pasts)?;
        (self.file, self.size, self.size_max) = (Some(file), size, size + GROWTH_MAX);
        Ok(())
    }

    /// Says what follows from a journal that can't be written.
    pub fn complain(&self, error: &io::Error) {
        let path = self.path.display();
        log::error!("cannot write {path}, which a next daemon needs: {error}; it is tried again");
    }

    /// The end of the daemon: nothing is left to a next one but what this one never took over.
    pub fn close(mut self, pasts: &Pasts) {
        if !pasts.is_empty() {
            if let Err(error) = self.renew(pasts) {
                log::error!("cannot write {}: {error}", self.path.display());
            }
            return;
        }
        // Some systems let a file go only when nobody has it open.
        self.file = None;
        if let Err(error) = fs::remove_file(&self.path) {
            log::error!("cannot remove {}: {error}", self.path.display());
        }
    }
}

/// What a journal said.
#[derive(Debug, Default)]
pub struct Read {
    /// The latest word on each service.
    pub pasts: Pasts,
    /// Something in it could not be read, and was passed over.
    pub is_damaged: bool,
}

fn write_anew(path: &Path, pasts: &Pasts) -> io::Result<(File, u64)> {
    let mut text = serde_json::to_vec(&Header { format: FORMAT, boot: os::boot() })?;
    text.push(b'\n');
    for (label, record) in pasts {
        serde_json::to_writer(
            &mut text,
            &Line { label: label.into(), record: Some(record.clone()) },
        )?;
        text.push(b'\n');
    }
    let beside = path.with_extension("new");
    if let Err(error) = fs::write(&beside, &text).and_then(|()| fs::rename(&beside, path)) {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    Ok((File::options().append(true).open(path)?, text.len() as u64))
}

/// Reads what an earlier daemon left since the machine booted.
///
/// # Errors
/// [`StoreError`] when it can't be read, or comes from a newer version.
pub fn read(path: &Path) -> Result<Read, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Read::default()),
        Err(cause) => return Err(StoreError::Read { path: path.to_owned(), cause }),
    };
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    // Of another boot, or damaged: no process it names can be trusted to be ours.
    match serde_json::from_slice::<Header>(lines.next().unwrap_or_default()) {
        Ok(header) if FORMAT < header.format => {
            return Err(StoreError::Newer { path: path.to_owned(), format: header.format });
        }
        Ok(header) if header.boot.is_some() && header.boot == os::boot() => {}
        Ok(_) => return Ok(Read::default()),
        Err(error) => {
            log::error!("cannot read {}, first line: {error}", path.display());
            return Ok(Read { is_damaged: true, ..Read::default() });
        }
    }
    let mut read = Read::default();
    for (number, text) in lines.enumerate() {
        match serde_json::from_slice::<Line<'_>>(text) {
            Ok(Line { label, record: Some(record) }) => {
                read.pasts.insert(label.into_owned(), record);
            }
            Ok(Line { label, record: None }) => {
                read.pasts.remove(&*label);
            }
            // Cut short with its daemon; the one before still counts.
            Err(_) if !text.ends_with(b"\n") => {}
            Err(error) => {
                read.is_damaged = true;
                log::error!("cannot read {}, line {}: {error}", path.display(), number + 2);
            }
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::Identity;
    use crate::store::record::End;

    fn record(runs: u32, end: Option<End>) -> Record {
        let identity = Identity { pid: 7, inode: Some(9), started: None, control_group: None };
        let process = end.is_none().then_some(identity);
        Record { runs, process, ended: end, ..Record::default() }
    }

    #[test]
    fn the_next_daemon_finds_what_was_noted_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let (pasts, mut runs) = open(&path).unwrap();
        assert_eq!(pasts, Pasts::new());
        let crash = End::Signal { number: 11, core: true, crash: true };
        runs.note("web", Some(record(1, None)));
        runs.note("gone", Some(record(1, None)));
        runs.note("web", Some(record(1, Some(crash.clone()))));
        runs.note("web", Some(record(2, None)));
        runs.note("gone", None);
        let _ = runs.flush();
        // The daemon dies in the middle of a line.
        fs::write(&path, [fs::read(&path).unwrap(), b"{\"label\":\"web\",\"re".to_vec()].concat())
            .unwrap();
        drop(runs);
        let (pasts, _) = open(&path).unwrap();
        assert_eq!(pasts, Pasts::from([("web".to_owned(), record(2, None))]));
        let (pasts, runs) = open(&path).unwrap();
        assert_eq!(pasts.len(), 1);
        runs.close(&Pasts::new());
        assert_eq!(open(&path).unwrap().0, Pasts::new());
    }

    #[test]
    fn what_was_before_the_machine_booted_is_void() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let (_, mut runs) = open(&path).unwrap();
        runs.note("web", Some(record(1, None)));
        let _ = runs.flush();
        let text = fs::read_to_string(&path).unwrap();
        let boot = os::boot().unwrap();
        fs::write(&path, text.replace(&boot, "another")).unwrap();
        assert_eq!(open(&path).unwrap().0, Pasts::new());
    }

    #[test]
    fn it_is_written_anew_before_it_grows_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let (_, mut runs) = open(&path).unwrap();
        let label = "x".repeat(250);
        let (mut renewals, mut longest) = (0, 0);
        for number in 1..=60_000 {
            runs.note(&label, Some(record(number, None)));
            if !runs.flush() {
                renewals += 1;
                runs.renew(&Pasts::from([(label.clone(), record(number, None))])).unwrap();
            }
            longest = longest.max(runs.size);
        }
        assert!(2 < renewals, "{renewals}");
        assert!(longest < GROWTH_MAX + (1 << 20), "{longest}");
        assert_eq!(open(&path).unwrap().0[&label].runs, 60_000);
    }
}
