//! Performs the core's actions, one each; decides nothing.

use std::sync::Arc;

use protocol::message::{Goal, Outcome, Reason, Refusal, State};
use supervisor_core::{
    self as core, Action, Answer, Event, Moment, RequestId, Run, Service, ServiceId,
};

use super::Daemon;
use super::chronicle::Sight;
use super::pending::{Asked, Then, WAIT};
use crate::control::answer::Facts;
use crate::control::sentence;
use crate::launch::{launch, stop_signal, summary};
use crate::os::Signal;
use crate::registry::Entry;
use crate::store::disk::{Done, JobId};
use crate::store::goals::Intent;

impl Daemon {
    /// Performs what there is to do, and what comes of it.
    pub(crate) fn perform(&mut self) {
        while !self.actions.is_empty() {
            let mut actions = std::mem::take(&mut self.actions);
            let mut forgotten = Vec::new();
            // Processes first, then what is written and told about them.
            actions.sort_by_key(|action| !is_about_process(action));
            for action in actions.drain(..) {
                if let Action::Forget(service) = action {
                    forgotten.push(service);
                }
                self.act(action);
            }
            // Its room is kept for the next turn.
            if self.actions.is_empty() {
                self.actions = actions;
            }
            self.drop_forgotten(&forgotten);
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        self.trace_action(action);
        match action {
            Action::Spawn(run) => self.spawn(run),
            Action::Terminate(run) => {
                let entry = self.registry.get(run.service);
                let signal = entry.map_or(Signal::Terminate, |one| stop_signal(&one.definition));
                self.processes.terminate(run, signal);
            }
            Action::Kill(run) => {
                if let Some(entry) = self.registry.get(run.service) {
                    log::warn!("{}: still there after its ExitTimeOut, killing it", entry.label);
                }
                self.processes.kill(run);
            }
            Action::Store(service) => self.store_goal(service),
            Action::Note(service) => self.note_run(service),
            Action::Announce(service) => {
                self.announce(service);
                self.herald.touch(self.clock.now());
                self.attend(service);
            }
            Action::Reply { request, service, answer } => self.reply(request, service, answer),
            Action::Forget(service) => self.processes.forget(service),
            Action::Finish => self.is_finished = true,
        }
    }

    pub(super) fn spawn(&mut self, run: Run) {
        match self.reopen(run.service) {
            Ok(true) => {}
            Ok(false) => return self.sockets.wait_for_reopening(run),
            Err(unopened) => return self.not_reopened(run, unopened),
        }
        let entry = self.registry.get(run.service).expect("the core starts only what was loaded");
        let (definition, paths) = (Arc::clone(&entry.definition), Arc::clone(&self.paths));
        let id = run.service;
        // Most are made on the thread that uses them: a thousand at once would take much memory.
        let needs_more =
            self.pipes.concern(id, &definition) || self.sockets.concern(id) || self.is_traced(id);
        let made = if needs_more {
            let mut launch = launch(&definition, &paths);
            if let Err(error) = self.pipes.hand(run, (&definition, &paths), &mut launch) {
                let (cause, is_passing) = (error.to_string().into(), error.is_passing());
                let news = Event::SpawnFailed { run, cause, is_passing };
                return self.supervisor.handle(self.clock.now(), news, &mut self.actions);
            }
            self.sockets.hand(id, &definition, &mut launch);
            self.trace(id, || summary(&launch));
            Some(launch)
        } else {
            None
        };
        let begin = self.logs.begin(id, &entry.label, run.number);
        let deference = self.supervisor.service(id).map(Service::deference).unwrap_or_default();
        self.processes.spawn_with(run, deference, move || {
            let mut launch = made.unwrap_or_else(|| launch(&definition, &paths));
            begin(&mut launch);
            launch
        });
    }

    pub(super) fn store_goal(&mut self, id: ServiceId) {
        let (Some(entry), Some(service)) = (self.registry.get_mut(id), self.supervisor.service(id))
        else {
            return;
        };
        let is_said_otherwise = service.is_enabled() == entry.definition.disabled;
        entry.enabled = is_said_otherwise.then_some(service.is_enabled());
        let goal = match service.goal() {
            core::Goal::Up => None,
            core::Goal::Down => Some(Goal::Down),
        };
        if self.sockets.parent(id).is_some() {
            return;
        }
        if goal.is_some() {
            self.end_instances(self.sockets.instances_of(id));
        }
        let Some(entry) = self.registry.get(id) else { return };
        let intent = Intent { goal, enabled: entry.enabled };
        let job = self.disk.goal(&entry.label, intent);
        self.pending.jobs.insert(job, Then::Goal);
        self.pending.unsafe_goals.insert(id, job);
    }

    fn announce(&mut self, id: ServiceId) {
        let Some(facts) = self.facts(id) else { return };
        let (state, pid) = (facts.state(), facts.pid);
        let level = match state {
            State::Backoff | State::Failed => log::Level::Warn,
            State::Starting => log::Level::Debug,
            State::Down | State::Waiting | State::Up | State::Stopping | State::Disabled => {
                log::Level::Info
            }
        };
        let level = self.level(id, level);
        let is_logged = log::log_enabled!(level);
        let is_told = is_logged || state != State::Starting;
        let why = if is_told { facts.why() } else { String::new() };
        if is_logged {
            let pid = pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
            log::log!(level, "{}: {}{pid}: {why}", facts.entry.label, state.word());
        }
        let is_old = facts.service.since() < self.began;
        self.chronicle_state(id, Sight { state, pid, why, is_old });
    }

    fn reply(&mut self, request: RequestId, service: ServiceId, answer: Answer) {
        match self.pending.take(request) {
            None => {}
            Some(Asked::Step { apply }) => self.pending.end_step(apply),
            Some(Asked::Verb { reply, verb, label, .. }) => {
                let outcome = self.outcome(service, answer, verb, &label);
                // It only was so already because an earlier request could not be stored.
                if verb != WAIT && self.pending.unstored.contains(&service) {
                    self.store_goal(service);
                }
                match self.pending.unsafe_goals.get(&service) {
                    Some(job) => self.pending.held.push((*job, reply, outcome)),
                    None => reply.send(outcome),
                }
            }
        }
    }

    fn outcome(
        &self,
        id: ServiceId,
        answer: Answer,
        verb: &str,
        label: &str,
    ) -> Result<Outcome, Refusal> {
        match (answer, self.facts(id)) {
            (Answer::Done { changed }, Some(facts)) => Ok(facts.outcome(changed)),
            (answer, facts) => {
                let why = facts.map(|facts| facts.why()).unwrap_or_default();
                let is_ending = self.supervisor.is_shutting_down();
                Err(sentence::refusal(answer, verb, label, &why, is_ending))
            }
        }
    }

    /// A write is safe, or failed.
    pub(super) fn written(&mut self, done: Done) {
        if done.job == JobId::default() {
            log::info!("all goals are stored again");
            self.pending.unstored.clear();
        }
        let Some(then) = self.pending.jobs.remove(&done.job) else { return };
        if !matches!(then, Then::Goal) {
            self.writes += 1;
        }
        match (then, done.result) {
            (Then::Goal, result) => {
                let failed = result.err().map(|error| error.to_string());
                match &failed {
                    None => self.pending.unstored.clear(),
                    Some(error) => {
                        log::error!("{error}; it is tried again");
                        self.pending.keep_unstored(done.job);
                    }
                }
                self.pending.unsafe_goals.retain(|_, job| done.job < *job);
                let held = std::mem::take(&mut self.pending.held);
                for (job, reply, outcome) in held {
                    match &failed {
                        _ if done.job < job => self.pending.held.push((job, reply, outcome)),
                        None => reply.send(outcome),
                        Some(error) => reply.refuse(Reason::NotStored, sentence::not_stored(error)),
                    }
                }
            }
            (Then::TakeIn(arrival), Ok(())) => {
                let label = arrival.definition.label.clone();
                let entry = Entry {
                    label: label.as_str().into(),
                    definition: Arc::new(arrival.definition),
                    notes: arrival.notes,
                    file: arrival.file,
                    enabled: None,
                };
                let waiting = (Some(arrival.request), arrival.want);
                self.take_in(entry, Intent::default(), waiting, self.clock.now());
                self.perform();
                self.next_arrival(&label);
            }
            (Then::Replace(service, arrival), Ok(())) => {
                let label = arrival.definition.label.clone();
                let waiting = (arrival.request, arrival.want);
                self.replace(service, (arrival.definition, arrival.notes), waiting);
                self.next_arrival(&label);
            }
            (Then::Remove { service, request, want }, Ok(())) => {
                let change = core::Change::Remove;
                self.handle(Event::Ask { service, change, request: Some(request), want });
            }
            (Then::TakeIn(arrival) | Then::Replace(_, arrival), Err(error)) => {
                self.sockets.let_go(&arrival.definition.label);
                self.refuse(arrival.request, Reason::NotStored, &error.to_string());
                self.next_arrival(&arrival.definition.label);
            }
            (Then::Remove { request, .. }, Err(error)) => {
                self.refuse(request, Reason::NotStored, &error.to_string());
            }
        }
    }

    /// Those who wanted to add the same label meanwhile have their turn.
    pub(super) fn next_arrival(&mut self, label: &str) {
        for (add, reply) in self.pending.incoming.remove(label).into_iter().flatten() {
            self.add(add, reply);
        }
    }

    /// Answers requests whose time is over; what they began goes on.
    pub(super) fn give_up_waiting(&mut self) {
        let now: Moment = self.clock.now();
        while let Some(request) = self.pending.expired(now) {
            self.consult(now, Event::Cancel(request));
            self.refuse(request, Reason::TimedOut, "its time ran out; what was begun goes on");
        }
    }

    pub(crate) fn refuse(&mut self, request: RequestId, reason: Reason, cause: &str) {
        match self.pending.take(request) {
            Some(Asked::Verb { reply, verb, label, .. }) => {
                let now = self.registry.find(&label).and_then(|id| self.facts(id)).map(|facts| {
                    let row = facts.row();
                    format!(" (it is {} now: {})", row.state.word(), facts.why())
                });
                let now = now.unwrap_or_default();
                self.chronicle_refused(&label);
                reply.refuse(reason, format!("cannot {verb} {label}: {cause}{now}"));
            }
            Some(Asked::Step { apply }) => self.pending.end_step(apply),
            None => {}
        }
    }

    /// What is known of a service.
    pub(crate) fn facts(&self, id: ServiceId) -> Option<Facts<'_>> {
        let (entry, service) = (self.registry.get(id)?, self.supervisor.service(id)?);
        let run = service.state().run();
        let pid = self.main_pid(run);
        let is_held = entry.definition.rare.wait_for_debugger
            && run.is_some_and(|run| self.processes.is_stopped(run));
        let (sockets, clock) = (&self.sockets, &self.clock);
        let asked = self.chronicle.asked(&entry.label);
        Some(Facts { id, sockets, entry, service, pid, is_held, clock, asked })
    }

