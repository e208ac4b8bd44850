//! What is known of a log beside its bytes: where each piece begins, and the marks between runs.
//!
//! One JSON line a fact, in the state folder, so that the log itself holds the program's bytes and
//! nothing else. Offsets count all bytes ever written to the log, whatever was taken away of it.
//! What can't be read is passed over: an index that is lost costs marks, never lines.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the format written here; older ones are read for ever.
const FORMAT: u32 = 1;

/// The index is written anew when it is longer, in bytes.
pub(super) const LENGTH_MAX: u64 = 64 << 10;

/// So many marks stay then, the newest; a run has two.
pub(super) const MARKS_KEPT: usize = 200;

/// What the name of an index ends with, and of one that is being written.
pub(super) const EXTENSION: &str = "jsonl";
pub(super) const UNFINISHED: &str = "new";

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact {
    /// The first line.
    Log { format: u32, path: String },
    /// The first byte of the live file has this offset; the file is called that by its system.
    Base { offset: u64, file: Option<u64> },
    /// These bytes are about to be a rotated log of that name; done when a base follows.
    Cut(Piece),
    /// What stands between two bytes.
    Mark(Mark),
    /// The process of the run that began there.
    Process { mark: u64, pid: u32 },
}

/// A rotated log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    /// What its name ends with.
    pub(super) stamp: String,
    /// The offset of its first byte.
    pub(super) from: u64,
    /// How many bytes it has, not compressed.
    pub(super) length: u64,
}

/// What happened between two bytes of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Counts the marks of this log, from 1.
    pub number: u64,
    /// Whose run it was.
    pub label: String,
    /// Which.
    pub run: u32,
    /// When, RFC 3339.
    pub at: String,
    /// The offset of the byte behind it.
    pub offset: u64,
    /// What happened.
    pub what: What,
}

/// What a mark tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The run began; the pid follows when it is known.
    Began(Option<u32>),
    /// It ended, so.
    Ended(String),
}

impl Piece {
    /// The offset behind its last byte.
    pub(super) fn end(&self) -> u64 {
        self.from + self.length
    }
}

impl Mark {
    /// When it was made.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.at.parse().ok()
    }
}

/// All that an index says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Index {
    /// The offset of the live file's first byte, and what its system calls the file.
    pub(super) base: u64,
    pub(super) file: Option<u64>,
    /// Rotated logs, oldest first.
    pub(super) pieces: Vec<Piece>,
    /// The last of them was begun, and is not known to be done.
    pub(super) is_cutting: bool,
    /// In the order of their numbers.
    pub(super) marks: Vec<Mark>,
    /// Its length in bytes; 0 when there is none.
    pub(super) length: u64,
}

impl Index {
    /// Reads the index; one that is not there is empty.
    ///
    /// # Errors
    /// What the system says about reading.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut index = Self { length: bytes.len() as u64, ..Self::default() };
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(fact) = serde_json::from_slice(line) {
                index.take(fact);
            }
        }
        Ok(index)
    }

    /// Takes one more fact in.
    pub(super) fn take(&mut self, fact: Fact) {
        match fact {
            Fact::Log { .. } => {}
            Fact::Base { offset, file } => {
                (self.base, self.file) = (offset, file);
                self.is_cutting = false;
            }
            Fact::Cut(piece) => {
                self.pieces.retain(|other| other.stamp != piece.stamp);
                self.pieces.push(piece);
                self.is_cutting = true;
            }
            Fact::Mark(mark) => self.marks.push(mark),
            Fact::Process { mark, pid } => {
                let mark = self.marks.iter_mut().rev().find(|known| known.number == mark);
                if let Some(Mark { what: What::Began(known), .. }) = mark {
                    *known = Some(pid);
                }
            }
        }
    }

    /// Forgets marks beyond those kept, and those before the first byte that is left.
    pub(super) fn trim(&mut self) {
        let first = self.pieces.first().map_or(self.base, |piece| piece.from);
        let surplus = self.marks.len().saturating_sub(MARKS_KEPT);
        self.marks.drain(..surplus);
        // One before the first byte tells whose bytes come first.
        let before = self.marks.iter().filter(|mark| mark.offset < first).count();
        self.marks.drain(..before.saturating_sub(1));
    }

    /// Writes all of it anew, with nothing superfluous in it.
    ///
    /// # Errors
    /// What the system says about writing; what was there stays.
    pub(super) fn write(&mut self, path: &Path, log: &Path) -> io::Result<()> {
        let mut facts = vec![Fact::Log { format: FORMAT, path: log.display().to_string() }];
        facts.extend(self.pieces.iter().cloned().map(Fact::Cut));
        if !self.is_cutting {
            facts.push(Fact::Base { offset: self.base, file: self.file });
        } else {
            // What is under way must stay so.
            let at = facts.len() - 1;
            facts.insert(at, Fact::Base { offset: self.base, file: self.file });
        }
        facts.extend(self.marks.iter().cloned().map(Fact::Mark));
        let text = lines(&facts);
        let beside = path.with_extension(UNFINISHED);
        if let Err(error) = fs::write(&beside, &text).and_then(|()| fs::rename(&beside, path)) {
            let _ = fs::remove_file(&beside);
            return Err(error);
        }
        self.length = text.len() as u64;
        Ok(())
    }
}

