//! The piped log of one service: from its pipes to its files and sockets, a batch at a time.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use memchr::memrchr;
use supervisor_core::Moment;

use super::form::{Origin, Pen};
use super::ledger::{Batch, Ledger, Owed};
use super::lines::{LINE_MAX, Lines, Rest};
use super::page::Page;
use super::setup::{Outlet, Setup};
use crate::clock::Clock;
use crate::logs::sink::file::LogFile;
use crate::logs::sink::{Manner, Sockets};
use crate::os::{Peeker, Pipe};

/// Bytes looked at at once.
const ROOM: usize = 256 << 10;
/// The oldest lines go when so many bytes wait, where that is wanted.
const WAITING_MAX: usize = 512 << 10;
/// Pauses before a file that took nothing is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What all services share.
pub(super) struct Tools {
    pub(super) peeker: Peeker,
    pub(super) ledger: Ledger,
    pub(super) sockets: Sockets,
    pub(super) clock: Clock,
    room: Box<[u8]>,
    out: Vec<u8>,
}

impl Tools {
    pub(super) fn new(peeker: Peeker, ledger: Ledger, clock: Clock) -> Self {
        let room = vec![0; ROOM].into_boxed_slice();
        Self { peeker, ledger, sockets: Sockets::default(), clock, room, out: Vec::new() }
    }

    fn now(&self) -> Timestamp {
        self.clock.wall_now()
    }
}

/// One pipe of a service.
struct Source {
    outlet: Outlet,
    pipe: Pipe,
    /// Which of the files.
    file: usize,
    owed: Owed,
    /// Whether that is also kept in a file.
    is_kept: bool,
}

/// A file took nothing; when it is tried again, and how long to wait if in vain.
struct Stuck {
    until: Moment,
    pause: Duration,
}

/// One service.
pub(super) struct Service {
    pub(super) setup: Setup,
    pub(super) run: u32,
    pub(super) pid: Option<u32>,
    sources: Vec<Source>,
    files: Vec<LogFile>,
    stuck: Option<Stuck>,
    /// Lines that journal and logger did not take.
    lost: [u64; 2],
}

impl Service {
    pub(super) fn new(setup: Setup, pipes: Vec<Pipe>, ledger: &Ledger) -> Self {
        let mut files: Vec<LogFile> = Vec::new();
        let mut sources = Vec::new();
        for (outlet, pipe) in setup.outlets.iter().zip(pipes) {
            let known = files.iter().position(|file| file.path() == outlet.file);
            let file = known.unwrap_or_else(|| {
                files.push(LogFile::new(outlet.file.clone()));
                files.len() - 1
            });
            let owed = ledger.owed(&outlet.name);
            let is_kept = owed != Owed::default();
            sources.push(Source { outlet: outlet.clone(), pipe, file, owed, is_kept });
        }
        Self { setup, run: 0, pid: None, sources, files, stuck: None, lost: [0; 2] }
    }

    /// Its pipes.
    pub(super) fn pipes(&self) -> impl Iterator<Item = &Pipe> {
        self.sources.iter().map(|source| &source.pipe)
    }

    /// Which of its pipes has that name.
    pub(super) fn source(&self, name: &str) -> Option<usize> {
        self.sources.iter().position(|source| source.outlet.name == name)
    }

    /// When it is tried again.
    pub(super) fn stuck_until(&self) -> Option<Moment> {
        self.stuck.as_ref().map(|stuck| stuck.until)
    }

    /// Goes on with a batch that a killed daemon left.
    pub(super) fn resume(&mut self, which: usize, batch: Batch, taken: usize, tools: &mut Tools) {
        let source = &mut self.sources[which];
        if 0 < taken {
            tools.ledger.take(&mut tools.peeker, &mut source.pipe, batch.length - taken);
            return;
        }
        source.owed = Owed { batch: Some(batch), lost: 0 };
        tools.ledger.keep_owed(&source.outlet.name, &source.owed);
        source.is_kept = true;
    }

