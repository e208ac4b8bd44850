//! What a definition says about a service's life, as the core needs it.

use std::time::Duration;

use protocol::definition::{self, Definition};

use crate::again::{Backoff, Restart, RestartOn, StartLimit};
use crate::run::Exit;
use crate::service::Cause;
use crate::trigger::{Level, Triggers};

/// The rules of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Start it when it is loaded (launchd.plist(5) `RunAtLoad`).
    pub run_at_load: bool,
    /// When to start it again (`KeepAlive`).
    pub keep_alive: KeepAlive,
    /// What stands in the place of what that says about ends.
    pub restart: Option<Box<Restart>>,
    /// Shortest time from one start to the next (`ThrottleInterval`).
    pub throttle: Duration,
    /// Pauses in the place of that.
    pub backoff: Option<Box<Backoff>>,
    /// When it is given up.
    pub start_limit: Option<Box<StartLimit>>,
    /// From terminate to kill (`ExitTimeOut`); `None` never kills.
    pub stop_timeout: Option<Duration>,
    /// What else may start it; `None` for nothing.
    pub triggers: Option<Box<Triggers>>,
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
    /// Something other than a request or its own exit may start it.
    pub(crate) fn has_triggers(&self) -> bool {
        self.triggers.as_ref().is_some_and(|triggers| triggers.can_start())
    }

    /// This trigger may start it.
    pub(crate) fn has_trigger(&self, cause: Cause) -> bool {
        self.triggers.as_ref().is_some_and(|triggers| triggers.has(cause))
    }

    /// The levels that keep it alive.
    pub(crate) fn levels(&self) -> &[Level] {
        self.triggers.as_deref().map_or(&[], |triggers| &triggers.levels)
    }

    /// It waits for a first request or connection.
    pub(crate) fn is_after_demand(&self) -> bool {
        self.triggers.as_ref().is_some_and(|triggers| triggers.after_demand)
    }

    /// It starts by itself no more than once.
    pub(crate) fn is_once(&self) -> bool {
        self.triggers.as_ref().is_some_and(|triggers| triggers.once)
    }

    /// The first start is owed as soon as the service is loaded: by `RunAtLoad`, and by the
    /// conditions on exits, which can only be judged after a first run.
    pub(crate) fn starts_at_load(&self) -> bool {
        self.run_at_load
            || match (&self.restart, &self.keep_alive) {
                (Some(restart), _) => restart.on != RestartOn::Never,
                (None, KeepAlive::Never) => false,
                (None, KeepAlive::Always) => true,
                (None, KeepAlive::When(conditions)) => !conditions.is_empty(),
            }
    }

    /// It is to run at all times, however its runs end.
    pub(crate) fn is_always_up(&self) -> bool {
        match &self.restart {
            Some(restart) => restart.on == RestartOn::Always,
            None => self.keep_alive == KeepAlive::Always,
        }
    }

    /// Another run is due after this one.
    pub(crate) fn restarts_after(&self, last: LastRun) -> bool {
        if let Some(restart) = &self.restart {
            return restart.follows(last);
        }
        match &self.keep_alive {
            KeepAlive::Never => false,
            KeepAlive::Always => true,
            KeepAlive::When(conditions) => conditions.iter().any(|condition| condition.holds(last)),
        }
    }

    /// A run went well, and no rule wants another one after it.
    pub(crate) fn is_content_with(&self, last: LastRun) -> bool {
        let LastRun::Exit { exit, .. } = last else { return false };
        let is_success = match &self.restart {
            Some(restart) => restart.is_success(exit),
            None => exit.is_success(),
        };
        is_success && !self.restarts_after(last)
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

impl Policy {
    /// The rules of a definition; signals have the numbers of this system.
    #[must_use]
    pub fn of(definition: &Definition, signal_number: impl Fn(&str) -> Option<i32>) -> Self {
        let restart = definition.restart();
        let limit = definition.rare.supervisor.start_limit.as_ref();
        let backoff = definition.rare.supervisor.backoff.as_deref();
        Self {
            run_at_load: definition.run_at_load,
            keep_alive: (&definition.keep_alive).into(),
            restart: restart.map(|given| Box::new(Restart::of(given, signal_number))),
            throttle: definition.throttle_interval,
            backoff: backoff.map(|given| Box::new(given.into())),
            start_limit: limit
                .map(|given| Box::new(StartLimit { burst: given.burst, interval: given.interval })),
            stop_timeout: definition.stop_timeout(),
            triggers: Triggers::of(definition),
        }
    }
}

impl From<&definition::KeepAlive> for KeepAlive {
    fn from(keep_alive: &definition::KeepAlive) -> Self {
        match keep_alive {
            definition::KeepAlive::Never => Self::Never,
            definition::KeepAlive::Always => Self::Always,
            definition::KeepAlive::When(given) => {
                let has_others = !given.path_state.is_empty()
                    || !given.other_job_enabled.is_empty()
                    || !given.other_job_active.is_empty()
                    || given.network_state.is_some();
                let conditions = [
                    given.successful_exit.map(Condition::SuccessfulExit),
                    given.crashed.map(Condition::Crashed),
                ];
                let conditions: Box<[Condition]> = conditions.into_iter().flatten().collect();
                // launchd keeps a service alive that gave AfterInitialDemand and nothing else.
                if given.after_initial_demand && conditions.is_empty() && !has_others {
                    Self::Always
                } else {
                    Self::When(conditions)
                }
            }
        }
    }
}
