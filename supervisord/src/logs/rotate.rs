//! One rotation: the head of the live file becomes a file of its own, while programs go on writing.
//!
//! In this order, so that a kill or a loss of power at any moment leaves every byte once, or the
//! head twice, which the next daemon sees and finishes: copy the head to a hidden name, sync it,
//! note the cut, rename, sync the folder, take the head away, note that. Meanwhile the head may be
//! NULs: what was taken in part, and what power failed to bring to the disk. Where the file system
//! can't take a head away, the file is copied to its end and emptied; what is written between these
//! two steps is lost.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::time::Duration;

use jiff::Timestamp;

use super::index::{Fact, Piece};
use super::log::{Log, State};
use super::stamp::{self, COMPRESSED};
use crate::os::{self, Folder};

/// What is not finished yet.
pub(super) const ROTATING: &str = ".rotating";

/// So many blocks are searched for one that ends with a line.
const SEARCH_MAX: u64 = 1024;

/// So often what came meanwhile is copied before a file is emptied.
const PASSES_MAX: usize = 1000;

/// Bytes compared at once.
const CHUNK: usize = 64 << 10;

/// So small can be what is there or taken away.
const BLOCK_MIN: usize = 512;

/// What came of a rotation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rotated {
    /// There is not a whole block yet.
    Nothing,
    /// There is one more rotated log.
    Piece,
    /// Its head is gone, as rotated logs are not kept.
    Dropped,
}

/// Makes at most `limit` bytes of the log's head a rotated one.
///
/// # Errors
/// What the system says, or why the file is not ours to cut. The log is as before, or the next
/// start finishes what was begun.
pub(super) fn rotate(log: &Log, limit: u64, is_kept: bool, now: Timestamp) -> io::Result<Rotated> {
    let folder = log.folder()?;
    let live = folder.change(log.name())?;
    if let Some(why) = os::is_foreign(&live, log.account.as_ref()) {
        return Err(io::Error::other(why));
    }
    let number = os::file_number(&live)?;
    log.with(|state| state.look(log));
    if log.file() != Some(number) {
        return Err(io::Error::other("another file took its place"));
    }
    log.with(|state| if state.is_cutting { try_to_finish(log, state) } else { Ok(()) })
        .unwrap_or(Ok(()))?;
    let cut = edge(&live, limit, os::block_size(&live)?)?;
    if cut == 0 {
        return Ok(Rotated::Nothing);
    }
    let beside = log.name_beside(ROTATING);
    folder.remove(&beside)?;
    let copied = if is_kept { Some(copy(&folder, &beside, &live, cut)?) } else { None };
    let stamp = log.with(|state| state.begin_cut(log, now, copied.is_some().then_some(cut)));
    let stamp = stamp.ok_or_else(|| io::Error::other("its index can't be read"))?;
    if copied.is_some() {
        State::sync(log)?;
        folder.rename(&beside, &log.name_of(&stamp))?;
        folder.sync()?;
        // So that there is little left to write while the file is locked.
        os::sync_behind(&live, cut)?;
    }
    let done = log.with(|state| state.take_away(log, &live, copied, cut));
    done.unwrap_or_else(|| Err(io::Error::other("its index can't be read")))?;
    Ok(if is_kept { Rotated::Piece } else { Rotated::Dropped })
}

fn copy(folder: &Folder, beside: &std::ffi::OsStr, live: &File, cut: u64) -> io::Result<File> {
    let copied = (|| {
        let copy = folder.create(beside, live)?;
        if os::copy_head(live, &copy, cut)? < cut {
            return Err(io::Error::other("it was cut by someone else meanwhile"));
        }
        copy.sync_all()?;
        Ok(copy)
    })();
    if copied.is_err() {
        // A full disk is not to be filled with halves.
        let _ = folder.remove(beside);
    }
    copied
}

/// Where to cut: behind a whole block within the limit, of those in its last quarter the last one
/// that ends with a line, else the last one. Never at the end of the file.
fn edge(live: &File, limit: u64, block: u64) -> io::Result<u64> {
    let blocks = (limit / block).max(1).min(live.metadata()?.len().saturating_sub(1) / block);
    let from = (blocks - blocks / 4).max(blocks.saturating_sub(SEARCH_MAX));
    let mut file = live;
    for blocks in (from..=blocks).rev().filter(|blocks| *blocks != 0) {
        let mut last = [0];
        file.seek(SeekFrom::Start(blocks * block - 1))?;
        file.read_exact(&mut last)?;
        if last == *b"\n" {
            return Ok(blocks * block);
        }
    }
    Ok(blocks * block)
}

impl State {
    /// Notes what is about to be cut off; its stamp.
    fn begin_cut(&mut self, log: &Log, now: Timestamp, length: Option<u64>) -> String {
        let last = self.pieces.last().and_then(|piece| stamp::time(&piece.stamp));
        let next = last.and_then(|last| last.checked_add(Duration::from_micros(1)).ok());
        let stamp = stamp::stamp(next.map_or(now, |next| next.max(now)));
        if let Some(length) = length {
            let piece = Piece { stamp: stamp.clone(), from: self.base, length };
            self.pieces.push(piece.clone());
            self.is_cutting = true;
            self.note(log, &[Fact::Cut(piece)]);
        }
        stamp
    }

