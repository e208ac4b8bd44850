//! The world's own books: what was asked of each service, and which of its processes live.

use std::sync::Arc;
use std::time::Duration;

use supervisor_core::{Cause, Event, Exit, Goal, Memory, Moment, Policy, Run};

use crate::nature::Birth;
use crate::reasons::{is_success, levels, starts_at_load};
use crate::timers::Timers;

/// Patience with leftovers where the definition has none to give.
const CLEAR_TIMEOUT: Duration = Duration::from_secs(20);

/// One service, as people and processes know it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) label: Arc<str>,
    pub(crate) policy: Policy,
    pub(crate) goal: Goal,
    pub(crate) enabled: bool,
    pub(crate) removed: bool,
    /// What the latest `Store` wrote.
    pub(crate) stored: (Goal, bool),
    /// When the latest end was told.
    pub(crate) ended_at: Option<Moment>,
    /// How many runs in a row did not do well; the next pause grows with them.
    pub(crate) bad_runs: u32,
    /// When it was started, since somebody asked for that or it was loaded.
    pub(crate) starts: Vec<Moment>,
    /// That was too often.
    pub(crate) is_given_up: bool,
    /// What another run is owed to.
    pub(crate) owed: Option<Cause>,
    pub(crate) timers: Timers,
    /// Of its levels, those that hold as far as it was told; nobody tells of those about others.
    pub(crate) told_levels: Vec<bool>,
    pub(crate) trees: Vec<Tree>,
    /// What the next daemon would be told of it.
    pub(crate) noted: Option<Memory>,
    /// Since when it is where it is, from an earlier look.
    pub(crate) since: Moment,
}

/// All processes of one run.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) birth: Birth,
    pub(crate) begun: Moment,
    /// What it was begun for.
    pub(crate) cause: Cause,
    /// The truth.
    pub(crate) is_being_made: bool,
    pub(crate) main_lives: bool,
    pub(crate) child_lives: bool,
    /// What the supervisor was told of it.
    pub(crate) told: Told,
    pub(crate) end: Option<End>,
    /// What was done to it.
    pub(crate) terminated: Option<Moment>,
    /// What its main process left behind was told too.
    pub(crate) is_told_again: bool,
    /// From when on force is right; it is also due then.
    pub(crate) force_at: Option<Moment>,
    pub(crate) is_forced: bool,
}

/// How much of a run's story the supervisor was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    Nothing,
    Spawned,
    MainEnded,
    AllEnded,
}

/// The end of a run, for the rules of restarting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) exit: Option<Exit>,
    pub(crate) asked: bool,
}

impl Known {
    pub(crate) fn new(label: Arc<str>, policy: Policy, (goal, enabled): (Goal, bool)) -> Self {
        let told_levels = vec![false; levels(&policy).len()];
        Self {
            label,
            policy,
            goal,
            enabled,
            removed: false,
            stored: (goal, enabled),
            ended_at: None,
            bad_runs: 0,
            starts: Vec::new(),
            is_given_up: false,
            owed: None,
            timers: Timers::default(),
            told_levels,
            trees: Vec::new(),
            noted: None,
            since: Moment::default(),
        }
    }

    /// It is loaded and never ran.
    pub(crate) fn begin(&mut self) {
        let is_wanted = self.enabled && self.goal == Goal::Up;
        if is_wanted && starts_at_load(&self.policy) && self.may_start_itself() {
            self.owed = Some(Cause::Load);
        }
    }

    /// What matters of it when something went wrong.
    pub(crate) fn brief(&self) -> String {
        let Self { policy, goal, enabled, removed, owed, told_levels, trees, .. } = self;
        let last = trees.last();
        format!(
            "{policy:?}, {goal:?}, enabled {enabled}, removed {removed}, owed {owed:?}, \
             {told_levels:?}, runs {}, {last:?}",
            trees.len()
        )
    }

    /// People want it to run, unless the daemon ends.
    pub(crate) fn is_wanted(&self, is_shutting_down: bool) -> bool {
        self.goal == Goal::Up && !self.removed && !is_shutting_down
    }

    pub(crate) fn lives(&self) -> bool {
        self.trees.iter().any(Tree::lives)
    }

    /// It has a process as far as the supervisor knows.
    pub(crate) fn is_active(&self) -> bool {
        self.trees.last().is_some_and(|tree| tree.told < Told::AllEnded)
    }

    /// The number of the latest run of which the supervisor was told the end.
    pub(crate) fn ended_run(&self) -> usize {
        let has_ended = self.trees.last().is_none_or(|last| Told::MainEnded <= last.told);
        if has_ended { self.trees.len() } else { self.trees.len() - 1 }
    }

    pub(crate) fn tree(&mut self, run: Run) -> &mut Tree {
        &mut self.trees[run.number as usize - 1]
    }

    /// Its latest run could not be made for want of something that comes back.
    pub(crate) fn is_lacking(&self) -> bool {
        let Some(last) = self.trees.last() else { return false };
        last.birth.is_passing && last.end.is_some_and(|end| end.exit.is_none())
    }

