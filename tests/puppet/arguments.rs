//! What the puppet was told to do.

use std::path::PathBuf;
use std::time::Duration;

/// Everything a scenario may ask for.
pub(crate) struct Arguments {
    /// Where to write down what happens; also the family's common record.
    pub(crate) log: Option<PathBuf>,
    /// `main`, `child`, `grandchild` or `escapee`.
    pub(crate) role: String,
    /// What to print, in order.
    pub(crate) speech: Vec<Saying>,
    /// Print a numbered line so often.
    pub(crate) tick: Option<Duration>,
    /// Print what the process was given, as one JSON line.
    pub(crate) facts: bool,
    /// How many children to have.
    pub(crate) children: usize,
    /// Each child has a child of its own.
    pub(crate) grandchildren: bool,
    /// Leave a deaf descendant in a session of its own, adopted by whoever adopts orphans.
    pub(crate) escape: bool,
    /// Start the escapee in a new session and end at once.
    pub(crate) escaping: bool,
    /// Answer on this port of 127.0.0.1.
    pub(crate) listen: Option<u16>,
    /// Remove everything in this folder at the start.
    pub(crate) drain: Option<PathBuf>,
    /// What to do with sockets that are handed over.
    pub(crate) handed: Option<Handed>,
    /// How to end of its own accord; without it, it stays.
    pub(crate) end: Option<End>,
    /// When to.
    pub(crate) exit_after: Option<Duration>,
    /// End when this file is there.
    pub(crate) until: Option<PathBuf>,
    /// From this run on (counted in the log, from 1) it stays.
    pub(crate) stay_from: usize,
    /// Notes TERM, INT and HUP, and goes on.
    pub(crate) deaf: bool,
    /// The exit code to obey with; without it, it dies by the signal.
    pub(crate) term_exit: Option<u8>,
    /// Have one more child before obeying.
    pub(crate) term_child: bool,
    /// How long obeying takes.
    pub(crate) term_after: Duration,
}

/// One thing to print.
pub(crate) enum Saying {
    /// A line on standard output.
    Out(String),
    /// A line on standard error.
    Err(String),
    /// A variable of the environment.
    Variable(String),
    /// So many numbered lines.
    Lines(usize),
    /// So many mebibytes of numbered lines, each in one write that is tried until it works.
    Flood(usize),
    /// A line of so many bytes.
    Long(usize),
    /// Text without a newline.
    Part(String),
}

/// How sockets are handed over.
#[derive(Clone, Copy)]
pub(crate) enum Handed {
    /// As `LISTEN_FDS` says; they are answered as long as it lives.
    Listening,
    /// One, as standard input; it answers once.
    Waiting,
    /// Standard input is a connection; it answers one line.
    Connected,
}

/// A way to end.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// With a code.
    Exit(u8),
    /// By a signal.
    Signal(i32),
}

impl Arguments {
    /// Reads the command line; the fault is a sentence for the log of the service.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut told = Self::nothing();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--log" => told.log = Some(value()?.into()),
                "--role" => told.role = value()?,
                "--print" => told.speech.push(Saying::Out(value()?)),
                "--stderr" => told.speech.push(Saying::Err(value()?)),
                "--env" => told.speech.push(Saying::Variable(value()?)),
                "--lines" => told.speech.push(Saying::Lines(number(&value()?)?)),
                "--flood" => told.speech.push(Saying::Flood(number(&value()?)?)),
                "--long" => told.speech.push(Saying::Long(number(&value()?)?)),
                "--part" => told.speech.push(Saying::Part(value()?)),
                "--tick" => told.tick = Some(milliseconds(&value()?)?),
                "--facts" => told.facts = true,
                "--children" => told.children = number(&value()?)?,
                "--grandchildren" => told.grandchildren = true,
                "--escape" => told.escape = true,
                "--escaping" => told.escaping = true,
                "--listen" => told.listen = Some(number(&value()?)?),
                "--drain" => told.drain = Some(value()?.into()),
                "--serve" => told.handed = Some(Handed::Listening),
                "--accept" => told.handed = Some(Handed::Waiting),
                "--converse" => told.handed = Some(Handed::Connected),
                "--exit" => told.end = Some(End::Exit(number(&value()?)?)),
                "--signal" => told.end = Some(End::Signal(signal(&value()?)?)),
                "--exit-after" => told.exit_after = Some(milliseconds(&value()?)?),
                "--until" => told.until = Some(value()?.into()),
                "--stay-from" => told.stay_from = number(&value()?)?,
                "--deaf" => told.deaf = true,
                "--term-exit" => told.term_exit = Some(number(&value()?)?),
                "--term-child" => told.term_child = true,
                "--term-after" => told.term_after = milliseconds(&value()?)?,
                _ => return Err(format!("no argument is called {word}")),
            }
        }
        if told.exit_after.is_some() && told.end.is_none() {
            told.end = Some(End::Exit(0));
        }
        Ok(told)
    }

    fn nothing() -> Self {
        Self {
            log: None,
            role: "main".to_owned(),
            speech: Vec::new(),
            tick: None,
            facts: false,
            children: 0,
            grandchildren: false,
            escape: false,
            escaping: false,
            listen: None,
            drain: None,
            handed: None,
            end: None,
            exit_after: None,
            until: None,
            stay_from: usize::MAX,
            deaf: false,
            term_exit: None,
            term_child: false,
            term_after: Duration::ZERO,
        }
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number here"))
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    number(text).map(Duration::from_millis)
}

/// Names as in `kill -l`; the numbers that every Unix agrees on, and those that differ by system.
fn signal(name: &str) -> Result<i32, String> {
    Ok(match name.strip_prefix("SIG").unwrap_or(name) {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ILL" => 4,
        "TRAP" => 5,
        "ABRT" => 6,
        "FPE" => 8,
        "KILL" => 9,
        "SEGV" => 11,
        "PIPE" => 13,
        "TERM" => 15,
        other => return Err(format!("no signal is called {other}")),
    })
}
