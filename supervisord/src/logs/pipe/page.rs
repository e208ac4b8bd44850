//! Writes one batch to its file: whole lines, none twice, over rotations and after kills.

use std::io;

use jiff::Timestamp;

use super::Origin;
use super::form::Pen;
use super::ledger::{Batch, Ledger, Place};
use super::lines::Lines;
use super::setup::{Bounds, Form};
use crate::logs::sink::file::LogFile;

/// Output is written when there is so much of it, in bytes.
const FLUSH: usize = 256 << 10;

/// Where a batch goes, and in which form.
pub(super) struct Page<'a> {
    pub(super) file: &'a mut LogFile,
    pub(super) ledger: &'a mut Ledger,
    /// The name of the pipe.
    pub(super) pipe: &'a str,
    pub(super) form: Form,
    pub(super) bounds: Bounds,
    /// Room for output.
    pub(super) out: &'a mut Vec<u8>,
    pub(super) now: Timestamp,
}

/// How far a batch's output is.
#[derive(Default)]
struct Progress {
    /// Bytes of output made.
    made: u64,
    /// Bytes of it that are in the file already.
    done: u64,
    is_noted: bool,
}

impl Page<'_> {
    /// Writes what is not written yet of the batch. After an error the batch tells where to go on.
    /// True when a next daemon would have found it under way.
    pub(super) fn write(
        &mut self,
        batch: &mut Batch,
        origin: &Origin<'_>,
        bytes: &[u8],
    ) -> io::Result<bool> {
        self.out.clear();
        self.file.refresh()?;
        let done = match batch.place.take() {
            Some(place) => self.resume(&place),
            None => self.begin()?,
        };
        batch.place = Some(self.here(done));
        let is_noted = self.ledger.note(self.pipe, batch);
        let mut progress = Progress { made: 0, done, is_noted };
        let pen = Pen::new(self.form, origin);
        if batch.lost != 0 {
            let lost = batch.lost;
            self.put(batch, &mut progress, |out| pen.write_gap(lost, out))?;
        }
        for line in Lines::new(bytes, batch.rest) {
            self.put(batch, &mut progress, |out| pen.write(line, out))?;
        }
        self.flush()?;
        Ok(progress.is_noted)
    }

    fn begin(&mut self) -> io::Result<u64> {
        self.file.end_line()?;
        if self.file.is_old(self.bounds, self.now) {
            self.file.rotate(self.now)?;
        }
        Ok(0)
    }

    /// How much of the batch an earlier attempt has written.
    fn resume(&mut self, place: &Place) -> u64 {
        let size = self.file.size();
        self.file.go_on();
        match (place.file == self.file.number(), place.turn) {
            (true, _) => place.skip + size.saturating_sub(place.position),
            (false, Some(turn)) => turn + size,
            // Somebody took the file away.
            (false, None) => place.skip,
        }
    }

    fn here(&self, skip: u64) -> Place {
        Place { file: self.file.number(), position: self.file.size(), skip, turn: None }
    }

    fn put(
        &mut self,
        batch: &mut Batch,
        progress: &mut Progress,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let begin = self.out.len();
        write(self.out);
        let length = self.out.len() - begin;
        let at = progress.made;
        progress.made += length as u64;
        if at < progress.done {
            let known = usize::try_from(progress.done - at).unwrap_or(usize::MAX).min(length);
            self.out.drain(begin..begin + known);
        } else if self.file.is_full(self.bounds, begin, length) {
            let line = self.out.split_off(begin);
            self.flush()?;
            self.turn(batch, progress, at)?;
            self.out.extend_from_slice(&line);
        }
        if FLUSH <= self.out.len() { self.flush() } else { Ok(()) }
    }

    /// Output from here on goes to a new file.
    fn turn(&mut self, batch: &mut Batch, progress: &mut Progress, at: u64) -> io::Result<()> {
        let here = self.here(at);
        batch.place = Some(Place { turn: Some(at), ..here.clone() });
        self.ledger.note(self.pipe, batch);
        let is_turned = self.file.rotate(self.now)?;
        self.file.go_on();
        batch.place = Some(if is_turned { self.here(at) } else { here });
        progress.is_noted = self.ledger.note(self.pipe, batch);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.file.append(self.out);
        self.out.clear();
        written
    }
}
