//! The life of one service: what each request and each piece of news does in each state. The steps
//! they share are in `steps.rs`; nothing else changes a state.
//!
//! Goal and state are two axes: the goal is what people asked, the state is where the service is.
//! A start may also be *owed* (asked for, due at load, due by policy) while a process is still in
//! the way; it is paid when the service comes to rest.
//!
//! | state    | start  | stop      | restart   | spawned       | could not | exited        | cleared | time  |
//! |----------|--------|-----------|-----------|---------------|-----------|---------------|---------|-------|
//! | Down     | Spawn  | -         | Spawn     | -             | -         | -             | -       | -     |
//! | Waiting  | Spawn  | Down      | Spawn     | -             | -         | -             | -       | -     |
//! | Spawning | -      | *         | *         | Up, Stopping* | rest      | as Up         | -       | -     |
//! | Up       | -      | Stopping  | Stopping  | -             | -         | Clearing,rest | -       | -     |
//! | Stopping | owe    | -         | owe       | -             | -         | Clearing,rest | -       | kill  |
//! | Clearing | owe    | -         | owe       | -             | -         | -             | rest    | kill  |
//! | Backoff  | Spawn  | Down      | Spawn     | -             | -         | -             | -       | Spawn |
//! | Failed   | Spawn  | Down      | Spawn     | -             | -         | -             | -       | -     |
//!
//! A *trigger* (timer, path, socket, level) owes a start: paid at once at rest, later else. It
//! counts only while the service is wanted, and once however often it came.
//!
//! `*` a run that is no longer wanted when its process appears is told to end at once.
//! *rest* spawns when a start is owed or the policy wants one and the throttle allows it; else it
//! is Backoff until the throttle does, Failed when the process could not be made, Waiting when a
//! trigger may come, or Down.

use std::time::Duration;

use super::{Cause, Ended, Goal, Leaving, Service, State};
use crate::action::Action;
use crate::event::{Left, Past};
use crate::moment::Moment;
use crate::policy::{KeepAlive, Policy};
use crate::run::{Exit, Run};
use crate::wall::Wall;

/// Patience with what a dead main process left behind, where the definition never kills.
const CLEAR_TIMEOUT: Duration = Duration::from_secs(20);

/// One turn of the loop: when it is, and what is to be done after it.
pub(crate) struct Turn<'a> {
    pub(crate) now: Moment,
    pub(crate) wall: &'a Wall,
    pub(crate) actions: &'a mut Vec<Action>,
}

