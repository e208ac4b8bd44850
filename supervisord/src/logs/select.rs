//! Which part of a log is meant: its last lines, one run, what was written in a span of time.
//!
//! Runs are exact. A time is exact where lines begin with one; else it is taken to the nearest
//! mark or rotation, such that nothing of the span is missing.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use protocol::log_time;
use protocol::message::Position;

use super::index::Piece;
use super::log::Log;
use super::read::Reader;
use super::text::start_of_last;
use super::{Mark, What};
use crate::clock;

/// So many lines without a time show that lines of this log have none.
const LINES_MAX: usize = 1000;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// The longest line of which the beginning is looked at.
const LINE_MAX: usize = 256;

/// What is asked for; all of it together.
#[derive(Debug, Clone, Copy)]
pub struct Select {
    /// The present.
    pub now: Timestamp,
    /// Only the last so many lines.
    pub lines: Option<u64>,
    /// From this place on, if it is still there; the rest does not count then.
    pub from: Option<Position>,
    /// Only what one run wrote: its number, 0 for the last, -1 for the one before.
    pub run: Option<i64>,
    /// Only what was written since.
    pub since: Option<Timestamp>,
    /// Only what was written until.
    pub until: Option<Timestamp>,
}

/// The part of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// The offset of its first byte.
    pub(super) start: u64,
    /// The offset behind its last; `None` when there is no end yet.
    pub(super) end: Option<u64>,
    /// Marks behind that number, and up to that one.
    pub(super) marks: (u64, u64),
}

/// Why there is no such part.
#[derive(Debug)]
pub(super) enum Unselected {
    Unreadable(io::Error),
    NoSuchRun(String),
}

impl From<io::Error> for Unselected {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl Select {
    /// The part, as the log is now; one that is followed has no end.
    pub(super) fn range(
        &self,
        log: &Arc<Log>,
        label: &str,
        is_followed: bool,
    ) -> Result<Range, Unselected> {
        let (first, base, last) = log.extent();
        if let Some(from) = self.from {
            let is_there = log.file() == Some(from.file) && from.offset <= last;
            let start = if is_there || from.offset < base { from.offset } else { base };
            let end = (!is_followed).then_some(last);
            return Ok(Range { start, end, marks: (from.mark.unwrap_or(0), u64::MAX) });
        }
        let marks = log.marks();
        let (mut start, mut end, mut wanted) = (first, last, (0, u64::MAX));
        let mut is_open = true;
        if let Some(run) = self.run {
            let (began, next) = find_run(&marks, label, run).map_err(Unselected::NoSuchRun)?;
            start = began.offset.clamp(first, last);
            wanted.0 = began.number - 1;
            if let Some(next) = next {
                (end, wanted.1, is_open) = (next.offset.clamp(start, last), next.number - 1, false);
            }
        }
        if let Some(until) = self.until {
            // A mark that was made then or later; what was written until then stands before it.
            let mut behind = marks.iter().filter(|mark| mark.time().is_some_and(|at| until <= at));
            let bound = behind.next().map_or(last, |mark| mark.offset).clamp(start, end);
            let line = self.first_line(log, (start, bound), |time| until < time)?;
            (end, is_open) = (line.unwrap_or(bound), false);
        }
        if let Some(since) = self.since {
            let bound = written_before(log, &marks, since).unwrap_or(first).clamp(start, end);
            let line = self.first_line(log, (bound, end), |time| since <= time)?;
            start = line.unwrap_or(bound);
        }
        if let Some(lines) = self.lines {
            start = start_of_last(log, (start, end), lines)?;
        }
        if self.lines.is_some() || self.since.is_some() {
            let before = marks.iter().rfind(|mark| mark.offset < start);
            wanted.0 = wanted.0.max(before.map_or(0, |mark| mark.number));
        }
        if self.until.is_some() {
            let within = marks.iter().rfind(|mark| mark.offset < end || mark.offset == start);
            wanted.1 = wanted.1.min(within.map_or(0, |mark| mark.number));
        }
        let end = (!is_followed || !is_open).then_some(end);
        Ok(Range { start, end, marks: wanted })
    }

    /// The first line that begins with such a time; `None` when none does, or lines have no times.
    fn first_line(
        &self,
        log: &Arc<Log>,
        (start, end): (u64, u64),
        is_it: impl Fn(Timestamp) -> bool,
    ) -> io::Result<Option<u64>> {
        let mut reader = Reader::new(Arc::clone(log), start);
        let (mut chunk, zone) = (vec![0; CHUNK], clock::zone());
        let (mut line, mut at, mut untimed) = (Vec::new(), start, Some(0));
        while reader.at() < end {
            let mut offset = reader.at();
            let read = reader.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            offset = offset.max(reader.at() - read as u64);
            for byte in &chunk[..read] {
                offset += 1;
                if *byte != b'\n' {
                    if line.len() < LINE_MAX {
                        line.push(*byte);
                    }
                    continue;
                }
                match (log_time::of_line(&line, self.now, &zone), &mut untimed) {
                    (Some(time), _) if is_it(time) => return Ok((at < end).then_some(at)),
                    (Some(_), _) => untimed = None,
                    (None, Some(count)) => *count += 1,
                    (None, None) => {}
                }
                if untimed.is_some_and(|count| LINES_MAX <= count) {
                    return Ok(None);
                }
                line.clear();
                at = offset;
            }
        }
        // With times, but none such: all of it is on the other side.
        Ok(untimed.is_none().then_some(end))
    }
}

/// Where the run began, and where the next one did.
fn find_run<'a>(
    marks: &'a [Mark],
    label: &str,
    run: i64,
) -> Result<(&'a Mark, Option<&'a Mark>), String> {
    let is_begin = |mark: &&Mark| mark.label == label && matches!(mark.what, What::Began(_));
    let begins: Vec<&Mark> = marks.iter().filter(is_begin).collect();
    let at = match usize::try_from(-run) {
        Ok(back) => begins.len().checked_sub(back + 1),
        Err(_) => begins.iter().rposition(|mark| i64::from(mark.run) == run),
    };
    let at = at.ok_or_else(|| match (begins.first(), begins.last()) {
        (Some(first), Some(last)) => {
            format!("no such run is known; those known are {} to {}", first.run, last.run)
        }
        (_, _) => "no run of it is known".to_owned(),
    })?;
    Ok((begins[at], begins.get(at + 1).copied()))
}

/// The offset before which everything was certainly written before that time: of the last mark, or
/// the last rotated log, which was written before the time in its name.
fn written_before(log: &Log, marks: &[Mark], since: Timestamp) -> Option<u64> {
    let is_before = |at: Option<Timestamp>| at.is_some_and(|at| at <= since);
    let mark = marks.iter().rfind(|mark| is_before(mark.time())).map(|mark| mark.offset);
    let pieces = log.pieces();
    let piece = pieces.iter().rfind(|piece| is_before(super::stamp::time(&piece.stamp)));
    mark.max(piece.map(Piece::end))
}
