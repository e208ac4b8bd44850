//! All services: finds the one an event is about, keeps the clock index, answers requests.
//!
//! What happens *to* a service is in [`crate::service`]; nothing here looks into a state.

mod ending;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::ending::Ending;
use self::settle::Before;
use crate::action::{Action, Answer};
use crate::event::{Change, Event, Load, Want};
use crate::moment::Moment;
use crate::others::Others;
use crate::request::{RequestId, Waiter};
use crate::room::shrink;
use crate::run::{Run, ServiceId};
use crate::service::{Service, Turn};
use crate::wall::Wall;

/// Decides for all services; the loop acts.
#[derive(Debug, Default)]
pub struct Supervisor {
    /// Boxed, since nodes are half empty after services came in order.
    services: BTreeMap<ServiceId, Box<Service>>,
    deadlines: BTreeSet<(Moment, ServiceId)>,
    waiters: BTreeMap<ServiceId, Vec<Waiter>>,
    /// `None` until a shutdown begins.
    shutdown: Option<Ending>,
    wall: Wall,
    others: Others,
}

impl Supervisor {
    /// Takes one event in and appends what is to be done about it.
    pub fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Load(load) => self.load(*load, now, actions),
            Event::Ask { service, change, request, want } => {
                self.ask(service, change, (request, want), now, actions);
            }
            Event::Cancel(request) => self.cancel(request),
            Event::Shutdown(patience) => self.shut_down(patience, now, actions),
            Event::Spawned(run) => {
                self.tell(run, (now, actions), |service, turn| service.spawned(run, turn));
            }
            Event::SpawnFailed { run, cause, is_passing } => {
                self.tell(run, (now, actions), |service, turn| {
                    service.spawn_failed(run, (cause, is_passing), turn);
                });
            }
            Event::Exited { run, exit, tree_empty } => {
                self.tell(run, (now, actions), |service, turn| {
                    service.exited(run, (exit, tree_empty), turn);
                });
            }
            Event::Cleared(run) => {
                self.tell(run, (now, actions), |service, turn| service.cleared(run, turn));
            }
            Event::Trigger { service, cause } => {
                self.of(service, (now, actions), |service, turn| service.trigger(cause, turn));
            }
            Event::Level { service, level, holds } => {
                self.of(service, (now, actions), |service, turn| service.level(level, holds, turn));
            }
            Event::Wall(wall) => self.set_wall(wall, now, actions),
            Event::Timeout => self.timeout(now, actions),
        }
        self.tell_others(now, actions);
    }

    /// When [`Event::Timeout`] is due next; a later or earlier one does no harm.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let first = self.deadlines.first().map(|(moment, _)| *moment);
        first.into_iter().chain(self.shutdown.as_ref().and_then(Ending::deadline)).min()
    }

    /// Services of these labels are loaded next, in any order; until then they count as loaded, so
    /// that `OtherJobEnabled` does not depend on the order.
    pub fn expect(&mut self, labels: impl IntoIterator<Item = Arc<str>>) {
        labels.into_iter().for_each(|label| self.others.expect(label));
    }

    /// One service.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(&id).map(|service| &**service)
    }

    /// All services.
    pub fn services(&self) -> impl Iterator<Item = (ServiceId, &Service)> {
        self.services.iter().map(|(id, service)| (*id, &**service))
    }

    /// Lets go of room that is left over from growing.
    pub fn shrink(&mut self) {
        shrink(&mut self.services);
        self.others.shrink();
    }

    /// True once a shutdown has begun.
    #[must_use]
    pub fn is_shutting_down(&self) -> bool {
        self.shutdown.is_some()
    }

    /// Drops a service of which nothing is left, after [`Action::Forget`].
    pub fn forget(&mut self, id: ServiceId, now: Moment, actions: &mut Vec<Action>) {
        debug_assert!(!self.waiters.contains_key(&id), "everybody was answered before");
        if let Some(service) = self.services.remove(&id) {
            self.others.forget(&service);
            self.tell_others(now, actions);
        }
    }

    fn load(&mut self, load: Load, now: Moment, actions: &mut Vec<Action>) {
        let (id, request, want) = (load.service, load.request, load.want);
        if self.shutdown.is_some() {
            return reply(request, id, Answer::ShuttingDown, actions);
        }
        debug_assert!(!self.services.contains_key(&id), "service ids are never used again");
        let past = load.past.clone();
        let mut service = Service::new(load, now);
        self.others.take_in(&mut service);
        actions.push(Action::Announce(id));
        let mut turn = Turn { now, wall: &self.wall, actions };
        match past {
            Some(past) => service.resume(past, &mut turn),
            None => service.load(&mut turn),
        }
        if let Some(request) = request {
            let mut waiter = Waiter::new(request, want, &service);
            waiter.forgo_start(&service);
            self.waiters.entry(id).or_default().push(waiter);
        }
        self.services.insert(id, Box::new(service));
        self.settle(id, Before::nothing(), actions);
    }

    fn ask(
        &mut self,
        id: ServiceId,
        change: Change,
        (request, want): (Option<RequestId>, Want),
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let shutting_down = self.shutdown.is_some();
        let Some(service) = self.services.get_mut(&id) else {
            return reply(request, id, Answer::Superseded, actions);
        };
        let before = Before::of(service);
        let waiter = request.map(|request| Waiter::new(request, want, service));
        let (actions_before, plans_before) = (actions.len(), service.plans());
        let is_taken_in = matches!(change, Change::Replace { .. } | Change::Await);
        let mut turn = Turn { now, wall: &self.wall, actions };
        match change {
            Change::Watch | Change::Await => {}
            Change::Start | Change::Restart | Change::Enable | Change::Replace { .. }
                if shutting_down || service.is_removed() =>
            {
                let answer = if shutting_down { Answer::ShuttingDown } else { Answer::Superseded };
                return reply(request, id, answer, actions);
            }
            Change::Start | Change::Restart if !service.is_enabled() => {
                return reply(request, id, Answer::Disabled, actions);
            }
            Change::Start => service.start(&mut turn),
            Change::Stop => service.stop(&mut turn),
            Change::Restart => service.restart(&mut turn),
            Change::Enable => service.enable(&mut turn),
            Change::Disable => service.disable(&mut turn),
            Change::Remove => service.remove(&mut turn),
            Change::Replace { policy, renew } => {
                service.take_policy(policy, &turn);
                self.others.take_in(service);
                service.replaced(renew, &mut turn);
            }
        }
        if let Some(mut waiter) = waiter {
            waiter.changed =
                is_taken_in || actions_before < actions.len() || service.plans() != plans_before;
            waiter.forgo_start(service);
            self.waiters.entry(id).or_default().push(waiter);
        }
        self.settle(id, before, actions);
    }

    fn tell(
        &mut self,
        run: Run,
        turn: (Moment, &mut Vec<Action>),
        news: impl FnOnce(&mut Service, &mut Turn<'_>),
    ) {
        self.of(run.service, turn, news);
    }

    fn of(
        &mut self,
        id: ServiceId,
        (now, actions): (Moment, &mut Vec<Action>),
        news: impl FnOnce(&mut Service, &mut Turn<'_>),
    ) {
        let Some(service) = self.services.get_mut(&id) else { return };
        let before = Before::of(service);
        news(service, &mut Turn { now, wall: &self.wall, actions });
        self.settle(id, before, actions);
    }

    fn set_wall(&mut self, wall: Wall, now: Moment, actions: &mut Vec<Action>) {
        self.wall = wall;
        let ids: Vec<ServiceId> = self.services.keys().copied().collect();
        for id in ids {
            self.of(id, (now, actions), |service, turn| service.set_wall(turn));
        }
    }

    /// Services that depend on others hear of what changed, until nothing changes any more.
    fn tell_others(&mut self, now: Moment, actions: &mut Vec<Action>) {
        while let Some(watchers) = self.others.next_changed() {
            for id in watchers {
                let Some(service) = self.services.get(&id) else { continue };
                for (level, holds) in self.others.levels_of(service) {
                    self.of(id, (now, actions), |service, turn| service.level(level, holds, turn));
                }
            }
        }
    }

    fn timeout(&mut self, now: Moment, actions: &mut Vec<Action>) {
        while let Some(&(moment, id)) = self.deadlines.first() {
            if now < moment {
                break;
            }
            let service = self.services.get_mut(&id).expect("only living services have deadlines");
            let before = Before::of(service);
            service.timeout(&mut Turn { now, wall: &self.wall, actions });
            self.settle(id, before, actions);
        }
        self.hurry(now, actions);
    }

    fn cancel(&mut self, request: RequestId) {
        self.waiters.retain(|_, waiters| {
            waiters.retain(|waiter| waiter.request != request);
            !waiters.is_empty()
        });
    }
}

fn reply(
    request: Option<RequestId>,
    service: ServiceId,
    answer: Answer,
    actions: &mut Vec<Action>,
) {
    if let Some(request) = request {
        actions.push(Action::Reply { request, service, answer });
    }
}
