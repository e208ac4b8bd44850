//! What is being done with which bytes of which pipe, so that a daemon that follows a killed one
//! knows. Lives in the folder of pipes and is worth nothing after a reboot, as they are.
//!
//! Each batch is written down, then written to its log, then taken from the pipe *into this file*:
//! its size is the witness of how much was taken, changed by the same system call that takes. A
//! comparison of the log's end with the pipe's beginning could not tell equal lines apart.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lines::Rest;
use crate::os::{self, Peeker, Pipe};

/// Where bytes taken begin; before it stands the record.
const HEAD: u64 = 4096;
/// Bytes taken are forgotten when there are so many.
const TAKEN_MAX: u64 = 1 << 20;

/// Some bytes at the beginning of a pipe that are on their way to the log, and where in it.
///
/// With the bytes it says all there is to say, so that the same output can be made again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Batch {
    /// How many bytes.
    pub(super) length: usize,
    /// What becomes of those behind the last newline.
    pub(super) rest: Rest,
    /// The time of its lines, in microseconds.
    pub(super) time: i64,
    pub(super) run: u32,
    pub(super) pid: Option<u32>,
    /// Lines that are missing before it; with its own where those go too.
    pub(super) lost: u64,
    /// It goes nowhere, for there is no room.
    pub(super) is_dropped: bool,
    /// Where its output is; nowhere before the first byte of it.
    pub(super) place: Option<Place>,
}

/// Output from byte `skip` on is in the file of that number from `position` on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) file: u64,
    pub(super) position: u64,
    pub(super) skip: u64,
    /// The file is about to get another name, and output from this byte on begins a new one.
    pub(super) turn: Option<u64>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    pipe: String,
    /// How large this file is before anything of the batch is taken.
    start: u64,
    batch: Batch,
}

/// What could not be finished yet for want of room, kept in a file of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owed {
    /// Written in part, perhaps.
    pub(super) batch: Option<Batch>,
    /// Lines that were dropped since, or before it.
    pub(super) lost: u64,
}

/// The file.
#[derive(Debug)]
pub(super) struct Ledger {
    file: File,
    folder: PathBuf,
    size: u64,
    /// The record cannot be written, or what is taken; a kill is not survived exactly meanwhile.
    is_blind: bool,
    has_complained: bool,
}

/// What a killed daemon left half done.
#[derive(Debug)]
pub(super) struct Unfinished {
    pub(super) pipe: String,
    pub(super) batch: Batch,
    /// How many of its bytes were taken from the pipe already, which is then all in the log.
    pub(super) taken: usize,
}

impl Ledger {
    /// Opens the file in the folder of pipes; tells what is unfinished.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Option<Unfinished>)> {
        let path = folder.join("ledger");
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let size = file.metadata()?.len();
        let mut text = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut text)?;
        let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        let record: Record = serde_json::from_slice(&text[..end]).unwrap_or_default();
        let taken = size.checked_sub(record.start).and_then(|taken| usize::try_from(taken).ok());
        let is_unfinished = |taken: &usize| {
            os::IS_EXACT && (record.batch.is_dropped || *taken < record.batch.length)
        };
        let unfinished = taken.filter(is_unfinished).map(|taken| Unfinished {
            pipe: record.pipe,
            batch: record.batch,
            taken,
        });
        let mut ledger =
            Self { file, folder: folder.to_owned(), size, is_blind: false, has_complained: false };
        if unfinished.is_none() {
            ledger.begin_anew();
        }
        Ok((ledger, unfinished))
    }

    /// Writes down what is about to be done. True when a next daemon would find that.
    pub(super) fn note(&mut self, pipe: &str, batch: &Batch) -> bool {
        if TAKEN_MAX < self.size {
            self.begin_anew();
        }
        let record = Record { pipe: pipe.to_owned(), start: self.size, batch: batch.clone() };
        self.write(&record);
        !self.is_blind
    }

    /// Takes the bytes of a batch from their pipe.
    pub(super) fn take(&mut self, peeker: &mut Peeker, pipe: &mut Pipe, mut length: usize) {
        while 0 < length && !self.is_blind {
            match peeker.take(pipe, length, &self.file, self.size) {
                Ok(0) => return,
                Ok(taken) => {
                    self.size += taken as u64;
                    length -= taken;
                }
                Err(error) => self.complain(&error),
            }
        }
        while 0 < length {
            match peeker.discard(pipe, length) {
                Ok(taken) if 0 < taken => length -= taken,
                Ok(_) | Err(_) => break,
            }
        }
        match self.is_blind {
            true => self.begin_anew(),
            false => self.has_complained = false,
        }
    }

    /// Forgets what was taken: nothing is under way.
    pub(super) fn begin_anew(&mut self) {
        self.write(&Record::default());
        match self.file.set_len(HEAD) {
            Ok(()) => self.size = HEAD,
            Err(error) => self.complain(&error),
        }
    }

    fn write(&mut self, record: &Record) {
        let mut text = serde_json::to_vec(record).expect("a record is plain text and numbers");
        text.push(b'\n');
        let written = self.file.rewind().and_then(|()| self.file.write_all(&text));
        match written {
            Ok(()) => self.is_blind = false,
            Err(error) => self.complain(&error),
        }
    }

    fn complain(&mut self, error: &io::Error) {
        if !self.has_complained {
            let folder = self.folder.display();
            log::warn!(
                "cannot write {folder}/ledger: {error}; a kill now may double lines of logs"
            );
        }
        (self.is_blind, self.has_complained) = (true, true);
    }

    /// What is owed to a pipe since an earlier daemon.
    pub(super) fn owed(&self, pipe: &str) -> Owed {
        let text = fs::read(self.owed_file(pipe)).unwrap_or_default();
        let owed: Owed = serde_json::from_slice(&text).unwrap_or_default();
        Owed { batch: owed.batch.filter(|_| os::IS_EXACT), ..owed }
    }

    /// Keeps what is owed to a pipe, over a kill too if there is room for that.
    pub(super) fn keep_owed(&self, pipe: &str, owed: &Owed) {
        let file = self.owed_file(pipe);
        if *owed == Owed::default() {
            // Mostly there is none.
            let _ = fs::remove_file(file);
            return;
        }
        let text = serde_json::to_vec(owed).expect("a record is plain text and numbers");
        let beside = file.with_extension("owed-new");
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, file));
        if let Err(error) = written {
            log::debug!("cannot keep what is owed to {pipe}: {error}");
        }
    }

    fn owed_file(&self, pipe: &str) -> PathBuf {
        self.folder.join(format!("{pipe}.owed"))
    }
}
