//! People: what they ask, at random, and what they may expect from it.

use std::time::Duration;

use supervisor_core::{
    Answer, Cause, Change, Event, Goal, Load, Moment, Policy, RequestId, ServiceId, State, Want,
};

use crate::definitions::{LABELS, random_policy};
use crate::known::Known;
use crate::random::Random;
use crate::reasons::{is_always_up, starts_at_load};
use crate::world::{Happening, World};

/// At most so many services at a time.
const SERVICES_MAX: usize = 4;

/// Longer than every throttle and stop timeout together.
const QUIET: Duration = Duration::from_secs(90);

/// Those who ask.
pub(crate) struct People {
    active_until: Moment,
    /// How long nobody does anything before the shutdown.
    pub(crate) quiet: Duration,
    acts_after_shutdown: u64,
    services: u32,
    requests: u64,
}

/// A request that waits for its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) service: ServiceId,
    pub(crate) want: Want,
    /// As it was before.
    pub(crate) was_enabled: bool,
    pub(crate) ended_run: usize,
    /// The answer, where it can be told beforehand; it must come at once.
    pub(crate) refusal: Option<Answer>,
}

impl People {
    pub(crate) fn new(random: &mut Random) -> Self {
        let active_until = Moment::after(Duration::from_secs(10) + random.up_to(60_000));
        let quiet = if random.chance(70) { QUIET } else { Duration::ZERO };
        let acts_after_shutdown = random.below(6);
        Self { active_until, quiet, acts_after_shutdown, services: 0, requests: 0 }
    }

    /// They sleep as long as the machine.
    pub(crate) fn sleep(&mut self, length: Duration) {
        self.active_until = self.active_until + length;
    }
}

impl World {
    /// One thing at a time, until all go home.
    pub(crate) fn people_act(&mut self) {
        let is_bedtime = self.people.active_until < self.now;
        if self.is_shutting_down {
            if self.people.acts_after_shutdown == 0 {
                return;
            }
            self.people.acts_after_shutdown -= 1;
        } else if is_bedtime {
            self.later(self.people.quiet, Happening::Shutdown);
            return self.later(self.people.quiet, Happening::People);
        }
        let pause = self.pause();
        self.later(pause, Happening::People);
        self.act();
    }

    fn act(&mut self) {
        let ids: Vec<ServiceId> = self.services.keys().copied().collect();
        if ids.is_empty() || ids.len() < SERVICES_MAX && self.random.chance(12) {
            return self.load();
        }
        let id = if self.random.chance(3) { ServiceId(0) } else { self.random.pick(&ids) };
        if self.random.chance(30) {
            return self.nature_acts(id);
        }
        let change = match self.random.below(100) {
            0..20 => Change::Start,
            20..40 => Change::Stop,
            40..54 => Change::Restart,
            54..62 => Change::Enable,
            62..68 => Change::Disable,
            68..74 => Change::Remove,
            74..84 => {
                let renew = self.random.chance(50);
                Change::Replace { policy: self.other_policy(id), renew }
            }
            84..88 => Change::Watch,
            88..92 => Change::Await,
            92..96 => return self.handle(Event::Timeout),
            96 if self.is_shutting_down => return self.shut_down(),
            _ => return self.cancel(),
        };
        self.ask(id, change);
    }

    /// Another definition, sometimes with the same triggers or none but other rules.
    fn other_policy(&mut self, id: ServiceId) -> Policy {
        let known = self.services.get(&id);
        let label = known.map_or("", |known| &known.label);
        let mut policy = random_policy(label, &mut self.random);
        if self.random.chance(50)
            && let Some(known) = self.services.get(&id)
        {
            policy.triggers.clone_from(&known.policy.triggers);
            let interval = policy.triggers.as_mut().filter(|_| self.random.chance(30));
            interval.into_iter().for_each(|triggers| triggers.interval = None);
        }
        policy
    }

    fn load(&mut self) {
        // The label of one that is being removed is free again.
        let is_taken =
            |label: &&str| self.services.values().any(|one| !one.removed && *one.label == **label);
        let labels: Vec<&str> = LABELS.into_iter().filter(|label| !is_taken(label)).collect();
        let label = self.random.pick(&labels);
        self.people.services += 1;
        let service = ServiceId(self.people.services);
        let policy = random_policy(label, &mut self.random);
        let goal = if self.random.chance(15) { Goal::Down } else { Goal::Up };
        let enabled = !self.random.chance(15);
        let refusal = self.is_shutting_down.then_some(Answer::ShuttingDown);
        let (request, want) = self.request(service, refusal);
        if !self.is_shutting_down {
            let mut known = Known::new(label.into(), policy.clone(), (goal, enabled));
            known.begin();
            self.services.insert(service, known);
            self.by_label.insert(label.into(), service);
        }
        self.forgo_start(service, request);
        let seed = self.random.below(u64::MAX);
        self.handle(Event::Load(Box::new(Load {
            service,
            label: label.into(),
            policy,
            goal,
            enabled,
            past: None,
            seed,
            request,
            want,
        })));
    }

