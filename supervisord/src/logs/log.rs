//! One log: the live file that programs write to, what was rotated away of it, and its index.
//!
//! Offsets count all bytes ever written to it. The lock is held while the live file's head is taken
//! away and while a piece of it is read, so that an offset and a place in the file always agree.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::index::{self, Fact, Index, LENGTH_MAX, Mark, Piece, What};
use super::stamp::{self, COMPRESSED};
use crate::os::{self, Account, Folder};

/// A log that some service writes to.
#[derive(Debug)]
pub struct Log {
    /// The live file.
    pub path: PathBuf,
    /// Whose file it is; `None` means the daemon's user.
    pub account: Option<Account>,
    /// Rang when there is a new mark.
    pub changed: Notify,
    pub(super) index: Arc<Path>,
    state: Mutex<Option<State>>,
    copies: AtomicBool,
    trouble: Mutex<Option<String>>,
    /// Ends that are to be noted.
    ends: Mutex<Vec<End>>,
}

/// The end of a run.
#[derive(Debug)]
struct End {
    label: Box<str>,
    run: u32,
    at: Timestamp,
    how: String,
}

/// What is known, without the marks, which are many and seldom needed.
#[derive(Debug)]
pub(super) struct State {
    pub(super) base: u64,
    pub(super) file: Option<u64>,
    pub(super) pieces: Vec<Piece>,
    pub(super) is_cutting: bool,
    /// No byte was seen at or behind this offset.
    pub(super) seen: u64,
    last_mark: u64,
    length: u64,
}

impl Log {
    /// The log at that path, whose index is below the folder; nothing is opened yet.
    #[must_use]
    pub fn new(path: PathBuf, indexes: &Path, account: Option<Account>) -> Self {
        let index = indexes.join(index_name(&path)).into();
        Self {
            path,
            account,
            changed: Notify::new(),
            index,
            state: Mutex::new(None),
            copies: AtomicBool::new(false),
            trouble: Mutex::new(None),
            ends: Mutex::default(),
        }
    }

    /// A run begins: notes where. Called before its process is made.
    pub fn begin(&self, label: &str, run: u32, at: Timestamp) {
        self.with(|state| {
            self.note_ends(state);
            state.mark(self, (label, run, at), What::Began(None));
        });
        self.changed.notify_waiters();
    }

    /// The process of a run that began.
    pub fn process(&self, label: &str, run: u32, pid: u32) {
        let mut marks = self.marks().into_iter().rev();
        let mark = marks.find(|mark| mark.label == label && mark.run == run);
        let Some(Mark { number: mark, what: What::Began(None), .. }) = mark else { return };
        self.with(|state| state.note(self, &[Fact::Process { mark, pid }]));
        self.changed.notify_waiters();
    }

