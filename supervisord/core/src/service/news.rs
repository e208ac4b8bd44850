//! The life of one service: what each piece of news does in each state; the table is in `life.rs`.

use super::{Cause, Ended, Service, State, Turn};
use crate::action::Action;
use crate::run::{Exit, Run};

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

    pub(crate) fn spawn_failed(
        &mut self,
        run: Run,
        (cause, is_passing): (Box<str>, bool),
        turn: &mut Turn<'_>,
    ) {
        if self.state.run() != Some(run) || !matches!(self.state, State::Spawning { .. }) {
            return;
        }
        self.ended_run = run.number;
        self.count_end(Ended::NotMade(cause), turn.now);
        if is_passing {
            self.starts.take_back();
        }
        if is_passing && self.is_wanted() && self.enabled {
            // Whoever the start was owed to gets it, but not before the throttle allows.
            let owed = self.owed.unwrap_or(self.cause);
            return self.spawn_in_time(owed, turn);
        }
        self.rest(turn);
    }

    pub(crate) fn exited(&mut self, run: Run, end: (Exit, bool), turn: &mut Turn<'_>) {
        if self.state.run() != Some(run) {
            return;
        }
        let (exit, tree_empty) = end;
        let patience = turn.now + self.patience();
        let (asked, kill_at) = match self.state {
            State::Spawning { .. } | State::Up { .. } => (false, patience),
            State::Stopping { kill_at, .. } => (true, kill_at.unwrap_or(patience)),
            State::Clearing { .. }
            | State::Down
            | State::Waiting
            | State::Backoff { .. }
            | State::Failed => return,
        };
        self.ended_run = run.number;
        self.count_end(Ended::Exit { exit, asked }, turn.now);
        if tree_empty { self.rest(turn) } else { self.clear(run, kill_at, turn) }
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
        if self.owe(cause) {
            self.pay(turn);
        }
    }

    /// Owes a start to a trigger, if it is one that counts.
    pub(super) fn owe(&mut self, cause: Cause) -> bool {
        let is_heard = self.is_wanted() && self.enabled && self.policy.has_trigger(cause);
        let is_demand = cause == Cause::Socket && !self.is_spent();
        let counts = is_heard && (is_demand || self.may_start_itself());
        if counts {
            self.owed.get_or_insert(cause);
        }
        counts
    }

    /// A level holds now, or no longer; that it does not ends nothing.
    pub(crate) fn level(&mut self, level: u16, holds: bool, turn: &mut Turn<'_>) {
        self.note_level(level, holds);
        if holds {
            self.pay(turn);
        }
    }

    /// A level is known before the service acts by its definition.
    pub(crate) fn note_level(&mut self, level: u16, holds: bool) {
        if let Some(schedule) = &mut self.schedule {
            schedule.set_level(level, holds);
        }
    }

    /// The wall clock was set.
    pub(crate) fn set_wall(&mut self, turn: &mut Turn<'_>) {
        if let (Some(schedule), Some(triggers)) = (&mut self.schedule, &self.policy.triggers) {
            schedule.set_wall(triggers, turn.now, turn.wall);
        }
    }

    /// Kills what was told to end, and what is still being made.
    pub(crate) fn force(&mut self, turn: &mut Turn<'_>) {
        let run = match &mut self.state {
            State::Stopping { run, kill_at } | State::Clearing { run, kill_at } => {
                *kill_at = None;
                *run
            }
            State::Spawning { run, .. } => *run,
            State::Down
            | State::Waiting
            | State::Up { .. }
            | State::Backoff { .. }
            | State::Failed => return,
        };
        turn.actions.push(Action::Kill(run));
    }

    pub(crate) fn timeout(&mut self, turn: &mut Turn<'_>) {
        if let Some(cause) = self.fire(turn) {
            self.trigger(cause, turn);
        }
        if self.state.deadline().is_none_or(|deadline| turn.now < deadline) {
            return;
        }
        match self.state {
            State::Stopping { .. } | State::Clearing { .. } => self.force(turn),
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