/// Requests.
impl Service {
    /// Acts by the policy as if just loaded.
    pub(crate) fn load(&mut self, turn: &mut Turn<'_>) {
        self.arm(turn);
        match self.state {
            State::Down | State::Waiting | State::Failed => {
                if self.policy.starts_at_load() && self.may_start_itself() {
                    self.owed = Some(Cause::Load);
                }
                self.rest(turn);
            }
            State::Backoff { .. } => self.rest(turn),
            State::Spawning { .. }
            | State::Up { .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => {}
        }
    }

    /// Goes on where an earlier daemon left it.
    pub(crate) fn resume(&mut self, past: Past, turn: &mut Turn<'_>) {
        let run = Run { service: self.id, number: past.runs };
        self.runs = past.runs;
        self.ended = past.ended;
        self.arm(turn);
        // Of a daemon that left no word, only that it had begun is known.
        let is_forgotten = past.runs == 0 && self.policy.starts_at_load();
        if past.is_begun || (is_forgotten && self.may_start_itself()) {
            self.owed = Some(Cause::Before);
        }
        match past.left {
            Left::Main => {
                self.ended_run = past.runs.saturating_sub(1);
                self.cause = Cause::Before;
                self.owed = None;
                self.enter(State::Up { run }, turn);
                if !self.is_wanted() {
                    self.terminate(run, turn);
                }
            }
            Left::Others => {
                self.ended_run = past.runs;
                turn.actions.push(Action::Terminate(run));
                let patience = self.policy.stop_timeout.unwrap_or(CLEAR_TIMEOUT);
                let kill_at = Some(turn.now + patience);
                self.enter(State::Clearing { run, kill_at }, turn);
            }
            Left::Nothing => {
                self.ended_run = past.runs;
                self.rest(turn);
            }
        }
    }

    pub(crate) fn start(&mut self, turn: &mut Turn<'_>) {
        self.demand(turn);
        match self.state {
            State::Down | State::Waiting | State::Backoff { .. } | State::Failed => {
                self.spawn(Cause::Asked, turn);
            }
            State::Spawning { renew: false, .. } | State::Up { .. } => {}
            State::Spawning { renew: true, .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => self.owed = Some(Cause::Asked),
        }
    }

    pub(crate) fn stop(&mut self, turn: &mut Turn<'_>) {
        self.aim(Goal::Down, turn);
        self.end(turn);
    }

    pub(crate) fn restart(&mut self, turn: &mut Turn<'_>) {
        self.demand(turn);
        self.renew(turn);
    }

    pub(crate) fn enable(&mut self, turn: &mut Turn<'_>) {
        if !self.enabled {
            self.set_enabled(true, turn);
            self.load(turn);
        }
    }

    pub(crate) fn disable(&mut self, turn: &mut Turn<'_>) {
        self.set_enabled(false, turn);
        self.disarm();
        match self.state {
            State::Waiting | State::Backoff { .. } | State::Failed => self.enter(State::Down, turn),
            State::Down
            | State::Spawning { .. }
            | State::Up { .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => {}
        }
    }

    pub(crate) fn remove(&mut self, turn: &mut Turn<'_>) {
        self.leaving = Leaving::Removed;
        self.end(turn);
    }

    pub(crate) fn shut_down(&mut self, turn: &mut Turn<'_>) {
        if self.leaving == Leaving::No {
            self.leaving = Leaving::Shutdown;
        }
        self.end(turn);
    }

    pub(crate) fn replace(&mut self, policy: Policy, renew: bool, turn: &mut Turn<'_>) {
        self.take_policy(policy, turn);
        match self.state {
            State::Failed => self.load(turn),
            State::Down | State::Waiting => {
                if self.policy.keep_alive == KeepAlive::Always && self.may_start_itself() {
                    self.owed = Some(Cause::Load);
                }
                self.rest(turn);
            }
            State::Backoff { .. } => self.rest(turn),
            State::Spawning { .. }
            | State::Up { .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => {
                if renew && self.is_wanted() {
                    self.renew(turn);
                }
            }
        }
    }

    pub(crate) fn is_removed(&self) -> bool {
        self.leaving == Leaving::Removed
    }

    fn renew(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::Down | State::Waiting | State::Backoff { .. } | State::Failed => {
                self.spawn(Cause::Asked, turn);
            }
            State::Spawning { run, .. } => {
                self.owed = Some(Cause::Asked);
                self.state = State::Spawning { run, renew: true };
            }
            State::Up { run } => {
                self.owed = Some(Cause::Asked);
                self.terminate(run, turn);
            }
            State::Stopping { .. } | State::Clearing { .. } => self.owed = Some(Cause::Asked),
        }
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        self.owed = None;
        self.disarm();
        match self.state {
            State::Waiting | State::Backoff { .. } | State::Failed => self.enter(State::Down, turn),
            State::Up { run } => self.terminate(run, turn),
            State::Down
            | State::Spawning { .. }
            | State::Stopping { .. }
            | State::Clearing { .. } => {}
        }
    }

    fn set_enabled(&mut self, enabled: bool, turn: &mut Turn<'_>) {
        if self.enabled != enabled {
            self.enabled = enabled;
            turn.actions.push(Action::Store(self.id));
            turn.actions.push(Action::Announce(self.id));
        }
    }

    fn demand(&mut self, turn: &mut Turn<'_>) {
        self.aim(Goal::Up, turn);
        if let Some(schedule) = &mut self.schedule {
            schedule.is_demanded = true;
        }
        self.arm(turn);
    }

    fn aim(&mut self, goal: Goal, turn: &mut Turn<'_>) {
        if self.goal != goal {
            self.goal = goal;
            turn.actions.push(Action::Store(self.id));
        }
    }
}

/// News.
impl Service {
    pub(crate) fn spawned(&mut self, run: Run, turn: &mut Turn<'_>) {
        if let State::Spawning { run: own, renew } = self.state
            && own == run
        {
            if renew || !self.is_wanted() {
                self.terminate(run, turn);
            } else {
                self.enter(State::Up { run }, turn);
            }
        }
    }

    pub(crate) fn spawn_failed(&mut self, run: Run, cause: Box<str>, turn: &mut Turn<'_>) {
        if let State::Spawning { run: own, .. } = self.state
            && own == run
        {
            self.ended = Ended::NotMade(cause);
            self.ended_run = run.number;
            self.rest(turn);
        }
    }

    pub(crate) fn exited(&mut self, run: Run, end: (Exit, bool), turn: &mut Turn<'_>) {
        if self.state.run() != Some(run) {
            return;
        }
        let (exit, tree_empty) = end;
        let patience = turn.now + self.policy.stop_timeout.unwrap_or(CLEAR_TIMEOUT);
        let (asked, kill_at) = match self.state {
            State::Spawning { .. } | State::Up { .. } => (false, patience),
            State::Stopping { kill_at, .. } => (true, kill_at.unwrap_or(patience)),
            State::Clearing { .. }
            | State::Down
            | State::Waiting
            | State::Backoff { .. }
            | State::Failed => return,
        };
        self.ended = Ended::Exit { exit, asked };
        self.ended_run = run.number;
        if tree_empty {
            return self.rest(turn);
        }
        // Also after a stop: what it started since then has not been told.
        turn.actions.push(Action::Terminate(run));
        self.enter(State::Clearing { run, kill_at: Some(kill_at) }, turn);
    }

    pub(crate) fn cleared(&mut self, run: Run, turn: &mut Turn<'_>) {
        if let State::Clearing { run: own, .. } = self.state
            && own == run
        {
            self.rest(turn);
        }
    }

    /// A trigger came.
    pub(crate) fn trigger(&mut self, cause: Cause, turn: &mut Turn<'_>) {
        if !self.is_wanted() || !self.enabled {
            return;
        }
        if cause == Cause::Socket
            && let Some(schedule) = &mut self.schedule
        {
            schedule.is_demanded = true;
        }
        if self.may_start_itself() {
            self.owed.get_or_insert(cause);
            self.pay(turn);
        }
    }

    /// A level holds now, or no longer; that it does not ends nothing.
    pub(crate) fn level(&mut self, level: u16, holds: bool, turn: &mut Turn<'_>) {
        if let Some(schedule) = &mut self.schedule {
            schedule.set_level(usize::from(level), holds);
            if holds {
                self.pay(turn);
            }
        }
    }

    /// The wall clock was set.
    pub(crate) fn set_wall(&mut self, turn: &mut Turn<'_>) {
        if let (Some(schedule), Some(triggers)) = (&mut self.schedule, &self.policy.triggers) {
            schedule.set_wall(triggers, turn.now, turn.wall);
        }
    }

    pub(crate) fn timeout(&mut self, turn: &mut Turn<'_>) {
        let fired = match (&mut self.schedule, &self.policy.triggers) {
            (Some(schedule), Some(triggers)) => schedule.fire(triggers, turn.now, turn.wall),
            (Some(_) | None, _) => None,
        };
        if let Some(cause) = fired {
            self.trigger(cause, turn);
        }
        if self.state.deadline().is_none_or(|deadline| turn.now < deadline) {
            return;
        }
        match self.state {
            State::Stopping { run, .. } => {
                self.state = State::Stopping { run, kill_at: None };
                turn.actions.push(Action::Kill(run));
            }
            State::Clearing { run, .. } => {
                self.state = State::Clearing { run, kill_at: None };
                turn.actions.push(Action::Kill(run));
            }
            State::Backoff { .. } => {
                let cause = self.owed.unwrap_or(Cause::KeepAlive);
                self.spawn(cause, turn);
            }
            State::Down
            | State::Waiting
            | State::Spawning { .. }
            | State::Up { .. }
            | State::Failed => {}
        }
    }
}
