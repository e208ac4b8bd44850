//! What must hold of everything, after every step and in the end.

use std::collections::BTreeMap;
use std::time::Duration;

use supervisor_core::{Action, Ended, Moment, Run, Service, ServiceId, State, Want};

use crate::judge::{ROUNDING, is_at_rest};
use crate::known::{Known, Told};
use crate::world::{LATE_MAX_MS, World};

const LATE_MAX: Duration = Duration::from_millis(LATE_MAX_MS);

/// What was last seen of a service: its state, and whether it is enabled.
pub(crate) type Seen = (State, bool);

impl World {
    /// Whatever changed was announced; what did not is as old as it was.
    pub(crate) fn judge_news(&mut self, before: &BTreeMap<ServiceId, Seen>, actions: &[Action]) {
        for (id, service) in self.core.services() {
            let known = self.services.get_mut(&id).expect("a known service");
            let (old, is_enabled) = before.get(&id).copied().unzip();
            let has_changed = old.is_none_or(|state| shape(state) != shape(service.state()));
            let is_as_before = old.is_none() && service.since() == known.since;
            let since = if has_changed && !is_as_before { self.now } else { known.since };
            assert_eq!(service.since(), since, "{id:?} is {:?} since then", service.state());
            known.since = since;
            let is_announced = actions.contains(&Action::Announce(id));
            let is_news = has_changed || is_enabled != Some(service.is_enabled());
            assert!(is_announced || !is_news, "{id:?} changed silently: {:?}", service.state());
        }
    }

    pub(crate) fn judge_deadlines(&self, is_timeout: bool, was: Option<Moment>) {
        let deadlines = self.core.services().flat_map(|(id, service)| {
            let timer = self.services[&id].timers.deadline();
            assert_eq!(service.next_timer(), timer, "the timer of {id:?}");
            let due = match service.state() {
                State::Stopping { kill_at, .. } | State::Clearing { kill_at, .. } => kill_at,
                State::Backoff { until } => Some(until),
                State::Down
                | State::Waiting
                | State::Spawning { .. }
                | State::Up { .. }
                | State::Failed => None,
            };
            timer.into_iter().chain(due)
        });
        let deadlines = deadlines.chain(self.hurry.kill_at.or(self.hurry.leave_at));
        let deadline = self.core.deadline();
        assert_eq!(deadline, deadlines.min(), "the clock index is not what the states say");
        let was_late = !is_timeout && was.is_some_and(|was| was <= self.now);
        let is_past = deadline.is_some_and(|deadline| deadline < self.now)
            || is_timeout && deadline == Some(self.now);
        assert!(was_late || !is_past, "the deadline {deadline:?} has passed");
    }

    pub(crate) fn judge_services(&self) {
        assert_eq!(self.core.services().count(), self.services.len());
        for (id, service) in self.core.services() {
            let known = &self.services[&id];
            let stands = (service.goal(), service.is_enabled());
            assert_eq!(stands, (known.goal, known.enabled), "{id:?} is not as asked");
            assert_eq!(stands, known.stored, "{id:?} is not as stored");
            let has_gone = known.removed && service.state() == State::Down;
            assert!(!has_gone, "{id:?} ought to be forgotten");
            assert_eq!(service.owed(), known.owed, "{:?} of {}", service.state(), known.brief());
            assert_eq!(service.memory(), known.noted, "{id:?} is not as noted");
            self.judge_runs(known, service);
            self.judge_state(id, known, service);
        }
    }

    fn judge_runs(&self, known: &Known, service: &Service) {
        let trees = known.trees.len();
        assert_eq!(service.runs() as usize, trees);
        let Some(last) = known.trees.last() else { return };
        assert_eq!(service.ended_run() as usize, known.ended_run());
        if matches!(last.told, Told::Spawned | Told::MainEnded) {
            let is_overdue = last.force_at.is_some_and(|moment| self.is_over(moment));
            assert!(!is_overdue, "nobody killed it: {last:?}");
        }
        if last.told == Told::Spawned && (!self.is_wanted(known) || known.is_asked()) {
            assert!(last.terminated.is_some(), "nobody told it to end: {last:?}");
        }
    }

