//! What can happen: requests of people, and news of the world.

use std::sync::Arc;
use std::time::Duration;

use crate::past::Past;
use crate::policy::Policy;
use crate::request::RequestId;
use crate::run::{Exit, Run, ServiceId};
use crate::service::{Cause, Goal};
use crate::wall::Wall;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A definition was taken in.
    Load(Box<Load>),
    /// Someone asks for a change of one service.
    Ask {
        /// The service.
        service: ServiceId,
        /// What is asked.
        change: Change,
        /// Gets exactly one [`crate::Action::Reply`].
        request: Option<RequestId>,
        /// What the answer waits for; [`Want::Nothing`] answers at once.
        want: Want,
    },
    /// Whoever asked has gone; no answer is needed any more.
    Cancel(RequestId),
    /// Every service is to end, and then the daemon. What has not ended after that time is killed,
    /// and left if it can't be; without one it is 90 s, or the longest stop timeout.
    Shutdown(Option<Duration>),
    /// The process of a run exists and executes the program.
    Spawned(Run),
    /// The process of a run could not be made.
    SpawnFailed {
        /// The run.
        run: Run,
        /// Stage, path and the system's words, for people.
        cause: Box<str>,
        /// Something was lacking that comes back by itself, like memory or descriptors.
        is_passing: bool,
    },
    /// The main process of a run ended.
    Exited {
        /// The run.
        run: Run,
        /// How.
        exit: Exit,
        /// No other process of its tree is left, or they are meant to stay.
        tree_empty: bool,
    },
    /// The last process of a run's tree ended, after its main process.
    Cleared(Run),
    /// A trigger outside of the core came: [`Cause::Watch`], [`Cause::Mount`] or [`Cause::Socket`].
    Trigger {
        /// The service.
        service: ServiceId,
        /// Which.
        cause: Cause,
    },
    /// A level that is watched outside of the core holds now, or no longer.
    Level {
        /// The service.
        service: ServiceId,
        /// Its place in [`crate::Triggers::levels`].
        level: u16,
        /// It holds.
        holds: bool,
    },
    /// The wall clock was set, or the machine's time zone changed; also told before the first load
    /// of a service with a calendar, whose times would all seem to be jumped over later.
    Wall(Wall),
    /// The time [`crate::Supervisor::deadline`] told has come; too early does nothing.
    Timeout,
}

impl Event {
    /// The service it is about, unless it is about all.
    #[must_use]
    pub fn service(&self) -> Option<ServiceId> {
        match self {
            Self::Load(load) => Some(load.service),
            Self::Ask { service, .. }
            | Self::Trigger { service, .. }
            | Self::Level { service, .. } => Some(*service),
            Self::Spawned(run)
            | Self::SpawnFailed { run, .. }
            | Self::Exited { run, .. }
            | Self::Cleared(run) => Some(run.service),
            Self::Cancel(_) | Self::Shutdown(_) | Self::Wall(_) | Self::Timeout => None,
        }
    }
}

/// A service to begin with.
#[derive(Debug, Clone)]
pub struct Load {
    /// Its name within this daemon, never used before.
    pub service: ServiceId,
    /// Its label, by which other services may depend on it.
    pub label: Arc<str>,
    /// What its definition says.
    pub policy: Policy,
    /// As it was last asked for.
    pub goal: Goal,
    /// False when `Disabled` holds.
    pub enabled: bool,
    /// What it did under a daemon before this one, since the machine booted.
    pub past: Option<Past>,
    /// What chance of its own is made from.
    pub seed: u64,
    /// Gets exactly one answer.
    pub request: Option<RequestId>,
    /// What the answer waits for.
    pub want: Want,
}

/// A change that can be asked for.
#[derive(Debug, Clone)]
pub enum Change {
    /// Goal up, and start now.
    Start,
    /// Goal down.
    Stop,
    /// Goal up, and a new run.
    Restart,
    /// `Disabled` off; acts by its policy as if just loaded.
    Enable,
    /// `Disabled` on; a live run goes on.
    Disable,
    /// Stop, then forget.
    Remove,
    /// Another definition; `renew` ends a live run that can't take it over.
    Replace {
        /// What the new definition says.
        policy: Policy,
        /// A live run has to be replaced too.
        renew: bool,
    },
    /// Nothing: someone merely waits.
    Watch,
    /// Nothing more: who had a definition taken in waits for what the levels told since led to.
    Await,
}

/// What an answer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Nothing.
    Nothing,
    /// The start that was asked for worked or did not; at rest by its own policy counts as done.
    Started,
    /// It runs, however long and often it takes.
    Up,
    /// The stop that was asked for is complete.
    Stopped,
    /// No process of it is left and none is owed.
    Down,
    /// The run of that number has ended.
    Ended(u32),
}