    /// Takes the head away that is `copied`, or kept by nobody; nothing is read meanwhile.
    fn take_away(
        &mut self,
        log: &Log,
        live: &File,
        copied: Option<File>,
        cut: u64,
    ) -> io::Result<()> {
        if self.is_cutting && self.pieces.last().is_none_or(|piece| piece.from != self.base) {
            return Err(io::Error::other("another file took its place"));
        }
        if copied.is_some() {
            os::hollow(live, cut);
        }
        let length = match os::collapse(live, cut) {
            Ok(()) => cut,
            // Someone emptied it meanwhile; what he took is in the copy.
            Err(_) if live.metadata()?.len() < cut => cut,
            Err(error) if is_unable(&error) => {
                log.note_copies();
                empty(live, copied, cut)?
            }
            Err(error) => return Err(error),
        };
        self.cut_is_done(log, length);
        Ok(())
    }

    fn cut_is_done(&mut self, log: &Log, length: u64) {
        self.base += length;
        self.seen = self.seen.max(self.base);
        let mut facts = Vec::new();
        if self.is_cutting
            && let Some(piece) = self.pieces.last_mut()
            && piece.length != length
        {
            piece.length = length;
            facts.push(Fact::Cut(piece.clone()));
        }
        self.is_cutting = false;
        facts.push(Fact::Base { offset: self.base, file: self.file });
        self.note(log, &facts);
    }
}

fn is_unable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// Copies what is behind the first `done` bytes, then empties the file; how many bytes it had.
fn empty(live: &File, copied: Option<File>, done: u64) -> io::Result<u64> {
    let mut from = live;
    let mut length = done;
    if let Some(mut copy) = copied {
        for pass in 0..PASSES_MAX {
            from.seek(SeekFrom::Start(length))?;
            copy.seek(SeekFrom::Start(length))?;
            let more = io::copy(&mut from, &mut copy)?;
            length += more;
            match (pass, more) {
                // What is large must be safe before the file is emptied; the rest is quick.
                (0, 1..) => copy.sync_data()?,
                (_, 0) => break,
                (_, _) => {}
            }
        }
        live.set_len(0)?;
        copy.sync_data()?;
    } else {
        length = live.metadata()?.len();
        live.set_len(0)?;
    }
    Ok(length)
}

/// Finishes what a daemon began that was killed: the newest rotated log is compared with the head
/// of the live one, which is still there, or gone already.
pub(super) fn finish(log: &Log, state: &mut State) {
    if let Err(error) = try_to_finish(log, state) {
        // What is there twice is shown twice until then, and nothing is lost.
        log::error!("{}: cannot finish its rotation: {error}", log.path.display());
    }
}

fn try_to_finish(log: &Log, state: &mut State) -> io::Result<()> {
    let folder = log.folder()?;
    let Some(piece) = state.pieces.last().cloned() else { return Ok(()) };
    let name = log.name_of(&piece.stamp);
    let mut compressed = name.clone();
    compressed.push(COMPRESSED);
    let rotated = match folder.read(&name) {
        Ok(rotated) => rotated,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // It had been finished, or it was not even begun.
        Err(_) => {
            if folder.read(&compressed).is_ok() {
                state.cut_is_done(log, piece.length);
            } else {
                state.pieces.pop();
                state.is_cutting = false;
                state.note(log, &[Fact::Base { offset: state.base, file: state.file }]);
            }
            return Ok(());
        }
    };
    let length = rotated.metadata()?.len();
    let live = match folder.change(log.name()) {
        Ok(live) => live,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            state.cut_is_done(log, length);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if !begins_with(&live, &rotated, length)? {
        state.cut_is_done(log, length);
        return Ok(());
    }
    if let Some(why) = os::is_foreign(&live, log.account.as_ref()) {
        return Err(io::Error::other(why));
    }
    rotated.sync_all()?;
    let cut = length - length % os::block_size(&live)?;
    let copied = folder.change(&name)?;
    if cut == length && cut < live.metadata()?.len() {
        state.take_away(log, &live, Some(copied), cut)
    } else {
        let length = empty(&live, Some(copied), length)?;
        state.cut_is_done(log, length);
        Ok(())
    }
}

/// Whether the live log still has the rotated one's bytes, or what became of them.
fn begins_with(live: &File, rotated: &File, length: u64) -> io::Result<bool> {
    if live.metadata()?.len() < length {
        return Ok(false);
    }
    let (mut live, mut rotated) = (live, rotated);
    live.rewind()?;
    rotated.rewind()?;
    let mut chunks = [vec![0; CHUNK], vec![0; CHUNK]];
    let mut left = length;
    while left != 0 {
        let size = usize::try_from(left.min(CHUNK as u64)).unwrap_or(CHUNK);
        let [one, other] = &mut chunks;
        live.read_exact(&mut one[..size])?;
        rotated.read_exact(&mut other[..size])?;
        let mut blocks = one[..size].chunks(BLOCK_MIN).zip(other[..size].chunks(BLOCK_MIN));
        if !blocks.all(|(one, other)| one == other || one.iter().all(|byte| *byte == 0)) {
            return Ok(false);
        }
        left -= size as u64;
    }
    Ok(true)
}