    /// From when on the next run may begin unless a person asks: at the earliest and the latest,
    /// where chance has a part in it.
    pub(crate) fn throttled_until(&self) -> (Moment, Moment) {
        let Some(last) = self.trees.last() else { return Default::default() };
        let is_not_made = last.end.is_some_and(|end| end.exit.is_none());
        let least = if is_not_made { Duration::from_secs(1) } else { Duration::ZERO };
        let Some(backoff) = &self.policy.backoff else {
            let until = last.begun + self.policy.throttle.max(least);
            return (until, until);
        };
        let Some(ended_at) = self.ended_at else { return Default::default() };
        let mut longest = backoff.initial.min(backoff.max);
        for _ in 1..self.bad_runs {
            longest = longest.mul_f64(backoff.factor).min(backoff.max);
        }
        let shortest = longest.mul_f64(1.0 - backoff.jitter);
        (ended_at + shortest.max(least), ended_at + longest.max(least))
    }

    /// A start at that time would be more than its definition allows.
    pub(crate) fn is_too_much(&self, at: Moment) -> bool {
        let Some(limit) = self.policy.start_limit.as_deref() else { return false };
        let counts = |start: &&Moment| at < **start + limit.interval;
        limit.burst as usize <= self.starts.iter().filter(counts).count()
    }

    /// Earlier starts count no more.
    pub(crate) fn forgive(&mut self) {
        self.starts.clear();
        self.is_given_up = false;
    }

    /// Writes down how the latest run ended, for the pause before the next.
    pub(crate) fn count_end(&mut self, now: Moment) {
        self.ended_at = Some(now);
        let Some(last) = self.trees.last() else { return };
        let exit = last.end.and_then(|end| end.exit);
        let Some(backoff) = &self.policy.backoff else {
            self.bad_runs = 0;
            return;
        };
        if is_success(&self.policy, exit) && !self.is_kept_alive() {
            self.bad_runs = 0;
        } else if exit.is_some() && last.begun + backoff.reset_after <= now {
            self.bad_runs = 1;
        } else {
            self.bad_runs += 1;
        }
    }

    /// Writes down news that is about to be told, unless it is stale.
    pub(crate) fn hear(&mut self, event: &Event, now: Moment) {
        let patience = now + self.policy.stop_timeout.unwrap_or(CLEAR_TIMEOUT);
        match event {
            Event::Spawned(run) if self.tree(*run).told == Told::Nothing => {
                self.tree(*run).told = Told::Spawned;
            }
            Event::SpawnFailed { run, is_passing, .. } if self.tree(*run).told == Told::Nothing => {
                let tree = self.tree(*run);
                tree.told = Told::AllEnded;
                tree.end = Some(End { exit: None, asked: false });
                if *is_passing {
                    let cause = tree.cause;
                    self.owed = self.owed.or(Some(cause));
                    self.starts.pop();
                }
                self.count_end(now);
            }
            Event::Exited { run, exit, tree_empty } if self.tree(*run).told < Told::MainEnded => {
                let tree = self.tree(*run);
                let asked = tree.terminated.is_some();
                tree.told = if *tree_empty { Told::AllEnded } else { Told::MainEnded };
                tree.end = Some(End { exit: Some(*exit), asked });
                if asked && tree.force_at.is_none() {
                    tree.force_at = Some(patience);
                }
                self.count_end(now);
            }
            Event::Cleared(run) => self.tree(*run).told = Told::AllEnded,
            Event::Spawned(_)
            | Event::SpawnFailed { .. }
            | Event::Exited { .. }
            | Event::Load(_)
            | Event::Ask { .. }
            | Event::Cancel(_)
            | Event::Trigger { .. }
            | Event::Level { .. }
            | Event::Wall(_)
            | Event::Shutdown(_)
            | Event::Timeout => {}
        }
    }

    /// Writes down that a run is told to end.
    pub(crate) fn terminate(&mut self, run: Run, now: Moment) {
        let patience = self.policy.stop_timeout;
        let tree = self.tree(run);
        if tree.terminated.is_some() {
            // The time runs since it was told first.
            tree.is_told_again = true;
            return;
        }
        let patience = if tree.told == Told::MainEnded {
            Some(patience.unwrap_or(CLEAR_TIMEOUT))
        } else {
            patience
        };
        tree.terminated = Some(now);
        tree.force_at = patience.map(|patience| now + patience);
    }
}

impl Tree {
    pub(crate) fn new(birth: Birth, now: Moment, cause: Cause) -> Self {
        Self {
            birth,
            begun: now,
            cause,
            is_being_made: true,
            main_lives: false,
            child_lives: false,
            told: Told::Nothing,
            end: None,
            terminated: None,
            is_told_again: false,
            force_at: None,
            is_forced: false,
        }
    }

    pub(crate) fn lives(&self) -> bool {
        self.is_being_made || self.main_lives || self.child_lives
    }
}
