//! Steps that all transitions share: coming to rest, starting, ending, setting timers.

use std::time::Duration;

use super::schedule::Schedule;
use super::{Cause, Ended, Goal, Leaving, Service, State, Turn};
use crate::action::Action;
use crate::again::chance;
use crate::moment::Moment;
use crate::past::Memory;
use crate::policy::{LastRun, Policy};
use crate::run::Run;

/// Pause before a process that could not be made is tried again, where the throttle is shorter.
const RETRY_MIN: Duration = Duration::from_secs(1);

/// How many later starts go before that of a service whose run did not live a millisecond.
const DEFERENCE_MAX: u16 = 10_000;

/// Patience with what a dead main process left behind, where the definition never kills.
const CLEAR_TIMEOUT: Duration = Duration::from_secs(20);

impl Service {
    pub(super) fn is_wanted(&self) -> bool {
        self.goal == Goal::Up && self.leaving == Leaving::No
    }

    pub(super) fn rest(&mut self, turn: &mut Turn<'_>) {
        if !self.is_wanted() || !self.enabled {
            self.owed = None;
            return self.enter(State::Down, turn);
        }
        if self.is_given_up && self.owed != Some(Cause::Asked) {
            self.owed = None;
            return self.enter(State::Failed, turn);
        }
        match self.owed.or_else(|| self.due()) {
            Some(Cause::Asked) => self.spawn(Cause::Asked, turn),
            Some(cause) => self.spawn_in_time(cause, turn),
            None if matches!(self.ended, Ended::NotMade(_)) => self.enter(State::Failed, turn),
            None if self.may_be_triggered() => self.enter(State::Waiting, turn),
            None => self.enter(State::Down, turn),
        }
    }

    /// Starts as soon as the throttle allows, unless that would be once too often.
    pub(super) fn spawn_in_time(&mut self, cause: Cause, turn: &mut Turn<'_>) {
        let until = self.earliest_start();
        let at = until.max(turn.now);
        let limit = self.policy.start_limit.as_deref();
        if limit.is_some_and(|limit| self.starts.are_too_many(*limit, at)) {
            (self.owed, self.is_given_up) = (None, true);
            self.enter(State::Failed, turn);
        } else if until <= turn.now {
            self.spawn(cause, turn);
        } else {
            self.owed = Some(cause);
            self.enter(State::Backoff { until }, turn);
        }
    }

    /// What the policy starts it for, as things stand.
    fn due(&self) -> Option<Cause> {
        if !self.may_start_itself() {
            return None;
        }
        if self.last_run().is_some_and(|last| self.policy.restarts_after(last)) {
            return Some(Cause::KeepAlive);
        }
        self.schedule.as_ref().and_then(|schedule| schedule.held()).map(Cause::Level)
    }

    /// It has had the only run that it may have by itself.
    pub(super) fn is_spent(&self) -> bool {
        self.policy.is_once() && self.runs != 0
    }

    /// It needs a first request or connection.
    fn awaits_demand(&self) -> bool {
        self.policy.is_after_demand() && self.runs == 0
    }

    /// Nothing in its definition holds it back from every start but a request's.
    pub(super) fn may_start_itself(&self) -> bool {
        !self.is_spent() && !self.awaits_demand()
    }