/// Adds facts to the end of an index that is there.
///
/// # Errors
/// What the system says about writing; whether some of it was written is unknown then.
pub(super) fn append(path: &Path, facts: &[Fact]) -> io::Result<(File, u64)> {
    let text = lines(facts);
    let mut file = File::options().append(true).open(path)?;
    file.write_all(&text)?;
    Ok((file, text.len() as u64))
}

fn lines(facts: &[Fact]) -> Vec<u8> {
    let mut text = Vec::new();
    for fact in facts {
        serde_json::to_writer(&mut text, fact).expect("facts are only strings and numbers");
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u64, offset: u64, what: What) -> Mark {
        let at = "2026-11-23T12:35:03Z".to_owned();
        Mark { number, label: "web".to_owned(), run: 1, at, offset, what }
    }

    fn piece(stamp: &str, from: u64, length: u64) -> Piece {
        Piece { stamp: stamp.to_owned(), from, length }
    }

    #[test]
    fn an_index_says_again_what_it_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.jsonl");
        let mut index = Index::read(&path).unwrap();
        assert_eq!(index, Index::default());
        index.write(&path, Path::new("/web.log")).unwrap();
        let facts = [
            Fact::Base { offset: 0, file: Some(7) },
            Fact::Mark(mark(1, 0, What::Began(None))),
            Fact::Process { mark: 1, pid: 4711 },
            Fact::Cut(piece("a", 0, 4096)),
        ];
        let (_, length) = append(&path, &facts).unwrap();
        facts.into_iter().for_each(|fact| index.take(fact));
        index.length += length;
        assert!(index.is_cutting);
        assert_eq!(index.marks, [mark(1, 0, What::Began(Some(4711)))]);
        assert_eq!(Index::read(&path).unwrap(), index);
        index.write(&path, Path::new("/web.log")).unwrap();
        assert_eq!(Index::read(&path).unwrap(), index, "what is under way stays so");
        index.take(Fact::Base { offset: 4096, file: Some(7) });
        index.write(&path, Path::new("/web.log")).unwrap();
        assert_eq!(Index::read(&path).unwrap(), index);
        assert!(!index.is_cutting);
    }

    #[test]
    fn what_is_damaged_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.jsonl");
        fs::write(&path, b"\xff\xfe\n{\"base\":{\"offset\":9,\"file\":null}}\n{\"mark\":{\"num")
            .unwrap();
        let index = Index::read(&path).unwrap();
        assert_eq!((index.base, index.marks.len()), (9, 0));
    }

    #[test]
    fn marks_are_bounded_and_the_first_bytes_still_have_one() {
        let mut index = Index { base: 5000, ..Index::default() };
        index.marks =
            (1..=10).map(|number| mark(number, number * 1000, What::Began(None))).collect();
        index.trim();
        let offsets: Vec<u64> = index.marks.iter().map(|mark| mark.offset).collect();
        assert_eq!(offsets, [4000, 5000, 6000, 7000, 8000, 9000, 10000]);
        index.marks = (1..=999).map(|number| mark(number, 5000, What::Began(None))).collect();
        index.trim();
        assert_eq!((index.marks.len(), index.marks[0].number), (MARKS_KEPT, 800));
    }
}
