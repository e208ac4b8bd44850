//! What a world has shown: which event came in which state, and which answer to which want.

use supervisor_core::{Answer, Change, Event, Left, ServiceId, State, Want};

use crate::world::{World, run_of};

/// Two words: a state and an event in it, a want and its answer, or what a past left.
pub(crate) type Sight = (&'static str, &'static str);

const STATES: [&str; 8] =
    ["down", "waiting", "spawning", "up", "stopping", "clearing", "backoff", "failed"];

const EVENTS: [&str; 17] = [
    "start", "stop", "restart", "enable", "disable", "remove", "replace", "watch", "shutdown",
    "timeout", "spawned", "not made", "exited", "cleared", "trigger", "level", "wall",
];

const PASTS: [Sight; 4] =
    [("past", "none"), ("past", "nothing"), ("past", "others"), ("past", "main")];

const ANSWERS: [Sight; 16] = [
    ("nothing", "done"),
    ("nothing", "disabled"),
    ("nothing", "shutting down"),
    ("started", "done"),
    ("started", "failed"),
    ("started", "superseded"),
    ("up", "done"),
    ("up", "failed"),
    ("up", "superseded"),
    ("stopped", "done"),
    ("stopped", "superseded"),
    ("down", "done"),
    ("down", "superseded"),
    ("ended", "done"),
    ("ended", "superseded"),
    ("ended", "shutting down"),
];

/// What all worlds together must have shown, lest they be too tame.
pub(crate) fn worth_seeing() -> impl Iterator<Item = Sight> {
    let pairs = STATES.into_iter().flat_map(|state| EVENTS.map(|event| (state, event)));
    pairs.chain(ANSWERS).chain(PASTS)
}

impl World {
    pub(crate) fn look(&mut self, event: &Event) {
        let what = match event {
            Event::Load(_) | Event::Cancel(_) => return,
            Event::Ask { change, .. } => self::change(change),
            Event::Shutdown(_) => "shutdown",
            Event::Spawned(_) => "spawned",
            Event::SpawnFailed { is_passing: false, .. } => "not made",
            Event::SpawnFailed { is_passing: true, .. } => "not made yet",
            Event::Exited { .. } => "exited",
            Event::Cleared(_) => "cleared",
            Event::Trigger { .. } => "trigger",
            Event::Level { .. } => "level",
            Event::Wall(_) => "wall",
            Event::Timeout => "timeout",
        };
        let about: Option<ServiceId> = match event {
            Event::Ask { service, .. }
            | Event::Trigger { service, .. }
            | Event::Level { service, .. } => Some(*service),
            Event::Load(_)
            | Event::Cancel(_)
            | Event::Shutdown(_)
            | Event::Spawned(_)
            | Event::SpawnFailed { .. }
            | Event::Exited { .. }
            | Event::Cleared(_)
            | Event::Wall(_)
            | Event::Timeout => run_of(event).map(|run| run.service),
        };
        for (id, service) in self.core.services() {
            if about.is_none_or(|about| about == id) {
                self.seen.insert((state(service.state()), what));
            }
        }
    }
}

pub(crate) fn left(left: Left) -> &'static str {
    match left {
        Left::Nothing => "nothing",
        Left::Others => "others",
        Left::Main => "main",
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Down => "down",
        State::Waiting => "waiting",
        State::Spawning { .. } => "spawning",
        State::Up { .. } => "up",
        State::Stopping { .. } => "stopping",
        State::Clearing { .. } => "clearing",
        State::Backoff { .. } => "backoff",
        State::Failed => "failed",
    }
}

fn change(change: &Change) -> &'static str {
    match change {
        Change::Start => "start",
        Change::Stop => "stop",
        Change::Restart => "restart",
        Change::Enable => "enable",
        Change::Disable => "disable",
        Change::Remove => "remove",
        Change::Replace { .. } => "replace",
        Change::Watch => "watch",
        Change::Await => "await",
    }
}

pub(crate) fn want(want: Want) -> &'static str {
    match want {
        Want::Nothing => "nothing",
        Want::Started => "started",
        Want::Up => "up",
        Want::Stopped => "stopped",
        Want::Down => "down",
        Want::Ended(_) => "ended",
    }
}

pub(crate) fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Done { .. } => "done",
        Answer::Failed => "failed",
        Answer::Superseded => "superseded",
        Answer::Disabled => "disabled",
        Answer::ShuttingDown => "shutting down",
    }
}