    /// Everything that is there now, and no more; what is at the end without a newline too.
    pub(super) fn drain(&mut self, tools: &mut Tools) {
        for which in 0..self.sources.len() {
            let mut left = self.sources[which].pipe.waiting();
            while 0 < left {
                match self.pass(which, Rest::Ends, tools) {
                    0 => break,
                    passed => left = left.saturating_sub(passed),
                }
            }
        }
    }

    /// Passes on one batch; how many bytes that was, none when there is no whole line or no way.
    pub(super) fn pass(&mut self, which: usize, rest: Rest, tools: &mut Tools) -> usize {
        let now = tools.clock.now();
        if self.stuck.as_ref().is_some_and(|stuck| now < stuck.until) {
            return self.make_room(which, tools);
        }
        // One file must not get something else in the middle of a line.
        let which = self.sources.iter().position(|one| one.owed.batch.is_some()).unwrap_or(which);
        match self.try_pass(which, rest, tools) {
            Ok(passed) => {
                if 0 < passed && self.stuck.take().is_some() {
                    log::info!("{}: its log is written again", self.setup.label);
                }
                passed
            }
            Err(error) => {
                self.suffer(which, &error, now);
                self.make_room(which, tools)
            }
        }
    }

    fn suffer(&mut self, which: usize, error: &io::Error, now: Moment) {
        let pause = match &self.stuck {
            Some(stuck) => (stuck.pause * 2).min(PAUSES.1),
            None => {
                let fate = match self.setup.drops_oldest {
                    true => "the oldest lines go",
                    false => "it waits once its pipe is full",
                };
                let (label, file) = (&self.setup.label, &self.sources[which].outlet.file);
                log::warn!("{label}: cannot write {}: {error}; {fate}", file.display());
                PAUSES.0
            }
        };
        self.stuck = Some(Stuck { until: now + pause, pause });
    }

    fn try_pass(&mut self, which: usize, rest: Rest, tools: &mut Tools) -> io::Result<usize> {
        let source = &mut self.sources[which];
        let waiting = source.pipe.waiting();
        let seen = tools.peeker.look(&mut source.pipe, &mut tools.room)?;
        // What is not seen yet goes on with what is.
        let rest = if seen < waiting { Rest::Waits } else { rest };
        let owed = source.owed.batch.take();
        let is_resumed = owed.as_ref().is_some_and(|batch| batch.length <= seen);
        let now = tools.now();
        // What was owed is gone when nobody held the pipe open meanwhile.
        let mut batch = match owed.filter(|_| is_resumed) {
            Some(batch) => batch,
            None => {
                let seen = &tools.room[..seen];
                let (length, rest) = match whole(seen, rest) {
                    0 if source.pipe.is_full() => (seen.len(), Rest::IsCut),
                    0 => return Ok(0),
                    // Without a newline it ends in a piece of what is longer than lines may be.
                    length if rest == Rest::Waits && seen[length - 1] != b'\n' => {
                        (length, Rest::IsCut)
                    }
                    length => (length, rest),
                };
                let (run, pid, time) = (self.run, self.pid, now.as_microsecond());
                let lost = source.owed.lost;
                Batch { length, rest, time, run, pid, lost, place: Default::default() }
            }
        };
        let origin = Origin {
            label: &self.setup.label,
            stream: source.outlet.stream,
            run: batch.run,
            pid: batch.pid,
            time: Timestamp::from_microsecond(batch.time).unwrap_or(now),
        };
        let bytes = &tools.room[..batch.length];
        if self.setup.has_file {
            let mut page = Page {
                file: &mut self.files[source.file],
                ledger: &mut tools.ledger,
                pipe: &source.outlet.name,
                form: self.setup.form,
                bounds: self.setup.bounds,
                out: &mut tools.out,
                now,
            };
            match page.write(&mut batch, (&origin, bytes), is_resumed) {
                Ok(is_noted) => {
                    source.owed = Owed::default();
                    if is_noted && std::mem::take(&mut source.is_kept) {
                        tools.ledger.keep_owed(&source.outlet.name, &source.owed);
                    }
                }
                Err(error) => {
                    source.owed = Owed { batch: Some(batch), lost: 0 };
                    tools.ledger.keep_owed(&source.outlet.name, &source.owed);
                    source.is_kept = true;
                    return Err(error);
                }
            }
        }
        let sinks = [
            self.setup.journald.as_deref().map(|path| (path, Manner::Journald)),
            self.setup.syslog.as_ref().map(|(path, form)| (&**path, Manner::Syslog(*form))),
        ];
        for (sink, lost) in sinks.into_iter().zip(&mut self.lost) {
            let Some(sink) = sink else { continue };
            let moment = tools.clock.now();
            for line in Lines::new(bytes, batch.rest) {
                tools.sockets.send(sink, (&origin, line), lost, moment);
            }
        }
        let length = batch.length;
        tools.ledger.take(&mut tools.peeker, &mut source.pipe, length);
        Ok(length)
    }

