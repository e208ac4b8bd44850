//! Several logs as one, in order of time.
//!
//! The order within each log stays as it is. Of a long log only the next piece is held: each has a
//! connection of its own, on which the daemon waits.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::log_time;
use protocol::message::{Call, Incoming, LogMark, LogText};

use super::Shown;
use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

/// A log of more bytes is long; a shorter one is read at once and frees its connection.
const SHORT: usize = 16 << 10;

/// How many long ones there may be, well below the connections that the daemon takes.
const LONG_MAX: usize = 100;

/// How logs are read.
struct Reading {
    /// Marks are shown; if they are not, they only tell times.
    has_marks: bool,
    now: Timestamp,
    zone: TimeZone,
}

/// One log, as far as it has come.
struct Source {
    shown: Shown,
    /// None once all of it has come.
    client: Option<Client>,
    coming: VecDeque<(Option<Timestamp>, Item)>,
    /// The last time known before what comes next; none sorts before all.
    at: Option<Timestamp>,
    /// A line whose end is yet to come, with its time as far as it is known.
    begun: (Option<Timestamp>, String),
    refused: Option<Error>,
}

enum Item {
    Line(String),
    Mark(LogMark),
}

/// Shows them all; marks only where they are wanted, since here each log is sent with its own.
pub(super) fn show(
    (place, task): (&Place, &str),
    first: Client,
    output: &mut Output,
    shown: Vec<Shown>,
    has_marks: bool,
) -> Result<Exit, Error> {
    let reading = Reading { has_marks, now: Timestamp::now(), zone: TimeZone::system() };
    let (count, mut idle, mut sources) = (shown.len(), vec![first], Vec::new());
    let (mut exit, mut long) = (Exit::Done, 0);
    for mut shown in shown {
        shown.wanted.marks = true;
        let client = idle.pop().map_or_else(|| Client::connect(place, task), Ok)?;
        let (mut source, free) = Source::open(shown, client, &reading, task)?;
        long += usize::from(free.is_none());
        idle.extend(free);
        if let Some(error) = source.refused.take() {
            exit = exit.or(output.complain(&error));
        }
        sources.push(source);
        if LONG_MAX < long {
            return Err(Error::Usage(format!(
                "cannot show the logs of {count} services in order of time: more than {LONG_MAX} \
                 of them are long; -n or --since makes them shorter"
            )));
        }
    }
    let heads = sources.iter().enumerate();
    let head = |(place, source): (usize, &Source)| Some(Reverse((source.head()?, place)));
    let mut heads: BinaryHeap<_> = heads.filter_map(head).collect();
    while let Some(Reverse((_, place))) = heads.pop() {
        let source = &mut sources[place];
        // Lines of the same time stay together.
        let next = heads.peek().map(|Reverse((at, _))| *at);
        while let Some(at) = source.head() {
            if next.is_some_and(|next| next < at) {
                heads.push(Reverse((at, place)));
                break;
            }
            source.pass(output)?;
            source.fill(&reading, (task, 0))?;
        }
        if let Some(error) = source.refused.take() {
            exit = exit.or(output.complain(&error));
        }
    }
    output.flush()?;
    Ok(exit)
}

impl Source {
    /// Asks for it; gives the connection back if all of it has come.
    fn open(
        mut shown: Shown,
        mut client: Client,
        reading: &Reading,
        task: &str,
    ) -> Result<(Self, Option<Client>), Error> {
        shown.request = Some(client.send(Call::Logs(shown.wanted.clone()))?);
        let (client, coming, begun) = (Some(client), VecDeque::new(), (None, String::new()));
        let mut source = Self { shown, client, coming, at: None, begun, refused: None };
        let free = source.fill(reading, (task, SHORT))?;
        Ok((source, free))
    }

    /// The time of what comes next; none when nothing does.
    fn head(&self) -> Option<Option<Timestamp>> {
        self.coming.front().map(|(at, _)| *at)
    }

    /// Shows what comes next.
    fn pass(&mut self, output: &mut Output) -> Result<(), Error> {
        match self.coming.pop_front() {
            Some((_, Item::Line(line))) => output.text(&self.shown.log.text(&line)),
            Some((_, Item::Mark(mark))) => output.text(&self.shown.log.mark(&mark)),
            None => Ok(()),
        }
    }

    /// Reads until something is coming and that many bytes have come; gives the connection back at
    /// the end of the log.
    fn fill(
        &mut self,
        reading: &Reading,
        (task, bytes): (&str, usize),
    ) -> Result<Option<Client>, Error> {
        let mut come = 0;
        while self.coming.is_empty() || come < bytes {
            let Some(client) = &mut self.client else { return Ok(None) };
            match client.receive()? {
                Incoming::Log(LogText { text, mark, at, .. }) => {
                    come += text.len();
                    let at = at.and_then(|at| at.parse().ok());
                    self.take(&text, at, reading);
                    if let Some(mark) = mark {
                        self.at = mark.at.parse().ok().or(self.at);
                        if reading.has_marks {
                            self.end_line();
                            self.coming.push_back((self.at, Item::Mark(mark)));
                        }
                    }
                }
                Incoming::Response(response) => {
                    match client::settle(task, response.outcome) {
                        Err(error @ Error::Refused(_)) => self.refused = Some(error),
                        outcome => drop(outcome?),
                    }
                    self.end_line();
                    return Ok(self.client.take());
                }
                Incoming::Event(_) | Incoming::Waiting(_) => return Err(client::stray(task, None)),
            }
        }
        Ok(None)
    }

    /// Nothing completes the line that was begun.
    fn end_line(&mut self) {
        let (at, mut line) = std::mem::take(&mut self.begun);
        if !line.is_empty() {
            line.push('\n');
            self.coming.push_back((at, Item::Line(line)));
        }
    }

    /// Takes text that came; a line without a time has that of what is before it.
    fn take(&mut self, text: &str, at: Option<Timestamp>, reading: &Reading) {
        self.at = self.at.max(at);
        for piece in text.split_inclusive('\n') {
            let (begun_at, begun) = &mut self.begun;
            if begun.is_empty() {
                *begun_at = self.at;
            }
            begun.push_str(piece);
            if piece.ends_with('\n') {
                let (before, line) = std::mem::take(&mut self.begun);
                let told = log_time::of_line(line.as_bytes(), reading.now, &reading.zone);
                self.at = told.or(self.at);
                self.coming.push_back((told.or(before), Item::Line(line)));
            }
        }
    }
}
