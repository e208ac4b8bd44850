//! After something happened to a service: the clock index, answers, and who else has to know.

use super::Supervisor;
use crate::action::Action;
use crate::moment::Moment;
use crate::run::ServiceId;
use crate::service::{Marks, Service, State};

impl Supervisor {
    /// Brings the indexes in line with a service after something happened to it.
    pub(super) fn settle(&mut self, id: ServiceId, before: Before, actions: &mut Vec<Action>) {
        let Some(service) = self.services.get(&id) else { return };
        let after = Before::of(service);
        if after.deadline != before.deadline {
            if let Some(moment) = before.deadline {
                self.deadlines.remove(&(moment, id));
            }
            if let Some(moment) = after.deadline {
                self.deadlines.insert((moment, id));
            }
        }
        if after.marks != before.marks {
            actions.push(Action::Note(id));
        }
        if let Some(waiters) = self.waiters.get_mut(&id) {
            waiters.retain(|waiter| match waiter.verdict(service) {
                Some(answer) => {
                    actions.push(Action::Reply { request: waiter.request, service: id, answer });
                    false
                }
                None => true,
            });
            if waiters.is_empty() {
                self.waiters.remove(&id);
            }
        }
        if service.is_removed() && after.is_down {
            // For its others it goes as it was: it never rests before.
            actions.push(Action::Forget(id));
        } else if after.is_active != before.is_active {
            self.others.set_active(service);
        }
        if let Some(ending) = &mut self.shutdown
            && after.is_down
            && !before.is_down
        {
            ending.count_down(actions);
        }
    }
}

/// What the indexes knew of a service before something happened to it.
#[derive(Debug)]
pub(super) struct Before {
    deadline: Option<Moment>,
    is_down: bool,
    is_active: bool,
    marks: Option<Marks>,
}

impl Before {
    pub(super) fn of(service: &Service) -> Self {
        Self {
            deadline: service.deadline(),
            is_down: service.state() == State::Down,
            is_active: service.is_active(),
            marks: service.marks(),
        }
    }

    /// Of a service that the indexes do not know yet.
    pub(super) fn nothing() -> Self {
        Self { deadline: None, is_down: true, is_active: false, marks: None }
    }
}
