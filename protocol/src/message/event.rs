//! What happened, one event a change, under numbers that go on over kills and upgrades.
//!
//! The same lines make the journal that the daemon keeps, so they are read for ever.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::envelope::Id;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its number; each is one higher than the one before, also of another daemon.
    pub seq: u64,
    /// When, RFC 3339.
    pub at: String,
    /// The service; absent when it is about all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What.
    pub event: Word,
    /// The number of the service's run it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// That run's main process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How the run ended, as in `list`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// Why, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who asked for what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Asker>,
}

/// What an event tells: the state that a service came to, or something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It runs.
    Up,
    /// It was told to end, or the rest of its process tree was.
    Stopping,
    /// It rests, and nothing but a request starts it.
    Down,
    /// It rests until a trigger of its definition comes.
    Waiting,
    /// It starts again at a known time.
    Backoff,
    /// It could not be started.
    Failed,
    /// It rests, and is disabled.
    Disabled,
    /// Someone asked for a change.
    Asked,
    /// Its main process ended.
    Exited,
    /// It is gone.
    Removed,
}

/// Someone who asked for a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asker {
    /// The method.
    pub verb: String,
    /// The user's number, where the system has such; absent when the system itself asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The asking process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The reason it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Parameters of the `event` notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventNews {
    /// The `events` request it belongs to.
    pub request: Id,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Answer to `events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventsEnd {
    /// The number that the next event will have.
    pub next: u64,
}

impl Word {
    /// The word as written on the wire and shown to people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Stopping => "stopping",
            Self::Down => "down",
            Self::Waiting => "waiting",
            Self::Backoff => "backoff",
            Self::Failed => "failed",
            Self::Disabled => "disabled",
            Self::Asked => "asked",
            Self::Exited => "exited",
            Self::Removed => "removed",
        }
    }
}
