//! What must hold of every action, before it is performed.

use std::time::Duration;

use supervisor_core::{
    Action, Answer, Cause, Ended, Level, RequestId, Run, Service, ServiceId, State, Want,
};

use crate::known::{Known, Told};
use crate::reasons::levels;
use crate::sight;
use crate::world::World;

/// What pauses may differ by that are reckoned in another way.
pub(crate) const ROUNDING: Duration = Duration::from_micros(1);

impl World {
    pub(crate) fn judge(&mut self, action: Action) {
        match action {
            Action::Spawn(run) => self.judge_spawn(run),
            Action::Terminate(run) => self.judge_terminate(run),
            Action::Kill(run) => {
                let tree = self.last_tree(run);
                assert!(tree.told < Told::AllEnded, "killed: {run}");
                let is_asked = tree.terminated.is_some() || tree.told == Told::Nothing;
                assert!(is_asked, "killed without being asked to end: {run}");
                let is_due = tree.force_at.is_some_and(|moment| moment <= self.now);
                assert!(is_due || self.is_hurrying(), "killed too early: {run}");
            }
            Action::Store(id) => {
                let (known, service) = (&self.services[&id], self.service(id));
                let stands = (service.goal(), service.is_enabled());
                assert_ne!(known.stored, stands, "stored what is stored");
            }
            Action::Note(id) => {
                let memory = self.service(id).memory();
                self.services.get_mut(&id).expect("a known service").noted = memory;
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
                let is_left = self.services.values().any(Known::lives);
                assert!(!is_left || self.may_leave(), "the end before all ended");
                assert!(self.open.is_empty(), "the end before every answer: {:?}", self.open);
            }
        }
    }

    fn judge_spawn(&mut self, run: Run) {
        let known = &self.services[&run.service];
        assert!(!known.lives(), "two runs at a time: {run}");
        assert_eq!(run.number as usize, known.trees.len() + 1, "runs are counted");
        assert!(self.is_wanted(known) && known.enabled, "nobody wants this run: {run}");
        let cause = self.service(run.service).cause();
        assert!(self.is_reason(run.service, cause), "{cause:?} is no reason: {}", known.brief());
        let is_too_much = known.is_given_up || known.is_too_much(self.now);
        assert!(known.is_asked() || !is_too_much, "started too often: {}", known.brief());
        let is_early = self.now + ROUNDING < known.throttled_until().0;
        assert!(known.is_asked() || !is_early, "not throttled: {run}");
    }

    /// A run is due for that.
    pub(crate) fn is_reason(&self, id: ServiceId, cause: Cause) -> bool {
        let known = &self.services[&id];
        match (known.owed, cause) {
            (Some(owed), _) => owed == cause,
            (None, Cause::KeepAlive) => known.may_start_itself() && known.is_kept_alive(),
            (None, Cause::Level(place)) => {
                let is_due = known.may_start_itself() && !known.is_kept_alive();
                is_due && self.has_held(id, usize::from(place))
            }
            (None, _) => false,
        }
    }

    /// A level held at some time of this step; others may change several times in one.
    fn has_held(&self, id: ServiceId, place: usize) -> bool {
        let is_about = match &levels(&self.services[&id].policy)[place] {
            Level::OtherLoaded { label, .. } | Level::OtherActive { label, .. } => {
                self.about.contains(label)
            }
            Level::Path { .. } | Level::Queue(_) | Level::Network(_) => false,
        };
        let before = self.held_before.get(&id).and_then(|held| held.get(place));
        is_about || before == Some(&true) || self.held(id).get(place) == Some(&true)
    }

    fn judge_terminate(&mut self, run: Run) {
        let tree = self.last_tree(run);
        assert!(matches!(tree.told, Told::Spawned | Told::MainEnded), "nothing to end: {run}");
        let is_left_over = tree.told == Told::MainEnded && !tree.is_told_again;
        assert!(tree.terminated.is_none() || is_left_over, "told to end twice: {run}");
        let known = &self.services[&run.service];
        let is_of_use = self.is_wanted(known) && !known.is_asked();
        assert!(tree.told == Told::MainEnded || !is_of_use, "a run that is wanted ends: {run}");
    }

    fn judge_reply(&mut self, request: RequestId, id: ServiceId, answer: Answer) {
        let asked = self.open.remove(&request).expect("one answer, and none after a cancel");
        assert_eq!(asked.service, id, "an answer about another service");
        self.seen.insert((sight::want(asked.want), sight::answer(answer)));
        if let Some(refusal) = asked.refusal {
            return assert_eq!(answer, refusal);
        }
        let (known, service) = (&self.services[&id], self.service(id));
        let state = match (service.state(), service.cause()) {
            // It was at rest, until it heard what this very step did to another service.
            (State::Spawning { .. }, Cause::Level(_)) if self.now == service.since() => {
                State::Waiting
            }
            (state, _) => state,
        };
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
                    || state == State::Failed && (is_not_made || self.service(id).is_given_up())
            }
            (Answer::Superseded, Want::Stopped) => self.is_wanted(known),
            (Answer::Superseded, Want::Started) => !self.is_wanted(known) || !known.enabled,
            (Answer::Superseded, Want::Up | Want::Ended(_)) => {
                known.removed || self.is_shutting_down
            }
            (Answer::ShuttingDown, _) if self.may_leave() => true,
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

    pub(crate) fn service(&self, id: ServiceId) -> &Service {
        self.core.service(id).expect("a service that people know")
    }
}

/// Not by the supervisor's own word.
pub(crate) fn is_at_rest(state: State) -> bool {
    matches!(state, State::Down | State::Waiting | State::Failed)
}
