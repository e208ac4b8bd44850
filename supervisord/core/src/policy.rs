//! What a definition says about a service's life, as the core needs it.

use std::time::Duration;

use protocol::definition::{self, Definition};

use crate::run::Exit;

/// The rules of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Start it when it is loaded (launchd.plist(5) `RunAtLoad`).
    pub run_at_load: bool,
    /// When to start it again (`KeepAlive`).
    pub keep_alive: KeepAlive,
    /// Shortest time from one start to the next (`ThrottleInterval`).
    pub throttle: Duration,
    /// From terminate to kill (`ExitTimeOut`); `None` never kills.
    pub stop_timeout: Option<Duration>,
}

/// launchd.plist(5) `KeepAlive`.
#[derive(Debug, Clone, PartialEq)]
pub enum KeepAlive {
    /// On demand only.
    Never,
    /// Whatever happened.
    Always,
    /// When any of these holds.
    When(Box<[Condition]>),
}

/// One entry of a `KeepAlive` dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The last run exited with 0, or, when false, ended in any other way.
    SuccessfulExit(bool),
    /// The last run crashed, or, when false, ended in any other way.
    Crashed(bool),
}

/// What is known of the last run when conditions are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastRun {
    /// It ended like this; `asked` when we had told it to.
    Exit { exit: Exit, asked: bool },
    /// Its process could not be made.
    NotMade,
}

impl Policy {
    /// The first start is owed as soon as the service is loaded: by `RunAtLoad`, and by the
    /// conditions on exits, which launchd can only judge after a first run.
    pub(crate) fn starts_at_load(&self) -> bool {
        self.run_at_load
            || match &self.keep_alive {
                KeepAlive::Never => false,
                KeepAlive::Always => true,
                KeepAlive::When(conditions) => !conditions.is_empty(),
            }
    }

    /// Another run is due after this one.
    pub(crate) fn restarts_after(&self, last: LastRun) -> bool {
        match &self.keep_alive {
            KeepAlive::Never => false,
            KeepAlive::Always => true,
            KeepAlive::When(conditions) => conditions.iter().any(|condition| condition.holds(last)),
        }
    }
}

impl Condition {
    fn holds(self, last: LastRun) -> bool {
        let (successful, crashed) = match last {
            LastRun::Exit { exit, asked } => (exit.is_success(), exit.is_crash() && !asked),
            LastRun::NotMade => (false, false),
        };
        match self {
            Self::SuccessfulExit(value) => successful == value,
            Self::Crashed(value) => crashed == value,
        }
    }
}

impl From<&Definition> for Policy {
    fn from(definition: &Definition) -> Self {
        Self {
            run_at_load: definition.run_at_load,
            keep_alive: (&definition.keep_alive).into(),
            throttle: definition.throttle_interval,
            stop_timeout: definition.stop_timeout(),
        }
    }
}

impl From<&definition::KeepAlive> for KeepAlive {
    fn from(keep_alive: &definition::KeepAlive) -> Self {
        match keep_alive {
            definition::KeepAlive::Never => Self::Never,
            definition::KeepAlive::Always => Self::Always,
            definition::KeepAlive::When(given) => {
                let conditions = [
                    given.successful_exit.map(Condition::SuccessfulExit),
                    given.crashed.map(Condition::Crashed),
                ];
                Self::When(conditions.into_iter().flatten().collect())
            }
        }
    }
}