    /// A run has ended, so; it is noted by [`Log::settle`], or with the next run that begins,
    /// whichever comes first. Never waits.
    pub fn end(&self, label: &str, run: u32, at: Timestamp, how: String) {
        let end = End { label: label.into(), run, at, how };
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).push(end);
    }

    /// Notes which runs have ended.
    pub fn settle(&self) {
        self.with(|state| self.note_ends(state));
        self.changed.notify_waiters();
    }

    fn note_ends(&self, state: &mut State) {
        let ends = std::mem::take(&mut *self.ends.lock().unwrap_or_else(PoisonError::into_inner));
        for End { label, run, at, how } in ends {
            state.mark(self, (&label, run, at), What::Ended(how));
        }
    }

    /// A run of an earlier daemon goes on; its mark is made up for if that daemon was killed before
    /// it could make one.
    pub fn go_on(&self, label: &str, run: u32, pid: u32, at: Timestamp) {
        let is_of = |mark: &&Mark| mark.label == label && mark.run == run;
        let marks = self.marks();
        if marks.iter().rfind(is_of).is_none_or(|mark| matches!(mark.what, What::Ended(_))) {
            self.begin(label, run, at);
        }
        self.process(label, run, pid);
    }

    /// A run of an earlier daemon ended while none was there.
    pub fn end_unseen(&self, label: &str, run: u32, at: Timestamp, how: String) {
        let last = self.marks().into_iter().rfind(|mark| mark.label == label);
        if last.is_some_and(|mark| mark.run == run && matches!(mark.what, What::Began(_))) {
            self.end(label, run, at, how);
            self.settle();
        }
    }

    /// All marks that are kept, in order.
    pub fn marks(&self) -> Vec<Mark> {
        self.with(|_| Index::read(&self.index).unwrap_or_default().marks).unwrap_or_default()
    }

    /// The offsets of the first byte that is left, of the live file's first, and behind the last.
    pub fn extent(&self) -> (u64, u64, u64) {
        let extent = self.with(|state| {
            state.look(self);
            let first = state.whole().first().map_or(state.base, |piece| piece.from);
            (first, state.base, state.seen)
        });
        extent.unwrap_or_default()
    }

    /// What the system calls the live file, as far as that is known.
    pub fn file(&self) -> Option<u64> {
        self.with(|state| state.file).flatten()
    }

    /// Rotated logs, oldest first.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        self.with(|state| state.whole().to_vec()).unwrap_or_default()
    }

    /// Rotation copies and cuts, since the file system can't take the head of a file away.
    #[must_use]
    pub fn copies(&self) -> bool {
        self.copies.load(Ordering::Relaxed)
    }

    /// The file system turned out to be such a one; says so once.
    pub(super) fn note_copies(&self) {
        if !self.copies.swap(true, Ordering::Relaxed) {
            log::warn!("{}: {}", self.path.display(), super::notes::COPIES);
        }
    }

    /// What keeps it from being rotated, for people.
    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// What keeps it from being rotated.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The rotated logs that are there, oldest first, by stamp and path.
    pub(super) fn rotated(&self) -> Vec<(String, PathBuf)> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if let Some((live, stamp)) = name.to_str().and_then(stamp::split)
                && live == self.name()
            {
                found.push((stamp.to_owned(), entry.path()));
            }
        }
        found.sort();
        found.dedup_by(|(left, _), (right, _)| left == right);
        found
    }

    /// The name of the live file.
    pub(super) fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }

    /// The name of a rotated one.
    pub(super) fn name_of(&self, stamp: &str) -> OsString {
        let mut name = self.name().to_owned();
        name.push(".");
        name.push(stamp);
        name
    }

    /// It can only be read forwards.
    pub(super) fn is_compressed(&self, piece: &Piece) -> bool {
        !self.path.with_file_name(self.name_of(&piece.stamp)).exists()
    }

    /// A hidden name beside the live file, for what is not finished.
    pub(super) fn name_beside(&self, ending: &str) -> OsString {
        let mut name = OsString::from(".");
        name.push(self.name());
        name.push(ending);
        name
    }

    pub(super) fn folder(&self) -> io::Result<Folder> {
        Folder::open(self.path.parent().unwrap_or(Path::new("/")))
    }

    /// Does something while no byte changes its place; `None` when the index can't be read.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> Option<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_none() {
            match State::load(self) {
                Ok(loaded) => *state = Some(loaded),
                Err(error) => {
                    log::error!("cannot read {}: {error}", self.index.display());
                    return None;
                }
            }
        }
        state.as_mut().map(act)
    }
}

impl State {
    fn load(log: &Log) -> io::Result<Self> {
        let mut index = Index::read(&log.index)?;
        if index.length == 0 {
            rebuild(&mut index, log);
        }
        let is_there = |piece: &Piece| {
            let path = log.path.with_file_name(log.name_of(&piece.stamp));
            let mut compressed = path.clone().into_os_string();
            compressed.push(COMPRESSED);
            path.exists() || Path::new(&compressed).exists()
        };
        index
            .pieces
            .retain(|piece| is_there(piece) || index.is_cutting && index.base <= piece.from);
        let ends = index.pieces.iter().map(Piece::end).filter(|end| *end <= index.base);
        let offsets = index.marks.iter().map(|mark| mark.offset);
        let mut state = Self {
            base: index.base,
            file: index.file,
            is_cutting: index.is_cutting,
            seen: ends.chain(offsets).fold(index.base, u64::max),
            last_mark: index.marks.last().map_or(0, |mark| mark.number),
            length: index.length,
            pieces: index.pieces,
        };
        if state.is_cutting {
            super::rotate::finish(log, &mut state);
        }
        Ok(state)
    }

    /// Rotated logs that hold what the live one holds no more.
    pub(super) fn whole(&self) -> &[Piece] {
        let done = self.pieces.partition_point(|piece| piece.end() <= self.base);
        &self.pieces[..done]
    }

