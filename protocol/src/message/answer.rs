//! What the daemon answers and announces.
//!
//! [`Row`]'s seven fields are a contract with scripts: they stay, with these meanings.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, LastOutput};

/// Answer to `hello`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// The daemon's version.
    pub version: String,
    /// The protocol version it speaks.
    pub protocol: u32,
    /// Its process.
    pub pid: u32,
    /// Since when it runs, RFC 3339.
    pub since: String,
    /// Where the definitions are.
    pub services: String,
    /// Where logs go that no definition places elsewhere.
    pub logs: String,
}

/// Answer to `ping`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pong {
    /// The daemon's process.
    pub pid: u32,
    /// How many services it knows.
    pub services: usize,
}

/// Answer to `list`; its rows are [`Brief`] ones if that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page<R = Row> {
    /// In label order.
    pub services: Vec<R>,
    /// Present when more follow: ask again with it as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What launchctl lists of a service; see [`Row`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Brief<'a> {
    /// Its name.
    pub label: Cow<'a, str>,
    /// Its main process, when there is one.
    pub pid: Option<u32>,
    /// How the last run ended.
    pub status: Option<i64>,
}

/// One service in a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Its main process, when there is one.
    pub pid: Option<u32>,
    /// How the last run ended: the exit code, or minus the signal's number; null before the first
    /// end.
    /// 78 (`EX_CONFIG`) when the program could not be started, as launchd shows it.
    pub status: Option<i64>,
    /// Where it is.
    pub state: State,
    /// What is wanted.
    pub goal: Goal,
    /// How many runs followed the first one, since the service was added or the daemon began.
    pub restarts: u64,
    /// Since when it is in this state, RFC 3339.
    pub since: String,
}

/// What is wanted of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// It acts by its definition.
    Up,
    /// It stays down until someone starts it.
    Down,
}

/// Where a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// At rest; nothing but a request starts it.
    Down,
    /// At rest until a trigger of its definition comes.
    Waiting,
    /// A process is being made, or is not ready yet.
    Starting,
    /// It runs.
    Up,
    /// It was told to end, or the rest of its process tree was.
    Stopping,
    /// It ended and starts again at a known time.
    Backoff,
    /// It could not be started, and nothing but a request tries again.
    Failed,
    /// At rest, and `Disabled`.
    Disabled,
}

impl State {
    /// The word as written on the wire and shown to people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Stopping => "stopping",
            Self::Backoff => "backoff",
            Self::Failed => "failed",
            Self::Disabled => "disabled",
        }
    }
}

impl Goal {
    /// The word as written on the wire and shown to people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// Answer to `status`: a row, and all the rest that is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The brief part.
    #[serde(flatten)]
    pub row: Row,
    /// The file the definition came from.
    pub definition: String,
    /// The program with its arguments.
    pub command: Vec<String>,
    /// Where it runs.
    pub directory: String,
    /// Where its standard output goes; null for nowhere.
    pub stdout: Option<String>,
    /// Where its standard error goes; null for nowhere.
    pub stderr: Option<String>,
    /// False when `Disabled` holds for it.
    pub enabled: bool,
    /// The restart rule in words, like `always` or `unless it succeeds`.
    pub keep_alive: String,
    /// Shortest time between two starts, in milliseconds; 0 where pauses count from ends instead.
    pub throttle_ms: u64,
    /// Time between terminate and kill, in milliseconds; null for never.
    pub stop_timeout_ms: Option<u64>,
    /// How many runs there were, the present one included.
    pub runs: u64,
    /// How the last run ended, in words; null before the first end.
    pub last_exit: Option<String>,
    /// When it starts next, RFC 3339, where that is known.
    pub next_start: Option<String>,
    /// Why it is where it is, in one sentence.
    pub why: String,
    /// Keys of its definition that are not honoured here, with the reason, and what is wrong with
    /// its logs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the last exit commonly means, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_exit_means: Option<String>,
    /// The last lines of the last run that has ended, stream by stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_output: Vec<LastOutput>,
    /// Who asked last for a change of it, since the daemon began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// Answer to a method that changes one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The service as it is now; for `remove`, as it was last.
    #[serde(flatten)]
    pub row: Row,
    /// False when there was nothing to do.
    pub changed: bool,
    /// Why it is where it is, in one sentence.
    pub why: String,
    /// What a person should know about the definition, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Answer to `apply`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// What is done, in label order; services that stay as they are do not appear.
    pub steps: Vec<PlanStep>,
    /// Files that could not be taken; what was loaded from them before stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
    /// Files that say they are not for this host; nothing is loaded from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanStep {
    /// The service.
    pub label: String,
    /// What is done with it.
    pub step: Step,
    /// Why, in one sentence.
    pub why: String,
}

/// What `apply` does with one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Its file is new.
    Add,
    /// Its file is gone.
    Remove,
    /// Only keys changed that act at once.
    Hot,
    /// Keys changed that act at its next start.
    NextStart,
    /// Keys changed that its process can't take over.
    Restart,
}

/// A definition file that could not be taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected {
    /// The file.
    pub file: String,
    /// Its faults, one line each.
    pub faults: Vec<String>,
}

/// A definition file that is for other hosts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// The service it describes.
    pub label: String,
    /// Why, in one sentence.
    pub why: String,
}

/// Answer to `shutdown`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// How many services it had; none of them has a process any more but those that are left.
    pub services: usize,
    /// Services that could not be ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

/// Parameters of the `waiting` notification, which tells who asked for a `shutdown` what it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// The `shutdown` request it belongs to.
    pub request: super::Id,
    /// The first services that have not ended.
    pub services: Vec<WaitingFor>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
}

/// A service that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingFor {
    /// Its name.
    pub label: String,
    /// What it does, in one sentence.
    pub why: String,
}

/// Parameters of the `log` notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogText {
    /// The `logs` request it belongs to.
    pub request: super::Id,
    /// The service.
    pub label: String,
    /// Text as the service wrote it; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Where the log goes on behind this text; `logs` takes it as `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Position>,
    /// Present when this is no text, but what happened behind the text before it; sent only to who
    /// asked for marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<LogMark>,
    /// When the mark or the rotation before this text was made, RFC 3339: the text is about as old
    /// as that, or younger. Sent only to who asked for marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// What happened between two bytes of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogMark {
    /// Whose run it was; services may share a log.
    pub label: String,
    /// Which run.
    pub run: u32,
    /// When, RFC 3339.
    pub at: String,
    /// What.
    pub event: LogEvent,
    /// The process, where one began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How it ended, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

/// What a mark in a log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogEvent {
    /// The run began.
    Began,
    /// The run ended.
    Ended,
}

/// A place in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// Which file, by what the file system calls it.
    pub file: u64,
    /// How many bytes were ever written to the log before it, whatever was rotated away of them.
    pub offset: u64,
    /// The last mark that was sent, by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
