//! Steps that the transitions of `life.rs` share: coming to rest, starting, ending, arming timers.

use std::time::Duration;

use super::life::Turn;
use super::schedule::Schedule;
use super::{Cause, Ended, Goal, Leaving, Service, State};
use crate::action::Action;
use crate::moment::Moment;
use crate::policy::{LastRun, Policy};
use crate::run::Run;

/// Pause before a process that could not be made is tried again, where the throttle is shorter.
const RETRY_MIN: Duration = Duration::from_secs(1);

impl Service {
    pub(super) fn is_wanted(&self) -> bool {
        self.goal == Goal::Up && self.leaving == Leaving::No
    }

    pub(super) fn rest(&mut self, turn: &mut Turn<'_>) {
        if !self.is_wanted() || !self.enabled {
            self.owed = None;
            return self.enter(State::Down, turn);
        }
        match self.owed.or_else(|| self.due()) {
            Some(Cause::Asked) => self.spawn(Cause::Asked, turn),
            Some(cause) => {
                let until = self.earliest_start();
                if until <= turn.now {
                    self.spawn(cause, turn);
                } else {
                    self.enter(State::Backoff { until }, turn);
                }
            }
            None if matches!(self.ended, Ended::NotMade(_)) => self.enter(State::Failed, turn),
            None if self.policy.has_triggers() && self.may_start_itself() => {
                self.enter(State::Waiting, turn);
            }
            None if self.policy.is_after_demand() => self.enter(State::Waiting, turn),
            None => self.enter(State::Down, turn),
        }
    }

    /// What the policy starts it for, as things stand.
    pub(super) fn due(&self) -> Option<Cause> {
        if !self.may_start_itself() {
            return None;
        }
        if self.last_run().is_some_and(|last| self.policy.restarts_after(last)) {
            return Some(Cause::KeepAlive);
        }
        self.schedule.as_ref().and_then(|schedule| schedule.held()).map(Cause::Level)
    }

    /// Nothing in its definition holds it back from every start but a request's.
    pub(super) fn may_start_itself(&self) -> bool {
        let is_demanded = self.schedule.as_ref().is_some_and(|schedule| schedule.is_demanded);
        let is_spent = self.policy.is_once() && self.runs != 0;
        !is_spent && (is_demanded || !self.policy.is_after_demand())
    }

    /// Starts what is owed or due, when it is at rest.
    pub(super) fn pay(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::Down | State::Waiting | State::Failed => self.rest(turn),
            State::Spawning { .. }
            | State::Up { .. }
            | State::Stopping { .. }
            | State::Clearing { .. }
            | State::Backoff { .. } => {}
        }
    }

    pub(super) fn arm(&mut self, turn: &Turn<'_>) {
        if self.is_wanted()
            && self.enabled
            && let (Some(schedule), Some(triggers)) = (&mut self.schedule, &self.policy.triggers)
        {
            schedule.arm(triggers, turn.now, turn.wall);
        }
    }

    pub(super) fn disarm(&mut self) {
        if let Some(schedule) = &mut self.schedule {
            schedule.disarm();
        }
    }

    /// Timers go on as they are unless it is the triggers that changed.
    pub(super) fn take_policy(&mut self, policy: Policy, turn: &Turn<'_>) {
        if policy.triggers != self.policy.triggers {
            let is_demanded = self.schedule.as_ref().is_some_and(|schedule| schedule.is_demanded);
            self.schedule = policy.triggers.as_deref().map(|triggers| {
                let mut schedule = Schedule::new(triggers);
                schedule.is_demanded = is_demanded;
                Box::new(schedule)
            });
        }
        self.policy = policy;
        self.arm(turn);
    }

    pub(super) fn last_run(&self) -> Option<LastRun> {
        match self.ended {
            Ended::Never => None,
            Ended::Exit { exit, asked } => Some(LastRun::Exit { exit, asked }),
            Ended::NotMade(_) => Some(LastRun::NotMade),
        }
    }

    pub(super) fn earliest_start(&self) -> Moment {
        let Some(last_start) = self.last_start else { return Moment::default() };
        let pause = match self.ended {
            Ended::NotMade(_) => self.policy.throttle.max(RETRY_MIN),
            Ended::Never | Ended::Exit { .. } => self.policy.throttle,
        };
        last_start + pause
    }

    pub(super) fn spawn(&mut self, cause: Cause, turn: &mut Turn<'_>) {
        self.runs += 1;
        let run = Run { service: self.id, number: self.runs };
        self.owed = None;
        self.cause = cause;
        self.last_start = Some(turn.now);
        turn.actions.push(Action::Spawn(run));
        self.enter(State::Spawning { run, renew: false }, turn);
    }

    pub(super) fn terminate(&mut self, run: Run, turn: &mut Turn<'_>) {
        turn.actions.push(Action::Terminate(run));
        let kill_at = self.policy.stop_timeout.map(|timeout| turn.now + timeout);
        self.enter(State::Stopping { run, kill_at }, turn);
    }

    pub(super) fn enter(&mut self, state: State, turn: &mut Turn<'_>) {
        if self.state != state {
            self.state = state;
            self.since = turn.now;
            turn.actions.push(Action::Announce(self.id));
        }
    }
}
