//! What is written into the history: where services came to, how runs ended, and who asked.
//!
//! Each change is told once, also over a kill: a new daemon compares with what was told last.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::message::{Asked, Asker, Event, State, Word};
use supervisor_core::{Ended, Exit, Memory, Service, ServiceId, shrink};

use super::Daemon;
use crate::control::reply::Reply;
use crate::control::why;
use crate::os::{self, Peer};
use crate::store::history::Journal;

/// Sentences and reasons are cut there, in bytes.
const SENTENCE_MAX: usize = 1024;

/// The history, and what of it is known by heart.
#[derive(Debug)]
pub(crate) struct Chronicle {
    pub(crate) journal: Journal,
    told: BTreeMap<Arc<str>, Told>,
}

/// What was told of a service last.
#[derive(Debug, Default)]
struct Told {
    state: Option<(Word, u32)>,
    ended_run: u32,
    pid: Option<u32>,
    asked: Option<Box<Asked>>,
}

/// How a service stands now.
#[derive(Debug)]
pub(crate) struct Sight {
    pub(crate) state: State,
    pub(crate) pid: Option<u32>,
    pub(crate) why: String,
    /// It is so since before this daemon began.
    pub(crate) is_old: bool,
}

/// Who asks for changes: a client, or the system by a signal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Demand {
    peer: Peer,
    reason: Option<String>,
}

impl Demand {
    /// A client, with the reason it gave.
    pub(crate) fn of(reply: &Reply, reason: Option<&str>) -> Self {
        Self { peer: reply.caller.peer, reason: reason.map(|reason| cut(reason.to_owned())) }
    }

    /// A signal.
    pub(crate) fn by_signal(name: &str) -> Self {
        Self { peer: Peer::default(), reason: Some(name.to_owned()) }
    }

    fn asker(&self, verb: &str) -> Asker {
        Asker {
            verb: verb.to_owned(),
            uid: self.peer.uid,
            pid: self.peer.pid,
            program: self.peer.pid.and_then(os::program_name),
            reason: self.reason.clone(),
        }
    }
}

impl Chronicle {
    /// Goes on behind what earlier daemons told.
    pub(crate) fn new((past, journal): (Vec<Event>, Journal)) -> Self {
        let mut told: BTreeMap<Arc<str>, Told> = BTreeMap::new();
        for event in past {
            let Some(label) = event.label else { continue };
            let known = told.entry(label.into()).or_default();
            let run = event.run.unwrap_or_default();
            match event.event {
                Word::Asked => {
                    let by = event.by.unwrap_or_default();
                    known.asked = Some(Box::new(asked(&by, event.at)));
                }
                Word::Exited => known.ended_run = run,
                Word::Removed => *known = Told::default(),
                word @ (Word::Up
                | Word::Stopping
                | Word::Down
                | Word::Waiting
                | Word::Backoff
                | Word::Failed
                | Word::Disabled) => {
                    (known.state, known.pid) = (Some((word, run)), event.pid.or(known.pid));
                    known.ended_run = known.ended_run.min(run);
                }
            }
        }
        Self { journal, told }
    }

    /// Lets go of room that is left over from growing.
    pub(super) fn shrink(&mut self) {
        shrink(&mut self.told);
    }

    /// A service is loaded. Without a past its runs are counted anew.
    fn meet(&mut self, label: &Arc<str>, past: Option<&Memory>, at: impl FnOnce() -> String) {
        let known = self.told.entry(Arc::clone(label)).or_default();
        let Some(Memory { runs, ended_run, is_begun, .. }) = past else {
            (known.state, known.ended_run, known.pid) = (None, 0, None);
            return;
        };
        known.ended_run = known.ended_run.max(*ended_run);
        // A run that was being made is over, whether or not it had come up: nothing tells how.
        if *is_begun && known.ended_run < *runs {
            known.ended_run = *runs;
            if known.state == Some((Word::Up, *runs)) {
                let (run, pid) = (Some(*runs), known.pid.take());
                let why = Some(why::exit(Exit::Unknown));
                let event = blank(Some(label), at(), Word::Exited);
                self.journal.note(Event { run, pid, why, ..event });
            }
        }
    }

    /// Who asked for a change of it last.
    pub(crate) fn asked(&self, label: &str) -> Option<&Asked> {
        self.told.get(label)?.asked.as_deref()
    }

