//! What the world writes down of each step: before it, what it must do, and after it, what it did.

use std::sync::Arc;

use supervisor_core::{Action, Event, Level, Service, ServiceId, State};

use crate::known::{Known, Tree};
use crate::nature::{Birth, KILLED, TERMINATED};
use crate::reasons::{Held, levels};
use crate::world::{Happening, World, run_of};

impl World {
    /// The label of the service that an event is about.
    pub(crate) fn label_of(&self, event: &Event) -> Option<Arc<str>> {
        let id = match event {
            Event::Load(load) => return Some(Arc::clone(&load.label)),
            Event::Ask { service, .. }
            | Event::Trigger { service, .. }
            | Event::Level { service, .. } => *service,
            Event::Spawned(_)
            | Event::SpawnFailed { .. }
            | Event::Exited { .. }
            | Event::Cleared(_)
            | Event::Cancel(_)
            | Event::Shutdown(_)
            | Event::Wall(_)
            | Event::Timeout => run_of(event)?.service,
        };
        self.services.get(&id).map(|known| Arc::clone(&known.label))
    }

    /// Which levels of a service hold, as far as the supervisor can know.
    pub(crate) fn held(&self, id: ServiceId) -> Held {
        let known = &self.services[&id];
        let other = |label: &str| self.services.get(self.by_label.get(label)?);
        let judged = levels(&known.policy).iter().zip(&known.told_levels);
        let held = judged.map(|(level, told)| match level {
            Level::Path { .. } | Level::Queue(_) | Level::Network(_) => *told,
            Level::OtherLoaded { label, value } => {
                let is_loaded = other(label).is_some() || self.expected.contains(label);
                is_loaded == *value
            }
            Level::OtherActive { label, value } => {
                other(label).is_some_and(|other| other.is_active() == *value)
            }
        });
        held.collect()
    }

    /// Writes down what is about to be told.
    pub(crate) fn foresee(&mut self, event: &Event) {
        let is_shutting_down = self.is_shutting_down;
        let hears = |known: &Known| known.is_wanted(is_shutting_down) && known.enabled;
        if let Event::Wall(wall) = event {
            self.wall = wall.clone();
            for known in self.services.values_mut() {
                known.timers.set_wall(known.policy.triggers.as_deref(), self.now, wall);
            }
        } else if let Event::Timeout = event {
            for known in self.services.values_mut() {
                let triggers = known.policy.triggers.as_deref();
                if let Some(cause) = known.timers.come(triggers, self.now, &self.wall) {
                    assert!(hears(known), "a timer of what is not wanted: {}", known.brief());
                    known.trigger(cause);
                }
            }
            self.foresee_hurry();
        } else if let Event::Trigger { service, cause } = event {
            let known = self.services.get_mut(service).filter(|known| hears(known));
            known.into_iter().for_each(|known| known.trigger(*cause));
        } else if let Event::Level { service, level, holds } = event
            && let Some(known) = self.services.get_mut(service)
            && let Some(told) = known.told_levels.get_mut(usize::from(*level))
        {
            *told = *holds;
        }
    }

    /// Writes down what follows from a step when it was taken.
    pub(crate) fn keep_books(&mut self) {
        let ids: Vec<ServiceId> = self.services.keys().copied().collect();
        for id in ids {
            let owed = self.core.service(id).and_then(|service| service.owed());
            let has_failed = self.core.service(id).map(Service::state) == Some(State::Failed);
            let held = self.held(id);
            let known = &self.services[&id];
            let is_wanted = self.is_wanted(known) && known.enabled;
            let is_resting = !known.is_active();
            // At rest, what was due in this step is owed from now on.
            let is_due = is_wanted && is_resting && known.owed.is_none();
            let due = owed.filter(|cause| is_due && self.is_reason(id, *cause));
            let known = self.services.get_mut(&id).expect("one of them");
            known.owed = known.owed.or(due);
            let is_too_much = known.is_too_much(self.now.max(known.throttled_until().0));
            let has_reason = is_wanted && is_resting && known.has_reason(&held);
            known.is_given_up |= has_failed && has_reason && !known.is_asked() && is_too_much;
            if known.is_given_up && !known.is_asked() {
                known.owed = None;
            }
            if self.is_shutting_down || !is_wanted && is_resting {
                known.owed = None;
            }
            let triggers = known.policy.triggers.as_deref();
            let triggers = triggers.filter(|_| is_wanted && !known.is_spent());
            known.timers.run(triggers, self.now, &self.wall);
        }
    }

    /// Does what an action says; yields what comes of that.
    pub(crate) fn perform(&mut self, action: Action) -> Vec<Action> {
        let mut more = Vec::new();
        match action {
            Action::Spawn(run) => {
                let policy = &self.services[&run.service].policy;
                let birth = Birth::random(policy, &mut self.random);
                let tree = Tree::new(birth, self.now, self.service(run.service).cause());
                let now = self.now;
                let known = self.known(run);
                if known.is_asked() {
                    known.bad_runs = 0;
                    known.forgive();
                }
                known.starts.push(now);
                known.owed = None;
                known.trees.push(tree);
                self.later(birth.after, Happening::Born(run));
            }
            Action::Terminate(run) => {
                let now = self.now;
                self.known(run).terminate(run, now);
                let Birth { main, child, .. } = self.known(run).tree(run).birth;
                if let Some(after) = main.on_terminate {
                    self.later(after, Happening::MainEnds(run, TERMINATED));
                }
                if let Some(after) = child.and_then(|child| child.on_terminate) {
                    self.later(after, Happening::ChildEnds(run));
                }
            }
            Action::Kill(run) => {
                let tree = self.known(run).tree(run);
                (tree.force_at, tree.is_forced) = (None, true);
                let Birth { main, child, .. } = tree.birth;
                self.later(main.on_kill, Happening::MainEnds(run, KILLED));
                if let Some(child) = child {
                    self.later(child.on_kill, Happening::ChildEnds(run));
                }
            }
            Action::Store(id) => {
                let service = self.core.service(id).expect("stored while it is there");
                let stored = (service.goal(), service.is_enabled());
                self.services.get_mut(&id).expect("a known service").stored = stored;
            }
            Action::Forget(id) => {
                self.core.forget(id, self.now, &mut more);
                let known = self.services.remove(&id).expect("a known service");
                self.about.insert(known.label);
                self.forget_future(id);
            }
            Action::Finish => {
                self.is_finished = true;
                self.end_hurry();
            }
            Action::Announce(_) | Action::Note(_) | Action::Reply { .. } => {}
        }
        more
    }

    /// What the dead of a forgotten service would still have done; news of them may yet come.
    pub(crate) fn forget_future(&mut self, id: ServiceId) {
        self.future.retain(|_, happening| match happening {
            Happening::Exited(run, _)
            | Happening::Born(run)
            | Happening::MainEnds(run, _)
            | Happening::ChildEnds(run) => run.service != id,
            Happening::People | Happening::Shutdown | Happening::Reborn | Happening::News(_) => {
                true
            }
        });
    }
}