    /// How long the live file is, if it is one; another file than before, or one that someone has
    /// emptied, begins behind all that was seen.
    pub(super) fn look(&mut self, log: &Log) -> Option<u64> {
        let look = match os::look(&log.path) {
            Ok(look) if look.is_plain => look,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(0),
            Ok(_) | Err(_) => return None,
        };
        let is_other = self.file.is_some_and(|file| file != look.number);
        if is_other || self.base + look.length < self.seen || self.file.is_none() {
            let is_new = is_other || self.file.is_none();
            let renamed = if is_new { self.take_renamed(log) } else { Vec::new() };
            self.base = self.base.max(self.seen);
            self.file = Some(look.number);
            if self.length != 0 {
                let mut facts: Vec<Fact> = renamed.into_iter().map(Fact::Cut).collect();
                facts.push(Fact::Base { offset: self.base, file: self.file });
                self.note(log, &facts);
            }
        }
        self.seen = self.base + look.length;
        Some(look.length)
    }

    /// Takes over what was rotated by being renamed, as piped logs are.
    fn take_renamed(&mut self, log: &Log) -> Vec<Piece> {
        let newest = self.pieces.last().map(|piece| piece.stamp.clone());
        let mut taken = Vec::new();
        for (stamp, path) in log.rotated() {
            if newest.as_ref().is_some_and(|newest| stamp <= *newest) {
                continue;
            }
            let Ok(length) = super::read::length(&path) else { continue };
            let piece = Piece { stamp, from: self.base, length };
            self.base += length;
            self.pieces.push(piece.clone());
            taken.push(piece);
        }
        taken
    }

    /// Notes what happened behind the last byte.
    fn mark(&mut self, log: &Log, (label, run, at): (&str, u32, Timestamp), what: What) {
        if self.look(log).is_some() {
            self.last_mark += 1;
            let (number, offset, label) = (self.last_mark, self.seen, label.to_owned());
            let at = at.round(jiff::Unit::Millisecond).unwrap_or(at).to_string();
            self.note(log, &[Fact::Mark(Mark { number, label, run, at, offset, what })]);
        }
    }

    /// Writes facts down; where that fails, all is written anew the next time.
    pub(super) fn note(&mut self, log: &Log, facts: &[Fact]) {
        let written = if self.length == 0 || LENGTH_MAX < self.length {
            self.renew(log, facts)
        } else {
            let appended = index::append(&log.index, facts);
            appended.map(|(_, length)| self.length += length)
        };
        if let Err(error) = written {
            if self.length <= LENGTH_MAX {
                log::error!("cannot write {}: {error}; it is tried again", log.index.display());
            }
            self.length = LENGTH_MAX + 1;
        }
    }

    fn renew(&mut self, log: &Log, facts: &[Fact]) -> io::Result<()> {
        let mut index = Index::read(&log.index)?;
        facts.iter().for_each(|fact| index.take(fact.clone()));
        // What this knows is newer than what could be written.
        (index.base, index.file, index.is_cutting) = (self.base, self.file, self.is_cutting);
        index.pieces.clone_from(&self.pieces);
        index.trim();
        if let Some(folder) = log.index.parent() {
            os::create_folder(folder, true)?;
        }
        index.write(&log.index, &log.path)?;
        self.length = index.length;
        Ok(())
    }

    /// Makes what was noted safe from a loss of power.
    pub(super) fn sync(log: &Log) -> io::Result<()> {
        fs::File::open(&log.index)?.sync_data()
    }
}

/// Without an index the rotated logs tell by their names in which order they were written.
fn rebuild(index: &mut Index, log: &Log) {
    for (stamp, path) in log.rotated() {
        let Ok(length) = super::read::length(&path) else { continue };
        let from = index.base;
        index.pieces.push(Piece { stamp, from, length });
        index.base += length;
    }
    // The last of them may be the one that a killed daemon was about to cut off.
    index.is_cutting = !index.pieces.is_empty();
    if let Some(last) = index.pieces.last() {
        index.base = last.from;
    }
}

/// The name of a log's index: of a log in the folder of logs its own, of another its path's.
fn index_name(path: &Path) -> String {
    let whole = path.to_string_lossy();
    // FNV-1a: short, and the same in every build, which std's hasher does not promise.
    let hash = whole.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(60).collect();
    format!("{name}-{hash:016x}.{}", index::EXTENSION)
}