    fn ask(&mut self, service: ServiceId, change: Change) {
        let refusal = self.refusal(service, &change);
        let (request, want) = self.request(service, refusal);
        if refusal.is_none() {
            self.expect(service, &change);
            self.forgo_start(service, request);
        }
        self.handle(Event::Ask { service, change, request, want });
    }

    fn cancel(&mut self) {
        let requests: Vec<RequestId> = self.open.keys().copied().collect();
        if !requests.is_empty() {
            let request = self.random.pick(&requests);
            self.open.remove(&request);
            self.handle(Event::Cancel(request));
        }
    }

    fn request(
        &mut self,
        service: ServiceId,
        refusal: Option<Answer>,
    ) -> (Option<RequestId>, Want) {
        let known = self.services.get(&service);
        let runs = known.map_or(0, |known| known.trees.len());
        let was_enabled = known.is_some_and(|known| known.enabled);
        let ended_run = known.map_or(0, Known::ended_run);
        let runs = u32::try_from(runs).expect("few runs");
        let want = match self.random.below(6) {
            0 => Want::Nothing,
            1 => Want::Started,
            2 => Want::Up,
            3 => Want::Stopped,
            4 => Want::Down,
            _ => Want::Ended(runs + self.random.pick(&[0, 0, 1])),
        };
        if self.random.chance(15) {
            return (None, want);
        }
        self.people.requests += 1;
        let request = RequestId(self.people.requests);
        self.open.insert(request, Asked { service, want, was_enabled, ended_run, refusal });
        (Some(request), want)
    }

    /// Who waits for a start of what is to stay down is answered at once: nothing was to be done.
    fn forgo_start(&mut self, service: ServiceId, request: Option<RequestId>) {
        let asked = request.and_then(|request| self.open.get_mut(&request));
        if let Some(asked) = asked
            && asked.want == Want::Started
            && self.services.get(&service).is_some_and(|known| known.goal == Goal::Down)
        {
            asked.want = Want::Nothing;
        }
    }

    fn refusal(&self, id: ServiceId, change: &Change) -> Option<Answer> {
        let Some(known) = self.services.get(&id) else { return Some(Answer::Superseded) };
        match change {
            Change::Stop | Change::Disable | Change::Remove | Change::Watch | Change::Await => None,
            Change::Start | Change::Restart | Change::Enable | Change::Replace { .. } => {
                let is_start = matches!(change, Change::Start | Change::Restart);
                if self.is_shutting_down {
                    Some(Answer::ShuttingDown)
                } else if known.removed {
                    Some(Answer::Superseded)
                } else {
                    (is_start && !known.enabled).then_some(Answer::Disabled)
                }
            }
        }
    }

    /// Writes down what a change that is not refused has to bring about.
    fn expect(&mut self, id: ServiceId, change: &Change) {
        let state = self.core.service(id).expect("not refused").state();
        let is_wanted = self.is_wanted(&self.services[&id]);
        let known = self.services.get_mut(&id).expect("not refused");
        match change {
            Change::Start => {
                known.goal = Goal::Up;
                let is_running =
                    matches!(state, State::Up { .. } | State::Spawning { renew: false, .. });
                if !is_running {
                    known.owed = Some(Cause::Asked);
                }
            }
            Change::Stop => (known.goal, known.owed) = (Goal::Down, None),
            Change::Restart => (known.goal, known.owed) = (Goal::Up, Some(Cause::Asked)),
            Change::Enable => {
                let is_due = state.run().is_none() && starts_at_load(&known.policy);
                if !known.enabled && is_due && is_wanted && known.may_start_itself() {
                    known.owed = Some(Cause::Load);
                }
                if !known.enabled {
                    known.forgive();
                }
                known.enabled = true;
            }
            Change::Disable => known.enabled = false,
            Change::Remove => (known.removed, known.owed) = (true, None),
            Change::Replace { policy, renew } => {
                known.replace(policy.clone());
                if state == State::Failed {
                    known.forgive();
                }
                let is_due = match state {
                    State::Failed => starts_at_load(policy),
                    State::Down | State::Waiting => is_always_up(policy),
                    State::Spawning { .. }
                    | State::Up { .. }
                    | State::Stopping { .. }
                    | State::Clearing { .. }
                    | State::Backoff { .. } => false,
                };
                let is_wanted = is_wanted && known.enabled;
                if is_wanted && is_due && known.may_start_itself() {
                    known.owed = Some(Cause::Load);
                }
                if is_wanted && *renew && state.run().is_some() {
                    known.owed = Some(Cause::Asked);
                }
            }
            Change::Watch | Change::Await => {}
        }
    }

    /// It ought to run, as far as people have a say in it.
    pub(crate) fn is_wanted(&self, known: &Known) -> bool {
        known.is_wanted(self.is_shutting_down)
    }
}