    fn judge_state(&self, id: ServiceId, known: &Known, service: &Service) {
        let told = known.trees.last().map_or(Told::AllEnded, |tree| tree.told);
        let is_ending = known.trees.last().is_some_and(|tree| tree.terminated.is_some());
        let is_wanted = self.is_wanted(known) && known.enabled;
        let is_given_up = known.is_given_up && !known.is_asked();
        let is_idle = is_wanted && (is_given_up || !known.has_reason(&self.held(id)));
        assert_eq!(service.is_given_up(), known.is_given_up, "{}", known.brief());
        let is_not_made = matches!(service.ended(), Ended::NotMade(_));
        let is_right = match service.state() {
            State::Spawning { .. } => told == Told::Nothing,
            State::Up { .. } => told == Told::Spawned && !is_ending,
            State::Stopping { .. } => told == Told::Spawned && is_ending,
            State::Clearing { .. } => told == Told::MainEnded && is_ending,
            State::Backoff { until } => {
                told == Told::AllEnded
                    && (is_wanted && !is_idle && (!known.is_asked() || known.is_lacking()))
                    && is_between(until, known.throttled_until())
                    && !known.is_too_much(until)
            }
            State::Failed => told == Told::AllEnded && is_idle && (is_not_made || is_given_up),
            State::Waiting => {
                let is_failed = is_not_made || is_given_up;
                told == Told::AllEnded && is_idle && !is_failed && known.may_be_triggered()
            }
            State::Down => {
                let is_failed = is_not_made || is_given_up;
                let is_down = is_idle && !is_failed && !known.may_be_triggered();
                told == Told::AllEnded && (!is_wanted || is_down)
            }
        };
        assert!(is_right, "{:?} of {}", service.state(), known.brief());
        if service.state().run().is_none() {
            assert!(!known.lives(), "at rest while something lives: {}", known.brief());
        }
    }

    /// Nobody waits for what is there, nor for what can't come any more.
    pub(crate) fn judge_waiters(&self) {
        for (request, asked) in &self.open {
            let service = self.service(asked.service);
            let (known, state) = (&self.services[&asked.service], service.state());
            let has_gone = known.removed || self.is_shutting_down;
            let may_wait = match asked.want {
                Want::Nothing => false,
                Want::Started => {
                    let is_over = match state {
                        State::Up { .. } | State::Failed | State::Down | State::Waiting => true,
                        State::Backoff { .. } => asked.ended_run < known.ended_run(),
                        State::Spawning { .. }
                        | State::Stopping { .. }
                        | State::Clearing { .. } => false,
                    };
                    !is_over && (self.is_wanted(known) || matches!(state, State::Spawning { .. }))
                }
                Want::Up => !matches!(state, State::Up { .. } | State::Failed) && !has_gone,
                Want::Stopped => state != State::Down && !self.is_wanted(known),
                Want::Down => !is_at_rest(state),
                Want::Ended(number) => {
                    service.ended_run() < number && !(has_gone && state == State::Down)
                }
            };
            assert!(asked.refusal.is_none() && may_wait, "{request:?} waits: {asked:?} {state:?}");
        }
    }

    /// After a quiet time everything is as people want it, but for what can't be ended.
    pub(crate) fn judge_the_goal(&self) {
        for (id, known) in &self.services {
            let state = self.service(*id).state();
            let is_stuck = known.trees.last().is_some_and(|tree| {
                let has_time = tree.force_at.is_none_or(|moment| !self.is_over(moment));
                tree.terminated.is_some() && tree.lives() && has_time
            });
            let is_up =
                matches!(state, State::Spawning { .. } | State::Up { .. } | State::Backoff { .. });
            let is_as_wanted = if !self.is_wanted(known) {
                state == State::Down
            } else if known.is_given_up {
                is_up || state.is_at_rest()
            } else if known.enabled && known.has_reason(&self.held(*id)) {
                is_up
            } else {
                is_up || state.is_at_rest()
            };
            assert!(is_stuck || is_as_wanted, "{state:?} of {}", known.brief());
        }
    }

    pub(crate) fn judge_the_end(&self) {
        assert!(self.is_finished, "the world stands still: {:?}", self.services);
        assert!(self.open.is_empty(), "never answered: {:?}", self.open);
        assert!(!self.services.values().any(Known::lives), "left alive: {:?}", self.services);
        assert_eq!(self.core.deadline(), None);
    }

    /// That ought to have been done by now, if the machine did not sleep.
    fn is_over(&self, moment: Moment) -> bool {
        moment.max(self.woke) + LATE_MAX < self.now
    }
}

/// Pauses are not reckoned the same way here and there.
fn is_between(moment: Moment, (first, last): (Moment, Moment)) -> bool {
    first <= moment + ROUNDING && moment <= last + ROUNDING
}

/// A state without the details that change in silence.
fn shape(state: State) -> (std::mem::Discriminant<State>, Option<Run>, Option<Moment>) {
    let until = if let State::Backoff { until } = state { Some(until) } else { None };
    (std::mem::discriminant(&state), state.run(), until)
}