    /// Somebody asks for a change of a service, or of all.
    fn note_asked(&mut self, label: Option<&str>, at: String, by: Asker) {
        if let Some(label) = label {
            let known = match self.told.get_mut(label) {
                Some(known) => known,
                None => self.told.entry(label.into()).or_default(),
            };
            known.asked = Some(Box::new(asked(&by, at.clone())));
        }
        self.journal.note(Event { by: Some(by), ..blank(label, at, Word::Asked) });
    }

    /// A service changed, or is said to have.
    fn note_state(&mut self, service: &Service, at: &str, sight: Sight) {
        let label = service.label();
        let Some(known) = self.told.get_mut(label) else { return };
        let event = |word| blank(Some(label), at.to_owned(), word);
        if known.ended_run < service.ended_run() {
            known.ended_run = service.ended_run();
            if let Ended::Exit { exit, .. } = service.ended() {
                self.journal.note(Event {
                    run: Some(service.ended_run()),
                    pid: known.pid.take(),
                    status: exit.status(),
                    why: Some(why::exit(*exit)),
                    ..event(Word::Exited)
                });
            }
        }
        let Some(word) = word(sight.state) else { return };
        let state = Some((word, service.runs()));
        let before = std::mem::replace(&mut known.state, state);
        known.pid = sight.pid.or(known.pid);
        if before == state || before.is_none() && sight.is_old {
            return;
        }
        let (run, why) = (Some(service.runs()), Some(cut(sight.why)));
        let run = run.filter(|run| *run != 0);
        self.journal.note(Event { run, pid: sight.pid, why, ..event(word) });
    }

    /// A service is gone, or did not come.
    fn forget(&mut self, label: &str, removed_at: Option<String>) {
        self.told.remove(label);
        if let Some(at) = removed_at {
            self.journal.note(blank(Some(label), at, Word::Removed));
        }
    }
}

impl Daemon {
    /// A service is loaded.
    pub(super) fn chronicle_met(&mut self, label: &Arc<str>, past: Option<&Memory>) {
        let clock = self.clock;
        self.chronicle.meet(label, past, || clock.wall(clock.now()).to_string());
    }

    /// Tells what became of a service, as far as that was not told before.
    pub(super) fn chronicle_state(&mut self, id: ServiceId, sight: Sight) {
        let Some(service) = self.supervisor.service(id) else { return };
        let at = self.clock.wall(self.clock.now()).to_string();
        self.chronicle.note_state(service, &at, sight);
    }

    /// Tells that somebody asks for a change of a service, or of all.
    pub(crate) fn chronicle_asked(&mut self, label: Option<&str>, verb: &str, demand: &Demand) {
        let at = self.clock.wall(self.clock.now()).to_string();
        self.chronicle.note_asked(label, at, demand.asker(verb));
    }

    /// Tells that a service is gone.
    pub(super) fn chronicle_removed(&mut self, label: &str) {
        let at = self.clock.wall(self.clock.now()).to_string();
        self.chronicle.forget(label, Some(at));
    }

    /// What was asked of a label that did not become a service.
    pub(super) fn chronicle_refused(&mut self, label: &str) {
        if self.registry.find(label).is_none() {
            self.chronicle.forget(label, None);
        }
    }
}

/// Who asked, in words. Users but root are told by number: the directory of names may be slow.
fn asked(by: &Asker, at: String) -> Asked {
    let user = match (by.uid, by.pid) {
        (Some(0), _) => "root".to_owned(),
        (Some(user), _) => format!("user {user}"),
        (None, Some(_)) => "someone".to_owned(),
        (None, None) => "the system".to_owned(),
    };
    let words = match (&by.program, by.pid) {
        (Some(program), Some(pid)) => format!("{user} ({program}, pid {pid})"),
        (None, Some(pid)) => format!("{user} (pid {pid})"),
        (_, None) => user,
    };
    Asked { verb: by.verb.clone(), by: words, at, reason: by.reason.clone() }
}

/// A process being made is no news: what comes of it is.
fn word(state: State) -> Option<Word> {
    Some(match state {
        State::Starting => return None,
        State::Up => Word::Up,
        State::Stopping => Word::Stopping,
        State::Down => Word::Down,
        State::Waiting => Word::Waiting,
        State::Backoff => Word::Backoff,
        State::Failed => Word::Failed,
        State::Disabled => Word::Disabled,
    })
}

/// An event with nothing but what each has; its number comes when it is noted.
fn blank(label: Option<&str>, at: String, event: Word) -> Event {
    let label = label.map(str::to_owned);
    Event { seq: 0, at, label, event, run: None, pid: None, status: None, why: None, by: None }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(SENTENCE_MAX));
    text
}
