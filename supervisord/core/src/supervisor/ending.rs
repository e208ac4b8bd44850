//! The end of all: services are told to end, those that take too long are killed, and what even
//! that does not end is left.

use std::time::Duration;

use super::Supervisor;
use crate::action::{Action, Answer};
use crate::moment::Moment;
use crate::run::ServiceId;
use crate::service::{Service, State};

/// How long a shutdown takes at most where nobody says so and no definition asks for longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is killed may take so long to be gone.
const GRACE: Duration = Duration::from_secs(5);

/// A shutdown under way.
#[derive(Debug)]
pub(super) struct Ending {
    /// Services that still have to end.
    pub(super) left: usize,
    /// All that is left is killed then.
    kill_at: Option<Moment>,
    /// What is left then is not waited for any more.
    leave_at: Option<Moment>,
}

impl Ending {
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.kill_at.or(self.leave_at)
    }

    /// One more has ended.
    pub(super) fn count_down(&mut self, actions: &mut Vec<Action>) {
        self.left -= 1;
        if self.left == 0 && self.deadline().is_some() {
            (self.kill_at, self.leave_at) = (None, None);
            actions.push(Action::Finish);
        }
    }
}

impl Supervisor {
    pub(super) fn shut_down(
        &mut self,
        patience: Option<Duration>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        if let Some(ending) = &mut self.shutdown {
            // Whoever asks again may be in more of a hurry.
            let sooner = patience.map(|patience| now + patience);
            ending.kill_at = ending.kill_at.map(|at| sooner.map_or(at, |sooner| at.min(sooner)));
            return;
        }
        let ids: Vec<ServiceId> = self.services.keys().copied().collect();
        for id in ids {
            self.of(id, (now, actions), |service, turn| service.shut_down(turn));
        }
        let still = || self.services.values().filter(|one| one.state() != State::Down);
        let left = still().count();
        if left == 0 {
            self.shutdown = Some(Ending { left, kill_at: None, leave_at: None });
            return actions.push(Action::Finish);
        }
        let longest = still().filter_map(|one| one.policy().stop_timeout).max();
        let usual = longest.map_or(PATIENCE, |longest| longest.max(PATIENCE));
        let kill_at = Some(now + patience.unwrap_or(usual));
        self.shutdown = Some(Ending { left, kill_at, leave_at: None });
    }

    /// Kills what takes too long, and later leaves what that did not end.
    pub(super) fn hurry(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let Some(ending) = &mut self.shutdown else { return };
        if ending.kill_at.is_some_and(|at| at <= now) {
            (ending.kill_at, ending.leave_at) = (None, Some(now + GRACE));
            let ids: Vec<ServiceId> = self.services.keys().copied().collect();
            for id in ids {
                self.of(id, (now, actions), |service, turn| service.force(turn));
            }
        } else if ending.leave_at.is_some_and(|at| at <= now) {
            ending.leave_at = None;
            for (service, waiters) in std::mem::take(&mut self.waiters) {
                let answer = Answer::ShuttingDown;
                let reply = |request| Action::Reply { request, service, answer };
                actions.extend(waiters.into_iter().map(|waiter| reply(waiter.request)));
            }
            actions.push(Action::Finish);
        }
    }

    /// The services that a shutdown waits for.
    pub fn lingering(&self) -> impl Iterator<Item = (ServiceId, &Service)> {
        let is_ending = self.shutdown.is_some();
        self.services().filter(move |(_, one)| is_ending && one.state() != State::Down)
    }
}
