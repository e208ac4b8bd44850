//! The piped log of one service: from its pipes to its files and sockets, a batch at a time.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use memchr::memrchr;
use supervisor_core::Moment;

use super::Stream;
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

/// A file took nothing; when it is tried again, if there is something for it, and how long was
/// waited.
struct Stuck {
    until: Option<Moment>,
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
            let mut owed = ledger.owed(&outlet.name);
            let is_kept = owed != Owed::default();
            // It is gone when nobody held the pipe open meanwhile.
            owed.batch = owed.batch.filter(|batch| batch.length <= pipe.waiting());
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
        self.stuck.as_ref()?.until
    }

    /// Goes on with a batch that a killed daemon left.
    pub(super) fn resume(&mut self, which: usize, batch: Batch, taken: usize, tools: &mut Tools) {
        let source = &mut self.sources[which];
        if 0 < taken {
            tools.ledger.take(&mut tools.peeker, &mut source.pipe, batch.length - taken);
            let lost = if batch.is_dropped { batch.lost } else { 0 };
            source.keep(Owed { batch: None, lost }, &tools.ledger);
        } else if !batch.is_dropped && batch.length <= source.pipe.waiting() {
            source.keep(Owed { batch: Some(batch), lost: 0 }, &tools.ledger);
        }
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
        if self.stuck_until().is_some_and(|until| now < until) {
            return self.make_room(which, tools);
        }
        // One file must not get something else in the middle of a line.
        let which = self.sources.iter().position(|one| one.owed.batch.is_some()).unwrap_or(which);
        match self.try_pass(which, rest, tools) {
            Ok(0) => {
                if let Some(stuck) = &mut self.stuck {
                    stuck.until = None;
                }
                0
            }
            Ok(passed) => {
                if self.stuck.take().is_some() {
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
        self.stuck = Some(Stuck { until: Some(now + pause), pause });
    }

    fn try_pass(&mut self, which: usize, rest: Rest, tools: &mut Tools) -> io::Result<usize> {
        let source = &mut self.sources[which];
        let waiting = source.pipe.waiting();
        if waiting == 0 {
            return Ok(0);
        }
        let seen = tools.peeker.look(&mut source.pipe, &mut tools.room)?;
        // What is not seen yet goes on with what is.
        let rest = if seen < waiting { Rest::Waits } else { rest };
        let now = tools.now();
        let batch = match source.owed.batch.take() {
            Some(batch) => batch,
            None => {
                let Some((length, rest)) = source.ready(&tools.room[..seen], rest) else {
                    return Ok(0);
                };
                let (run, pid, time) = (self.run, self.pid, now.as_microsecond());
                let lost = source.owed.lost;
                Batch { length, rest, time, run, pid, lost, is_dropped: false, place: None }
            }
        };
        let length = batch.length;
        if self.setup.has_file {
            self.write(which, batch.clone(), now, tools)?;
        }
        self.send(which, &batch, tools);
        let source = &mut self.sources[which];
        tools.ledger.take(&mut tools.peeker, &mut source.pipe, length);
        source.keep(Owed::default(), &tools.ledger);
        Ok(length)
    }

    fn write(
        &mut self,
        which: usize,
        mut batch: Batch,
        now: Timestamp,
        tools: &mut Tools,
    ) -> io::Result<()> {
        let source = &mut self.sources[which];
        let mut page = Page {
            file: &mut self.files[source.file],
            ledger: &mut tools.ledger,
            pipe: &source.outlet.name,
            form: self.setup.form,
            bounds: self.setup.bounds,
            out: &mut tools.out,
            now,
        };
        let origin = origin(&self.setup, source.outlet.stream, &batch);
        let bytes = &tools.room[..batch.length];
        match page.write(&mut batch, &origin, bytes) {
            // Now that the ledger has it, nothing else may; and not before.
            Ok(is_noted) => {
                if is_noted {
                    source.keep(Owed::default(), &tools.ledger);
                }
                Ok(())
            }
            Err(error) => {
                source.keep(Owed { batch: Some(batch), lost: 0 }, &tools.ledger);
                Err(error)
            }
        }
    }

    fn send(&mut self, which: usize, batch: &Batch, tools: &mut Tools) {
        let sinks = [
            self.setup.journald.as_deref().map(|path| (path, Manner::Journald)),
            self.setup.syslog.as_ref().map(|(path, form)| (&**path, Manner::Syslog(*form))),
        ];
        let origin = origin(&self.setup, self.sources[which].outlet.stream, batch);
        for (sink, lost) in sinks.into_iter().zip(&mut self.lost) {
            let Some(sink) = sink else { continue };
            let moment = tools.clock.now();
            for line in Lines::new(&tools.room[..batch.length], batch.rest) {
                tools.sockets.send(sink, (&origin, line), lost, moment);
            }
        }
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
            Some(batch) => {
                let file = &mut self.files[source.file];
                file.give_up();
                let bytes = &tools.room[..batch.length];
                (batch.length, missing(&batch, bytes, file, &self.setup, source.outlet.stream))
            }
            None => {
                let seen = &tools.room[..seen];
                match whole(seen, Rest::Waits) {
                    0 => (seen.len(), 1),
                    length => (length, Lines::new(&seen[..length], Rest::IsCut).count() as u64),
                }
            }
        };
        let lost = source.owed.lost + lost;
        let batch = Batch { length, lost, is_dropped: true, ..Batch::default() };
        tools.ledger.note(&source.outlet.name, &batch);
        tools.ledger.take(&mut tools.peeker, &mut source.pipe, length);
        source.keep(Owed { batch: None, lost }, &tools.ledger);
        length
    }
}

impl Source {
    /// How many of the bytes at its beginning can go, and what becomes of the last ones.
    fn ready(&self, seen: &[u8], rest: Rest) -> Option<(usize, Rest)> {
        match whole(seen, rest) {
            0 if self.pipe.is_full() => Some((seen.len(), Rest::IsCut)),
            0 => None,
            // Without a newline it ends in a piece of what is longer than lines may be.
            length if rest == Rest::Waits && seen[length - 1] != b'\n' => {
                Some((length, Rest::IsCut))
            }
            length => Some((length, rest)),
        }
    }

    /// Keeps what is owed, over a kill too.
    fn keep(&mut self, owed: Owed, ledger: &Ledger) {
        self.owed = owed;
        let is_owing = self.owed != Owed::default();
        if is_owing || self.is_kept {
            ledger.keep_owed(&self.outlet.name, &self.owed);
        }
        self.is_kept = is_owing;
    }
}

fn origin<'a>(setup: &'a Setup, stream: Stream, batch: &Batch) -> Origin<'a> {
    let time = Timestamp::from_microsecond(batch.time).unwrap_or_default();
    Origin { label: &setup.label, stream, run: batch.run, pid: batch.pid, time }
}

/// How many lines of a batch are not in the file, those that were missing before it included.
fn missing(batch: &Batch, bytes: &[u8], file: &LogFile, setup: &Setup, stream: Stream) -> u64 {
    let pen = Pen::new(setup.form, &origin(setup, stream, batch));
    let done = batch.place.as_ref().map_or(0, |place| {
        let is_here = place.file == file.number();
        place.skip + if is_here { file.size().saturating_sub(place.position) } else { 0 }
    });
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
