//! What must hold: of every action when it is taken, and of everything after every step.

use std::collections::BTreeMap;
use std::time::Duration;

use supervisor_core::{
    Action, Answer, Cause, Ended, KeepAlive, Moment, RequestId, Run, Service, ServiceId, State,
    Want,
};

use crate::known::{Known, Told};
use crate::sight;
use crate::world::{LATE_MAX_MS, World};

const LATE_MAX: Duration = Duration::from_millis(LATE_MAX_MS);

/// What was last seen of a service: its state, and whether it is enabled.
pub(crate) type Seen = (State, bool);

/// Of every action, before it is performed.
impl World {
    pub(crate) fn judge(&mut self, action: Action) {
        match action {
            Action::Spawn(run) => self.judge_spawn(run),
            Action::Terminate(run) => self.judge_terminate(run),
            Action::Kill(run) => {
                let tree = self.last_tree(run);
                assert!(matches!(tree.told, Told::Spawned | Told::MainEnded), "killed: {run}");
                assert!(tree.terminated.is_some(), "killed without being asked to end: {run}");
                let is_due = tree.force_at.is_some_and(|moment| moment <= self.now);
                assert!(is_due, "killed too early: {run}");
            }
            Action::Store(id) => {
                let (known, service) = (&self.services[&id], self.service(id));
                let stands = (service.goal(), service.is_enabled());
                assert_ne!(known.stored, stands, "stored what is stored");
            }
            Action::Announce(id) => assert!(self.services.contains_key(&id)),
            Action::Reply { request, service, answer } => {
                self.judge_reply(request, service, answer);
            }
            Action::Forget(id) => {
                let known = &self.services[&id];
                assert!(known.removed && !known.lives(), "forgotten too early: {}", known.brief());
                let is_open = self.open.values().any(|asked| asked.service == id);
                assert!(!is_open, "forgotten before everybody was answered");
            }
            Action::Finish => {
                let is_first = self.is_shutting_down && !self.is_finished;
                assert!(is_first, "an end that nobody asked for");
                assert!(!self.services.values().any(Known::lives), "the end before all ended");
                assert!(self.open.is_empty(), "the end before every answer: {:?}", self.open);
            }
        }
    }

    fn judge_spawn(&mut self, run: Run) {
        let known = &self.services[&run.service];
        assert!(!known.lives(), "two runs at a time: {run}");
        assert_eq!(run.number as usize, known.trees.len() + 1, "runs are counted");
        assert!(self.is_wanted(known) && known.enabled, "nobody wants this run: {run}");
        let has_reason = known.asked || known.due || known.is_kept_alive();
        assert!(has_reason, "no reason for this run: {run}");
        let cause = match (known.asked, known.due) {
            (true, _) => Cause::Asked,
            (false, true) => Cause::Load,
            (false, false) => Cause::KeepAlive,
        };
        assert_eq!(self.service(run.service).cause(), cause, "why {run} is started");
        let is_early = self.now < known.throttled_until();
        assert!(known.asked || !is_early, "not throttled: {run}");
    }

    fn judge_terminate(&mut self, run: Run) {
        let tree = self.last_tree(run);
        assert!(matches!(tree.told, Told::Spawned | Told::MainEnded), "nothing to end: {run}");
        let is_left_over = tree.told == Told::MainEnded && !tree.is_told_again;
        assert!(tree.terminated.is_none() || is_left_over, "told to end twice: {run}");
        let known = &self.services[&run.service];
        let is_of_use = self.is_wanted(known) && !known.asked;
        assert!(tree.told == Told::MainEnded || !is_of_use, "a run that is wanted ends: {run}");
    }