    /// The main process of a service that is in this run, while it is alive.
    pub(crate) fn main_pid(&self, run: Option<Run>) -> Option<u32> {
        run.and_then(|run| self.processes.pid(run))
    }

    /// Drops services of which nothing is left, after all answers about them were made.
    pub(super) fn drop_forgotten(&mut self, ids: &[ServiceId]) {
        for id in ids {
            let now = self.clock.now();
            self.supervisor.forget(*id, now, &mut self.actions);
            self.followers.remove(id);
            self.watches.forget(*id);
            self.logs.forget(*id);
            self.pipes.forget(*id);
            self.pending.unstored.remove(id);
            let parent = self.sockets.parent(*id);
            let instances = self.sockets.forget(*id);
            self.end_instances(instances);
            if let Some(parent) = parent {
                self.attend(parent);
            }
            let Some(entry) = self.registry.remove(*id) else { continue };
            self.runs.note(&entry.label, None);
            self.chronicle_removed(&entry.label);
            log::info!("{}: removed", entry.label);
        }
    }
}

fn is_about_process(action: &Action) -> bool {
    match action {
        Action::Spawn(_) | Action::Terminate(_) | Action::Kill(_) => true,
        Action::Store(_)
        | Action::Announce(_)
        | Action::Note(_)
        | Action::Reply { .. }
        | Action::Forget(_)
        | Action::Finish => false,
    }
}
