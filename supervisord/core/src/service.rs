//! One service: what is known of it. How it changes is in `life.rs`, `news.rs` and `steps.rs`,
//! nowhere else.

mod life;
mod news;
mod schedule;
mod state;
mod steps;

pub use state::State;

use std::sync::Arc;

use self::schedule::Schedule;
use crate::action::Action;
use crate::again::Starts;
use crate::event::Load;
use crate::moment::Moment;
use crate::past::{Memory, Timers};
use crate::policy::Policy;
use crate::run::{Exit, ServiceId};
use crate::trigger::Level;
use crate::wall::Wall;

/// What people asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Act by the definition.
    Up,
    /// Stay down.
    Down,
}

/// Why the latest run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The service was loaded.
    Load,
    /// A person asked.
    Asked,
    /// The policy restarts it after such an end.
    KeepAlive,
    /// An earlier daemon did, for reasons of its own.
    Before,
    /// Its `StartInterval` passed.
    Interval,
    /// Its `StartCalendarInterval` fell due.
    Calendar,
    /// One of its `WatchPaths` changed.
    Watch,
    /// A file system was mounted.
    Mount,
    /// Someone connected to one of its sockets.
    Socket,
    /// The level at that place of [`crate::Triggers::levels`] holds.
    Level(u16),
}

/// How the latest finished run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// There was none yet.
    Never,
    /// Its main process ended.
    Exit {
        /// How.
        exit: Exit,
        /// It had been told to.
        asked: bool,
    },
    /// Its process could not be made.
    NotMade(Box<str>),
}

/// What stands above the goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    Removed,
    Shutdown,
}

/// One turn of the loop: when it is, and what is to be done after it.
pub(crate) struct Turn<'a> {
    pub(crate) now: Moment,
    pub(crate) wall: &'a Wall,
    pub(crate) actions: &'a mut Vec<Action>,
}

/// One service.
#[derive(Debug)]
pub struct Service {
    id: ServiceId,
    label: Arc<str>,
    policy: Policy,
    goal: Goal,
    enabled: bool,
    leaving: Leaving,
    state: State,
    since: Moment,
    owed: Option<Cause>,
    cause: Cause,
    runs: u32,
    ended_run: u32,
    last_start: Option<Moment>,
    ended: Ended,
    ended_at: Option<Moment>,
    /// See [`Service::deference`].
    deference: u16,
    /// How many runs in a row the next pause grows with.
    tries: u32,
    seed: u64,
    starts: Starts,
    is_given_up: bool,
    schedule: Option<Box<Schedule>>,
}

/// See [`Service::marks`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Marks {
    runs: u32,
    ended_run: u32,
    is_begun: bool,
    is_given_up: bool,
    since: Moment,
    owed: Option<Cause>,
    timers: Timers,
}

/// Facts, for answers.
impl Service {
    pub(crate) fn new(load: Load, now: Moment) -> Self {
        let Load { service: id, label, policy, goal, enabled, seed, .. } = load;
        let schedule = policy.triggers.as_deref().map(|triggers| Box::new(Schedule::new(triggers)));
        Self {
            id,
            label,
            policy,
            goal,
            enabled,
            leaving: Leaving::No,
            state: State::Down,
            since: now,
            owed: None,
            cause: Cause::Load,
            runs: 0,
            ended_run: 0,
            last_start: None,
            ended: Ended::Never,
            ended_at: None,
            deference: 0,
            tries: 0,
            seed,
            starts: Starts::default(),
            is_given_up: false,
            schedule,
        }
    }

    /// Its name.
    #[must_use]
    pub fn label(&self) -> &Arc<str> {
        &self.label
    }

    pub(crate) fn id(&self) -> ServiceId {
        self.id
    }

    /// The levels that keep it alive.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        self.policy.levels()
    }

    /// Where it is.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Since when.
    #[must_use]
    pub fn since(&self) -> Moment {
        self.since
    }

    /// What is wanted.
    #[must_use]
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// False when `Disabled` holds.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// It is being removed, or the daemon is ending.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving != Leaving::No
    }

    /// What its definition says.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How many runs were begun.
    #[must_use]
    pub fn runs(&self) -> u32 {
        self.runs
    }

    /// The number of the latest finished run, 0 before the first end.
    #[must_use]
    pub fn ended_run(&self) -> u32 {
        self.ended_run
    }

    /// How the latest finished run went.
    #[must_use]
    pub fn ended(&self) -> &Ended {
        &self.ended
    }

    /// It was started too often, and only a request starts it again.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.is_given_up
    }

    /// Why the latest run was started.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// How many later starts its latest start lets go first: the more, the sooner the run before
    /// ended by itself; none unless it only keeps the service alive.
    #[must_use]
    pub fn deference(&self) -> u16 {
        if self.cause == Cause::KeepAlive { self.deference } else { 0 }
    }

    /// What a further start is owed to, while its process or the throttle is in its way.
    #[must_use]
    pub fn owed(&self) -> Option<Cause> {
        self.owed
    }

    /// What the next daemon has to know of it; `None` when that is nothing.
    #[must_use]
    pub fn memory(&self) -> Option<Memory> {
        self.marks().map(|Marks { runs, ended_run, is_begun, since, owed, timers, .. }| Memory {
            runs,
            ended_run,
            ended: self.ended.clone(),
            ended_at: self.ended_at,
            tries: self.tries,
            is_given_up: self.is_given_up,
            is_begun,
            cause: self.cause,
            last_start: self.last_start,
            since,
            owed,
            timers,
        })
    }

    /// What of [`Service::memory`] changes whenever anything of it does.
    pub(crate) fn marks(&self) -> Option<Marks> {
        let Self { runs, ended_run, since, owed, is_given_up, .. } = *self;
        let is_begun = matches!(self.state, State::Spawning { .. });
        let timers = self.timers();
        let is_blank = runs == 0 && owed.is_none() && timers == Timers::default();
        let marks = Marks { runs, ended_run, is_begun, is_given_up, since, owed, timers };
        (!is_blank).then_some(marks)
    }

    fn timers(&self) -> Timers {
        self.schedule.as_ref().map(|schedule| schedule.timers()).unwrap_or_default()
    }

    /// What is to happen to it later, as far as requests have a say in it.
    pub(crate) fn plans(&self) -> impl PartialEq + use<> {
        (self.owed, self.leaving)
    }

    /// When a timer of its definition starts it next, if nothing else does before.
    #[must_use]
    pub fn next_timer(&self) -> Option<Moment> {
        self.schedule.as_ref().and_then(|schedule| schedule.deadline())
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        [self.state.deadline(), self.next_timer()].into_iter().flatten().min()
    }

    /// It has a process, or will in a moment.
    pub(crate) fn is_active(&self) -> bool {
        self.state.run().is_some()
    }
}