    fn judge_reply(&mut self, request: RequestId, id: ServiceId, answer: Answer) {
        let asked = self.open.remove(&request).expect("one answer, and none after a cancel");
        assert_eq!(asked.service, id, "an answer about another service");
        self.seen.insert((sight::want(asked.want), sight::answer(answer)));
        if let Some(refusal) = asked.refusal {
            return assert_eq!(answer, refusal);
        }
        let (known, state) = (&self.services[&id], self.service(id).state());
        let is_right = match (answer, asked.want) {
            (Answer::Done { .. }, Want::Nothing) => true,
            (Answer::Done { .. }, Want::Started) => {
                let is_as_it_was = known.enabled || !asked.was_enabled;
                matches!(state, State::Up { .. })
                    || matches!(state, State::Down | State::Waiting) && is_as_it_was
            }
            (Answer::Done { .. }, Want::Up) => matches!(state, State::Up { .. }),
            (Answer::Done { .. }, Want::Stopped) => state == State::Down && !known.lives(),
            (Answer::Done { .. }, Want::Down) => is_at_rest(state) && !known.lives(),
            (Answer::Done { .. }, Want::Ended(number)) => {
                let mut trees = known.trees.iter().take(number as usize);
                number as usize <= known.trees.len() && trees.all(|tree| !tree.main_lives)
            }
            (Answer::Failed, Want::Started | Want::Up) => {
                let is_not_made = matches!(self.service(id).ended(), Ended::NotMade(_));
                let is_tried = asked.ended_run < known.ended_run();
                matches!(state, State::Backoff { .. }) && is_tried
                    || state == State::Failed && is_not_made
            }
            (Answer::Superseded, Want::Stopped) => self.is_wanted(known),
            (Answer::Superseded, Want::Started) => !self.is_wanted(known) || !known.enabled,
            (Answer::Superseded, Want::Up | Want::Ended(_)) => {
                known.removed || self.is_shutting_down
            }
            (Answer::Superseded | Answer::Failed, _)
            | (Answer::Disabled | Answer::ShuttingDown, _) => false,
        };
        assert!(is_right, "{asked:?} is answered {answer:?} in {state:?}");
    }

    fn last_tree(&self, run: Run) -> &crate::known::Tree {
        let known = &self.services[&run.service];
        assert_eq!(run.number as usize, known.trees.len(), "done to a run of the past: {run}");
        &known.trees[run.number as usize - 1]
    }

    fn service(&self, id: ServiceId) -> &Service {
        self.core.service(id).expect("a service that people know")
    }
}

/// Of everything, after every step.
impl World {
    /// Whatever changed was announced; what did not is as old as it was.
    pub(crate) fn judge_news(&mut self, before: &BTreeMap<ServiceId, Seen>, actions: &[Action]) {
        for (id, service) in self.core.services() {
            let known = self.services.get_mut(&id).expect("a known service");
            let (old, is_enabled) = before.get(&id).copied().unzip();
            let has_changed = old.is_none_or(|state| shape(state) != shape(service.state()));
            let since = if has_changed { self.now } else { known.since };
            assert_eq!(service.since(), since, "{id:?} is {:?} since then", service.state());
            known.since = since;
            let is_announced = actions.contains(&Action::Announce(id));
            let is_news = has_changed || is_enabled != Some(service.is_enabled());
            assert!(is_announced || !is_news, "{id:?} changed silently: {:?}", service.state());
        }
    }

    pub(crate) fn judge_deadlines(&self, is_timeout: bool, was: Option<Moment>) {
        let deadlines = self.core.services().filter_map(|(_, service)| match service.state() {
            State::Stopping { kill_at, .. } | State::Clearing { kill_at, .. } => kill_at,
            State::Backoff { until } => Some(until),
            State::Down
            | State::Waiting
            | State::Spawning { .. }
            | State::Up { .. }
            | State::Failed => None,
        });
        let deadline = self.core.deadline();
        assert_eq!(deadline, deadlines.min(), "the clock index is not what the states say");
        let was_late = !is_timeout && was.is_some_and(|was| was <= self.now);
        let is_past = deadline.is_some_and(|deadline| deadline <= self.now);
        assert!(was_late || !is_past, "the deadline {deadline:?} has passed");
    }

