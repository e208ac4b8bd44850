//! One service in a scripted world on the virtual clock: each run lives as long as it is told, and
//! ends as it is told. Every decision is the supervisor's own; nothing is decided here.
//!
//! Nothing happens in this world but the clock, the ends of runs, and a start asked for at the
//! beginning: no path changes, nobody connects, no other service is there.

mod world;

pub use world::Simulation;

use std::sync::Arc;
use std::time::Duration;

use crate::moment::Moment;
use crate::policy::Policy;
use crate::run::Exit;
use crate::service::{Cause, Ended, State};
use crate::wall::Wall;

/// What is going to happen.
#[derive(Debug, Clone)]
pub struct Script {
    /// The service's name.
    pub label: Arc<str>,
    /// What its definition says.
    pub policy: Policy,
    /// False when `Disabled` holds.
    pub enabled: bool,
    /// Someone asks for a start right after it was loaded.
    pub asked: bool,
    /// What the clock on the wall shows at the beginning, and the time zone.
    pub wall: Wall,
    /// How the runs go, in order.
    pub runs: Vec<Fate>,
    /// What comes later is not looked at. With it, runs behind the last of `runs` go like that
    /// one; without it, the end of the last one is the end of all.
    pub until: Option<Moment>,
}

/// How one run goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Its process lives that long, then ends.
    Ends {
        /// So long.
        after: Duration,
        /// How.
        exit: Exit,
    },
    /// Its process can't be made, for this reason.
    NotMade(Box<str>),
    /// Its process never ends.
    Stays,
}

/// One thing that happened, and how things stood after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When.
    pub at: Moment,
    /// What.
    pub what: What,
    /// Where the service is after it.
    pub state: State,
    /// What a further start is owed to, while one is.
    pub owed: Option<Cause>,
    /// When a timer of the definition is due next.
    pub next_timer: Option<Moment>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The service was loaded, which began no run.
    Loaded,
    /// A run began.
    Began {
        /// Its number, from 1.
        run: u32,
        /// Why.
        cause: Cause,
        /// How the one before ended.
        last: Ended,
    },
    /// The process of a run could not be made.
    NotMade {
        /// Its number.
        run: u32,
        /// What it was to be started for.
        cause: Cause,
        /// The reason.
        reason: Box<str>,
    },
    /// A run ended.
    Ended {
        /// Its number.
        run: u32,
        /// How.
        exit: Exit,
        /// How long it lived.
        lived: Duration,
    },
    /// A timer fell due, but no run began at once.
    Fired {
        /// Which, where that can be told.
        timer: Option<Cause>,
        /// A start is owed for it which was not owed before.
        counts: bool,
    },
    /// The story ends.
    Over(Over),
}

/// Why the story ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// All runs of the script have ended.
    UsedUp,
    /// Its run goes on for ever.
    RunsOn,
    /// Nothing that this world has starts it any more.
    AtRest,
    /// The time to look at is over.
    Time,
}