    fn may_be_triggered(&self) -> bool {
        !self.is_spent() && (self.policy.has_triggers() || self.awaits_demand())
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

    /// Timers run while they may start something.
    pub(super) fn set_timers(&mut self, turn: &Turn<'_>) {
        let may_start = self.is_wanted() && self.enabled && !self.is_spent();
        match (&mut self.schedule, &self.policy.triggers) {
            (Some(schedule), Some(triggers)) if may_start => {
                schedule.arm(triggers, turn.now, turn.wall);
            }
            (Some(schedule), _) => schedule.disarm(),
            (None, _) => {}
        }
    }

    /// The timer that is due.
    pub(super) fn fire(&mut self, turn: &Turn<'_>) -> Option<Cause> {
        match (&mut self.schedule, &self.policy.triggers) {
            (Some(schedule), Some(triggers)) => schedule.fire(triggers, turn.now, turn.wall),
            (Some(_) | None, _) => None,
        }
    }

    /// Remembers what it was under an earlier daemon. What the policy and the levels want is seen
    /// anew; timers that fell due meanwhile come once.
    pub(super) fn recall(&mut self, memory: Memory, turn: &Turn<'_>) {
        (self.runs, self.ended_run, self.ended) = (memory.runs, memory.ended_run, memory.ended);
        (self.cause, self.last_start) = (memory.cause, memory.last_start);
        (self.ended_at, self.tries) = (memory.ended_at, memory.tries);
        self.is_given_up = memory.is_given_up && self.policy.start_limit.is_some();
        self.owed = memory.owed.filter(|cause| match cause {
            Cause::Asked => true,
            Cause::Load | Cause::Before => self.may_start_itself(),
            Cause::KeepAlive | Cause::Level(_) => false,
            Cause::Interval | Cause::Calendar | Cause::Watch | Cause::Mount | Cause::Socket => {
                self.policy.has_trigger(*cause)
            }
        });
        if let (Some(schedule), Some(triggers)) = (&mut self.schedule, &self.policy.triggers) {
            schedule.recall(memory.timers, triggers, turn.now, turn.wall);
        }
        self.set_timers(turn);
        if let Some(cause) = self.fire(turn) {
            self.owe(cause);
        }
    }

    /// What the old definition and the new one both trigger goes on undisturbed; what only the old
    /// one did is owed no more, and how the last run ended is judged anew.
    pub(crate) fn take_policy(&mut self, policy: Policy, turn: &Turn<'_>) {
        let old = std::mem::replace(&mut self.policy, policy);
        let has_same_levels = old.levels() == self.policy.levels();
        if old.start_limit != self.policy.start_limit {
            self.forgive();
        }
        self.owed = self.owed.filter(|cause| match cause {
            Cause::Asked => true,
            _ if !self.may_start_itself() => false,
            Cause::Load => true,
            Cause::KeepAlive | Cause::Before => false,
            Cause::Level(_) => has_same_levels,
            Cause::Interval | Cause::Calendar | Cause::Watch | Cause::Mount | Cause::Socket => {
                self.policy.has_trigger(*cause)
            }
        });
        match (&mut self.schedule, old.triggers, &self.policy.triggers) {
            (Some(schedule), Some(old), Some(new)) => schedule.change(&old, new),
            (schedule, _, new) => {
                *schedule = new.as_deref().map(|new| Box::new(Schedule::new(new)));
            }
        }
        self.set_timers(turn);
    }

    fn last_run(&self) -> Option<LastRun> {
        match self.ended {
            Ended::Never => None,
            Ended::Exit { exit, asked } => Some(LastRun::Exit { exit, asked }),
            Ended::NotMade(_) => Some(LastRun::NotMade),
        }
    }

    /// A run ended, or could not be made: pauses grow from run to run, until one lasts, or goes
    /// well and is all that was wanted.
    pub(super) fn count_end(&mut self, ended: Ended, now: Moment) {
        (self.ended, self.ended_at) = (ended, Some(now));
        self.deference = self.deference_after(now);
        let Some(backoff) = &self.policy.backoff else {
            self.tries = 0;
            return;
        };
        let lived = self.last_start.map_or(Duration::ZERO, |start| now - start);
        let is_made = !matches!(self.ended, Ended::NotMade(_));
        self.tries = match self.last_run() {
            Some(last) if self.policy.is_content_with(last) => 0,
            _ if is_made && backoff.reset_after <= lived => 1,
            _ => self.tries.saturating_add(1),
        };
    }

    /// Who lived a tenth of the time lets ten times as many go first.
    fn deference_after(&self, now: Moment) -> u16 {
        let lived = match self.state {
            State::Up { .. } => now - self.since,
            State::Spawning { .. } if matches!(self.ended, Ended::Exit { .. }) => Duration::ZERO,
            State::Spawning { .. }
            | State::Stopping { .. }
            | State::Clearing { .. }
            | State::Down
            | State::Waiting
            | State::Backoff { .. }
            | State::Failed => return 0,
        };
        let lived_ms = u16::try_from(lived.as_millis()).unwrap_or(u16::MAX);
        DEFERENCE_MAX / lived_ms.max(1)
    }

    fn earliest_start(&self) -> Moment {
        let least = match self.ended {
            Ended::NotMade(_) => RETRY_MIN,
            Ended::Never | Ended::Exit { .. } => Duration::ZERO,
        };
        let (since, pause) = match &self.policy.backoff {
            Some(backoff) => {
                let chance = chance(self.seed, self.runs);
                (self.ended_at, backoff.pause(self.tries, chance))
            }
            None => (self.last_start, self.policy.throttle),
        };
        since.map_or(Moment::default(), |since| since + pause.max(least))
    }

    pub(super) fn spawn(&mut self, cause: Cause, turn: &mut Turn<'_>) {
        self.runs += 1;
        if self.is_spent() {
            self.set_timers(turn);
        }
        let run = Run { service: self.id, number: self.runs };
        self.owed = None;
        self.cause = cause;
        if cause == Cause::Asked {
            self.tries = 0;
            self.forgive();
        }
        if let Some(limit) = self.policy.start_limit.as_deref() {
            self.starts.add(turn.now, *limit);
        }
        self.last_start = Some(turn.now);
        turn.actions.push(Action::Spawn(run));
        self.enter(State::Spawning { run, renew: false }, turn);
    }

    /// However often it was started, it counts no more.
    pub(super) fn forgive(&mut self) {
        self.starts.clear();
        self.is_given_up = false;
    }

    pub(super) fn terminate(&mut self, run: Run, turn: &mut Turn<'_>) {
        turn.actions.push(Action::Terminate(run));
        let kill_at = self.policy.stop_timeout.map(|timeout| turn.now + timeout);
        self.enter(State::Stopping { run, kill_at }, turn);
    }

    /// Tells what a dead main process left behind to end; after a stop too, since it may have come
    /// later.
    pub(super) fn clear(&mut self, run: Run, kill_at: Moment, turn: &mut Turn<'_>) {
        turn.actions.push(Action::Terminate(run));
        self.enter(State::Clearing { run, kill_at: Some(kill_at) }, turn);
    }

    /// How long what a dead main process left behind may take.
    pub(super) fn patience(&self) -> Duration {
        self.policy.stop_timeout.unwrap_or(CLEAR_TIMEOUT)
    }

    pub(super) fn enter(&mut self, state: State, turn: &mut Turn<'_>) {
        if self.state != state {
            self.state = state;
            self.since = turn.now;
            turn.actions.push(Action::Announce(self.id));
        }
    }
}