    pub(crate) fn judge_services(&mut self) {
        assert_eq!(self.core.services().count(), self.services.len());
        for (id, service) in self.core.services() {
            let known = &self.services[&id];
            let stands = (service.goal(), service.is_enabled());
            assert_eq!(stands, (known.goal, known.enabled), "{id:?} is not as asked");
            assert_eq!(stands, known.stored, "{id:?} is not as stored");
            let has_gone = known.removed && service.state() == State::Down;
            assert!(!has_gone, "{id:?} ought to be forgotten");
            self.judge_runs(known, service);
            self.judge_state(known, service);
        }
        let at_rest = |id| self.core.service(id).is_some_and(|one| one.state().run().is_none());
        for (id, known) in &mut self.services {
            if !known.enabled && at_rest(*id) {
                (known.asked, known.due) = (false, false);
            }
        }
    }

    fn judge_runs(&self, known: &Known, service: &Service) {
        let trees = known.trees.len();
        assert_eq!(service.runs() as usize, trees);
        let Some(last) = known.trees.last() else { return };
        assert_eq!(service.ended_run() as usize, known.ended_run());
        if matches!(last.told, Told::Spawned | Told::MainEnded) {
            let is_overdue = last.force_at.is_some_and(|moment| moment + LATE_MAX < self.now);
            assert!(!is_overdue, "nobody killed it: {last:?}");
        }
        if last.told == Told::Spawned && (!self.is_wanted(known) || known.asked) {
            assert!(last.terminated.is_some(), "nobody told it to end: {last:?}");
        }
    }

    fn judge_state(&self, known: &Known, service: &Service) {
        let told = known.trees.last().map_or(Told::AllEnded, |tree| tree.told);
        let is_ending = known.trees.last().is_some_and(|tree| tree.terminated.is_some());
        let is_wanted = self.is_wanted(known) && known.enabled;
        let is_due = known.asked || known.due || known.is_kept_alive();
        let is_right = match service.state() {
            State::Spawning { .. } => told == Told::Nothing,
            State::Up { .. } => told == Told::Spawned && !is_ending,
            State::Stopping { .. } => told == Told::Spawned && is_ending,
            State::Clearing { .. } => told == Told::MainEnded && is_ending,
            State::Backoff { until } => {
                told == Told::AllEnded
                    && (is_wanted && is_due && !known.asked)
                    && until == known.throttled_until()
            }
            State::Failed => {
                let is_not_made = matches!(service.ended(), Ended::NotMade(_));
                told == Told::AllEnded && is_not_made && is_wanted && !is_due
            }
            State::Down | State::Waiting => told == Told::AllEnded && !(is_wanted && is_due),
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
                        State::Up { .. } | State::Failed | State::Down => true,
                        State::Backoff { .. } => asked.ended_run < known.ended_run(),
                        State::Waiting
                        | State::Spawning { .. }
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
                let has_time = tree.force_at.is_none_or(|moment| self.now <= moment + LATE_MAX);
                tree.terminated.is_some() && tree.lives() && has_time
            });
            let is_up =
                matches!(state, State::Spawning { .. } | State::Up { .. } | State::Backoff { .. });
            let is_as_wanted = if !self.is_wanted(known) {
                state == State::Down
            } else if known.policy.keep_alive == KeepAlive::Always && known.enabled {
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
}

/// Not by the supervisor's own word.
fn is_at_rest(state: State) -> bool {
    matches!(state, State::Down | State::Waiting | State::Failed)
}

/// A state without the details that change in silence.
fn shape(state: State) -> (std::mem::Discriminant<State>, Option<Run>, Option<Moment>) {
    let until = if let State::Backoff { until } = state { Some(until) } else { None };
    (std::mem::discriminant(&state), state.run(), until)
}
