//! The world of a script: tells the supervisor what happens next, and writes down what came of it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Fate, Over, Script, Step, What};
use crate::action::Action;
use crate::event::{Change, Event, Load, Want};
use crate::moment::Moment;
use crate::run::{Exit, Run, ServiceId};
use crate::service::{Cause, Ended, Goal, Service, State};
use crate::supervisor::Supervisor;

const SERVICE: ServiceId = ServiceId(1);

/// The world; iterate to see what happens.
#[derive(Debug)]
pub struct Simulation {
    core: Supervisor,
    script: Script,
    now: Moment,
    begun: usize,
    live: Option<Live>,
    steps: VecDeque<Step>,
    is_over: bool,
}

/// The run that has a process.
#[derive(Debug, Clone, Copy)]
struct Live {
    run: Run,
    since: Moment,
    ends: Option<(Moment, Exit)>,
}

impl Iterator for Simulation {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        while self.steps.is_empty() && !self.is_over {
            self.advance();
        }
        self.steps.pop_front()
    }
}

impl Simulation {
    /// Loads the service.
    #[must_use]
    pub fn new(script: Script) -> Self {
        let mut world = Self {
            core: Supervisor::default(),
            now: Moment::default(),
            begun: 0,
            live: None,
            steps: VecDeque::new(),
            is_over: false,
            script,
        };
        let Script { label, policy, enabled, .. } = &world.script;
        let load = Load {
            service: SERVICE,
            label: Arc::clone(label),
            policy: policy.clone(),
            goal: Goal::Up,
            enabled: *enabled,
            past: None,
            seed: 0,
            request: None,
            want: Want::Nothing,
        };
        world.tell(Event::Wall(world.script.wall.clone()));
        let begun = world.tell(Event::Load(Box::new(load)));
        match begun {
            Some(run) => world.begin(run),
            None => world.push(What::Loaded),
        }
        if world.script.asked && !world.is_over {
            let (change, want) = (Change::Start, Want::Nothing);
            let ask = Event::Ask { service: SERVICE, change, request: None, want };
            if let Some(run) = world.tell(ask) {
                world.begin(run);
            }
        }
        world
    }

    fn advance(&mut self) {
        let end = self.live.and_then(|live| live.ends);
        let due = self.core.deadline();
        let is_endless = self.live.is_some_and(|live| live.ends.is_none());
        if is_endless && self.script.until.is_none() {
            return self.finish(Over::RunsOn);
        }
        let Some(at) = [end.map(|(at, _)| at), due].into_iter().flatten().min() else {
            return self.finish(if is_endless { Over::RunsOn } else { Over::AtRest });
        };
        if self.script.until.is_some_and(|until| until < at) {
            self.now = self.script.until.unwrap_or(at);
            return self.finish(Over::Time);
        }
        self.now = self.now.max(at);
        match (self.live, end) {
            (Some(live), Some((ends, exit))) if ends <= at => self.end(live, exit),
            (Some(_) | None, _) => self.time_passes(),
        }
    }

    fn end(&mut self, live: Live, exit: Exit) {
        let Live { run, since, .. } = live;
        self.live = None;
        let begun = self.tell(Event::Exited { run, exit, tree_empty: true });
        self.push(What::Ended { run: run.number, exit, lived: self.now - since });
        self.go_on(begun);
    }

    fn time_passes(&mut self) {
        let timer = self.sight(Service::next_timer).flatten();
        let owed = self.sight(Service::owed).flatten();
        let begun = self.tell(Event::Timeout);
        if begun.is_none() && timer.is_some_and(|timer| timer <= self.now) {
            let owed_now = self.sight(Service::owed).flatten();
            let counts = owed.is_none() && owed_now.is_some();
            let timer = owed_now.filter(|_| counts).or_else(|| self.only_timer());
            self.push(What::Fired { timer, counts });
        }
        self.go_on(begun);
    }

    /// Begins the run that came of what was told, unless the script ends here.
    fn go_on(&mut self, begun: Option<Run>) {
        let is_used_up = self.script.until.is_none() && self.script.runs.len() <= self.begun;
        match begun {
            _ if is_used_up && self.live.is_none() => self.finish(Over::UsedUp),
            Some(run) => self.begin(run),
            None => {}
        }
    }

    fn begin(&mut self, run: Run) {
        let last = self.script.runs.len().saturating_sub(1);
        let fate = self.script.runs.get(self.begun.min(last)).cloned().unwrap_or(Fate::Stays);
        self.begun += 1;
        let number = run.number;
        let cause = self.sight(Service::cause).unwrap_or(Cause::Load);
        let ends = match fate {
            Fate::Ends { after, exit } => Some((self.now + after, exit)),
            Fate::Stays => None,
            Fate::NotMade(reason) => {
                let news = Event::SpawnFailed { run, cause: reason.clone(), is_passing: false };
                let begun = self.tell(news);
                self.push(What::NotMade { run: number, cause, reason });
                return self.go_on(begun);
            }
        };
        self.live = Some(Live { run, since: self.now, ends });
        self.tell(Event::Spawned(run));
        let last = self.sight(|service| service.ended().clone()).unwrap_or(Ended::Never);
        self.push(What::Began { run: number, cause, last });
    }

    /// Lets the supervisor handle it; yields the run it begins, if any.
    fn tell(&mut self, event: Event) -> Option<Run> {
        let mut actions = Vec::new();
        self.core.handle(self.now, event, &mut actions);
        actions.into_iter().find_map(|action| match action {
            Action::Spawn(run) => Some(run),
            Action::Terminate(_)
            | Action::Kill(_)
            | Action::Store(_)
            | Action::Announce(_)
            | Action::Reply { .. }
            | Action::Forget(_)
            | Action::Note(_)
            | Action::Finish => None,
        })
    }

    fn finish(&mut self, over: Over) {
        self.is_over = true;
        self.push(What::Over(over));
    }

    fn push(&mut self, what: What) {
        let (at, state) = (self.now, self.sight(Service::state).unwrap_or(State::Down));
        let owed = self.sight(Service::owed).flatten();
        let next_timer = self.sight(Service::next_timer).flatten();
        self.steps.push_back(Step { at, what, state, owed, next_timer });
    }

    /// The one timer that the definition has, when it has one kind only.
    fn only_timer(&self) -> Option<Cause> {
        let triggers = self.script.policy.triggers.as_deref()?;
        match (triggers.interval.is_some(), !triggers.calendar.is_empty()) {
            (true, false) => Some(Cause::Interval),
            (false, true) => Some(Cause::Calendar),
            (true, true) | (false, false) => None,
        }
    }

    fn sight<T>(&self, look: impl FnOnce(&Service) -> T) -> Option<T> {
        self.core.service(SERVICE).map(look)
    }
}
