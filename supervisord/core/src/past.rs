//! What a daemon leaves to the next one, of each service: enough to go on as if it had never died.

use jiff::Timestamp;

use crate::moment::Moment;
use crate::service::{Cause, Ended};

/// What a service did before this daemon began. It goes on from there: being loaded again is no
/// reason to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// What was noted of it last.
    pub memory: Memory,
    /// What is left of its latest run.
    pub left: Left,
}

/// All that a service has to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// How many runs were begun.
    pub runs: u32,
    /// The latest of them that is known to have ended.
    pub ended_run: u32,
    /// How that one went.
    pub ended: Ended,
    /// When its end was seen.
    pub ended_at: Option<Moment>,
    /// How many runs in a row the next pause grows with.
    pub tries: u32,
    /// It was started too often, and nobody asked for a start since.
    pub is_given_up: bool,
    /// The latest run was being made.
    pub is_begun: bool,
    /// Why the latest run was started.
    pub cause: Cause,
    /// When.
    pub last_start: Option<Moment>,
    /// Since when it is where it is.
    pub since: Moment,
    /// What a further start is owed to.
    pub owed: Option<Cause>,
    /// When its timers are due.
    pub timers: Timers,
}

/// The timers of a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timers {
    /// When its `StartInterval` is over.
    pub interval: Option<Moment>,
    /// The next time of its `StartCalendarInterval`.
    pub calendar: Option<Timestamp>,
    /// The latest time of that which came.
    pub came: Option<Timestamp>,
}

/// What is left of a run that an earlier daemon began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// Its main process ended, and others of its tree have not.
    Others,
    /// Its main process runs.
    Main,
}