    /// Lets the oldest lines go where that is wanted, so that the service need not wait.
    fn make_room(&mut self, which: usize, tools: &mut Tools) -> usize {
        let source = &mut self.sources[which];
        let is_over = |pipe: &Pipe| WAITING_MAX < pipe.waiting() || pipe.is_full();
        if !self.setup.drops_oldest || !is_over(&source.pipe) {
            return 0;
        }
        let Ok(seen) = tools.peeker.look(&mut source.pipe, &mut tools.room) else { return 0 };
        let (length, lost) = match source.owed.batch.take() {
            Some(batch) if batch.length <= seen => {
                let file = &mut self.files[source.file];
                file.give_up();
                let bytes = &tools.room[..batch.length];
                (batch.length, missing(&batch, bytes, file, &self.setup, source.outlet.stream))
            }
            Some(_) | None => {
                let seen = &tools.room[..seen];
                match whole(seen, Rest::Waits) {
                    0 => (seen.len(), 1),
                    length => (length, Lines::new(&seen[..length], Rest::IsCut).count() as u64),
                }
            }
        };
        source.owed = Owed { batch: None, lost: source.owed.lost + lost };
        tools.ledger.keep_owed(&source.outlet.name, &source.owed);
        source.is_kept = true;
        tools.peeker.discard(&mut source.pipe, length).unwrap_or(0)
    }
}

/// How many lines of a batch are not in the file, those that were missing before it included.
fn missing(
    batch: &Batch,
    bytes: &[u8],
    file: &LogFile,
    setup: &Setup,
    stream: super::Stream,
) -> u64 {
    let time = Timestamp::from_microsecond(batch.time).unwrap_or_default();
    let origin = Origin { label: &setup.label, stream, run: batch.run, pid: batch.pid, time };
    let pen = Pen::new(setup.form, &origin);
    let place = &batch.place;
    let done = place.skip + file.size().saturating_sub(place.position);
    let (mut out, mut made, mut missing) = (Vec::new(), 0, 0);
    let mut count = |out: &mut Vec<u8>, lines: u64| {
        made += out.len() as u64;
        missing += if done < made { lines } else { 0 };
        out.clear();
    };
    if batch.lost != 0 {
        pen.write_gap(batch.lost, &mut out);
        count(&mut out, batch.lost);
    }
    for line in Lines::new(bytes, batch.rest) {
        pen.write(line, &mut out);
        count(&mut out, 1);
    }
    missing
}

/// How many of the bytes are whole lines, or pieces of what is longer than lines may be.
fn whole(bytes: &[u8], rest: Rest) -> usize {
    if rest != Rest::Waits {
        return bytes.len();
    }
    let end = memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    if bytes.len() - end <= LINE_MAX {
        return end;
    }
    let mut tail = Lines::new(&bytes[end..], rest);
    tail.by_ref().for_each(drop);
    bytes.len() - tail.left()
}
