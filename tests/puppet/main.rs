//! The service under test: does what its arguments say and writes down what happens to it.
//!
//! It must start at once and depend on nothing, so that a scenario is one line a service; it never
//! knows the supervisor.

mod arguments;
mod facts;
#[cfg_attr(windows, path = "handed_windows.rs")]
mod handed;
mod journal;
mod signals;
mod speech;
mod tree;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use arguments::{Arguments, End, Handed};
use journal::Journal;
use signals::{Signals, Told};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(fault) => {
            eprintln!("puppet: {fault}");
            return ExitCode::from(64);
        }
    };
    let facts = arguments.facts.then(facts::gather);
    let signals = Signals::catch();
    let journal = Journal::open(&arguments);
    journal.note(&format!("start {}", arguments.role));
    speech::say(&arguments, facts);
    if let Some(pause) = arguments.tick {
        speech::tick(pause);
    }
    tree::grow(&arguments);
    if let Some(port) = arguments.listen
        && let Err(error) = speech::listen(port)
    {
        eprintln!("puppet: cannot listen on port {port}: {error}");
        return ExitCode::from(71);
    }
    if let Some(folder) = &arguments.drain {
        drain(folder);
    }
    match arguments.handed {
        Some(Handed::Listening) => {
            if let Err(error) = handed::serve() {
                eprintln!("puppet: {error}");
                return ExitCode::from(71);
            }
        }
        Some(Handed::Waiting) => handed::accept_one(),
        Some(Handed::Connected) => handed::converse(),
        None => {}
    }
    live(&arguments, &signals, &journal)
}

fn drain(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let _ = std::fs::remove_file(entry.path());
    }
}

/// Waits for what ends it first: its own time, the file it waits for, or a signal.
fn live(arguments: &Arguments, signals: &Signals, journal: &Journal) -> ExitCode {
    let end = arguments.end.filter(|_| journal.run() < arguments.stay_from);
    let patience = arguments.exit_after.unwrap_or_default();
    let ends_at = end.filter(|_| arguments.until.is_none()).map(|_| Instant::now() + patience);
    loop {
        let left = ends_at.map(|at| at.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero())
            || arguments.until.as_ref().is_some_and(|file| file.exists())
        {
            return finish(end.unwrap_or(End::Exit(0)), signals, journal);
        }
        let nap = arguments.until.as_ref().map(|_| Duration::from_millis(5));
        let Some(told) = signals.wait(nap.or(left)) else { continue };
        journal.note(&format!("received {}", told.name()));
        if !arguments.deaf {
            return obey(arguments, told, signals, journal);
        }
    }
}

/// Ends as asked: by the exit code given for that, else by the signal itself.
fn obey(arguments: &Arguments, told: Told, signals: &Signals, journal: &Journal) -> ExitCode {
    if arguments.term_child {
        tree::one_more(arguments);
    }
    thread::sleep(arguments.term_after);
    match arguments.term_exit {
        Some(code) => finish(End::Exit(code), signals, journal),
        None => finish(End::Signal(told.number()), signals, journal),
    }
}

fn finish(end: End, signals: &Signals, journal: &Journal) -> ExitCode {
    match end {
        End::Exit(code) => {
            journal.note(&format!("exit {code}"));
            ExitCode::from(code)
        }
        End::Signal(number) => {
            journal.note(&format!("signal {number}"));
            signals.die_by(number)
        }
    }
}
