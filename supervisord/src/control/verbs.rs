//! Each method of the protocol, and what the daemon does about it.

mod add;
mod apply;

use std::path::PathBuf;
use std::time::Duration;

use protocol::message::{
    self, Brief, Call, Hello, List, Logs, PROTOCOL, Page, Pong, Stream, Until, Wait,
};
use supervisor_core::{Change, Event, Goal, RequestId, ServiceId, Want};
use tokio::sync::oneshot;
use tokio::task;

use super::answer::brief;
use super::reply::{Reply, SessionId};
use super::sentence;
use super::session::Message;
use crate::daemon::{Asked, Daemon, Demand, Internal, Then, WAIT};
use crate::logs::follow::{self, Wanted};
use crate::logs::{self, Select};
use crate::store::goals::Intent;

/// Rows in one page of a list; a row is well below a 256th of a frame.
const PAGE_MAX: u32 = 2000;

impl Daemon {
    /// Takes one message of a session.
    pub(crate) fn message(&mut self, message: Message) {
        match message {
            Message::Gone(session) => self.cancel(session),
            Message::Call { call, reply } => self.call(*call, reply),
        }
    }

    /// Takes news of the daemon's own tasks.
    pub(crate) fn internal(&mut self, internal: Internal) {
        match internal {
            // What was read may be older than what was done since: a service just added would go.
            Internal::Scanned { as_of, dry_run, demand, reply, .. } if as_of != self.writes => {
                self.apply(dry_run, *demand, reply);
            }
            Internal::Scanned { found, settings, dry_run, demand, reply, .. } => {
                let is_by_signal = reply.is_none();
                self.scanned((found, settings), dry_run, &demand, reply);
                if is_by_signal {
                    self.tell_ready();
                }
            }
            Internal::Drained(number) => self.drained(number),
            Internal::Rested(service) => self.rested(service),
            Internal::Opened { result, opening } => self.opened_late(result, opening),
            Internal::Answered => {}
            Internal::Entered => {
                log::info!("told to end by Enter");
                self.chronicle_asked(None, "shutdown", &Demand::by_signal("Enter"));
                self.shut_down(None);
            }
        }
    }

    fn call(&mut self, call: Call, reply: Reply) {
        match call {
            Call::Hello(_) => reply.send(Ok(self.hello())),
            Call::Ping => {
                let (pid, services) = (std::process::id(), self.registry.len());
                reply.send(Ok(Pong { pid, services }));
            }
            Call::List(list) if list.brief => {
                reply.send(Ok(self.list(&list, |ids| self.briefs(ids))));
            }
            Call::List(list) => {
                let row = |id: &ServiceId| Some(self.facts(*id)?.row());
                reply.send(Ok(self.list(&list, |ids| ids.iter().filter_map(row).collect())));
            }
            Call::Status(target) => match self.find("show", &target.label) {
                Ok(id) => self.status(id, reply),
                Err(refusal) => reply.send::<()>(Err(refusal)),
            },
            Call::Add(add) => self.add(add, reply),
            Call::Remove(change) => self.remove(change, reply),
            Call::Start(change) => {
                self.change("start", Change::Start, Want::Started, change, reply);
            }
            Call::Stop(change) => self.change("stop", Change::Stop, Want::Stopped, change, reply),
            Call::Restart(change) => {
                self.change("restart", Change::Restart, Want::Started, change, reply);
            }
            Call::Enable(change) => {
                self.change("enable", Change::Enable, Want::Started, change, reply);
            }
            Call::Disable(change) => {
                self.change("disable", Change::Disable, Want::Nothing, change, reply);
            }
            Call::Apply(apply) => {
                let demand = Demand::of(&reply, apply.reason.as_deref());
                self.apply(apply.dry_run, demand, Some(reply));
            }
            Call::Wait(wait) => self.wait(wait, reply),
            Call::Logs(logs) => self.logs(logs, reply),
            Call::Events(events) => self.events(events, reply),
            Call::Upgrade(upgrade) => {
                let demand = Demand::of(&reply, upgrade.reason.as_deref());
                self.chronicle_asked(None, "upgrade", &demand);
                self.upgrade(upgrade.program.map(PathBuf::from), reply);
            }
            Call::Shutdown(shutdown) => {
                let demand = Demand::of(&reply, shutdown.reason.as_deref());
                self.chronicle_asked(None, "shutdown", &demand);
                let patience = shutdown.timeout_ms.map(Duration::from_millis);
                self.shut_down(Some((reply, patience)));
            }
        }
    }

    fn hello(&self) -> Hello {
        Hello {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            pid: std::process::id(),
            since: self.clock.wall(self.began).to_string(),
            services: self.paths.services.display().to_string(),
            logs: self.paths.logs.display().to_string(),
        }
    }

    /// What the loop knows, then what only looking at files tells.
    fn status(&self, id: ServiceId, reply: Reply) {
        let facts = self.facts(id).expect("only who was found is asked about");
        let (mut status, streams) = (facts.status(&self.paths), self.logs.of(id));
        if streams.each().next().is_none() {
            return reply.send(Ok(status));
        }
        let ended_run = facts.service.ended_run();
        let (under_way, internal) = (self.pending.under_way(), self.internal.clone());
        task::spawn_local(async move {
            let (label, pid) = (status.row.label.clone(), status.row.pid);
            let looked = logs::beside(move || {
                (streams.notes(&label, pid), streams.last_output(&label, ended_run))
            });
            let (notes, last_output) = looked.await.unwrap_or_default();
            status.notes.extend(notes);
            status.last_output = last_output;
            reply.send(Ok(status));
            drop(under_way);
            // The loop may be waiting for just this, or have ended.
            let _ = internal.send(Internal::Answered);
        });
    }

    fn list<R>(&self, list: &List, rows: impl FnOnce(&[ServiceId]) -> Vec<R>) -> Page<R> {
        let limit = list.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX) as usize;
        let mut known = self.registry.after(list.after.as_deref());
        let (labels, ids): (Vec<&str>, Vec<ServiceId>) = known.by_ref().take(limit).unzip();
        let next = known.next().and(labels.last()).map(|label| (*label).to_owned());
        Page { services: rows(&ids), next }
    }

    /// What stands anywhere in memory is fetched in loops so small that the processor fetches
    /// several at a time: one after the other, a thousand take longer than all the rest.
    fn briefs(&self, ids: &[ServiceId]) -> Vec<Brief<'_>> {
        let found: Vec<_> = ids.iter().filter_map(|id| self.supervisor.service(*id)).collect();
        let runs: Vec<_> = found.iter().map(|service| service.state().run()).collect();
        let row = |(service, run)| brief(service, self.main_pid(run));
        found.into_iter().zip(runs).map(row).collect()
    }

    fn change(
        &mut self,
        verb: &'static str,
        change: Change,
        want: Want,
        asked: message::Change,
        reply: Reply,
    ) {
        match self.find(verb, &asked.label) {
            Ok(service) => {
                if matches!(change, Change::Enable) {
                    self.refresh(service);
                }
                let demand = Demand::of(&reply, asked.reason.as_deref());
                self.chronicle_asked(Some(&asked.label), verb, &demand);
                let want = if asked.wait { want } else { Want::Nothing };
                let request = self.expect_answer(verb, asked.label, asked.timeout_ms, reply);
                self.handle(Event::Ask { service, change, request: Some(request), want });
            }
            Err(refusal) => reply.send::<()>(Err(refusal)),
        }
    }

    /// The definition goes first: a daemon that dies in between must not bring the service back.
    fn remove(&mut self, asked: message::Change, reply: Reply) {
        let service = match self.find("remove", &asked.label) {
            Ok(service) => service,
            Err(refusal) => return reply.send::<()>(Err(refusal)),
        };
        if self.sockets.parent(service).is_some() {
            // It has no file of its own.
            let change = Change::Remove;
            return self.change("remove", change, Want::Stopped, asked, reply);
        }
        let demand = Demand::of(&reply, asked.reason.as_deref());
        self.chronicle_asked(Some(&asked.label), "remove", &demand);
        let file = self.registry.get(service).expect("found above").file.clone();
        self.writes += 1;
        let job = self.disk.delete(file);
        self.forget_goal(service);
        let want = if asked.wait { Want::Stopped } else { Want::Nothing };
        let request = self.expect_answer("remove", asked.label, asked.timeout_ms, reply);
        self.pending.jobs.insert(job, Then::Remove { service, request, want });
    }

    /// Whoever adds the label again begins anew.
    fn forget_goal(&mut self, id: ServiceId) {
        let goal = self.supervisor.service(id).map(supervisor_core::Service::goal);
        let Some(entry) = self.registry.get(id) else { return };
        if goal == Some(Goal::Down) || entry.enabled.is_some() {
            let job = self.disk.goal(&entry.label, Intent::default());
            self.pending.jobs.insert(job, Then::Goal);
        }
    }

    fn wait(&mut self, wait: Wait, reply: Reply) {
        let service = match self.find(WAIT, &wait.label) {
            Ok(service) => service,
            Err(refusal) => return reply.send::<()>(Err(refusal)),
        };
        let want = match wait.until {
            Until::Up => Want::Up,
            Until::Down => Want::Down,
            Until::Exited => {
                let runs = self.supervisor.service(service).map(supervisor_core::Service::runs);
                Want::Ended(runs.unwrap_or_default())
            }
        };
        let request = self.expect_answer(WAIT, wait.label, wait.timeout_ms, reply);
        self.handle(Event::Ask { service, change: Change::Watch, request: Some(request), want });
    }

    fn logs(&mut self, logs: Logs, reply: Reply) {
        let id = match self.find("show the log of", &logs.label) {
            Ok(id) => id,
            Err(refusal) => return reply.send::<()>(Err(refusal)),
        };
        let streams = self.logs.of(id);
        let (log, key) = match logs.stream.unwrap_or(Stream::Stdout) {
            Stream::Stdout => (streams.stdout, "StandardOutPath"),
            Stream::Stderr => (streams.stderr, "StandardErrorPath"),
        };
        let refuse = |reply: Reply, reason, cause: &str| {
            reply.refuse(reason, format!("cannot show the log of {}: {cause}", logs.label));
        };
        let Some(log) = log else {
            let cause = format!("its definition sends it to nowhere ({key})");
            return refuse(reply, message::Reason::Failed, &cause);
        };
        let time = |text: &Option<String>| text.as_deref().map(str::parse).transpose();
        let (Ok(since), Ok(until)) = (time(&logs.since), time(&logs.until)) else {
            let cause = "since and until are times like 2026-11-23T12:35:03Z";
            return refuse(reply, message::Reason::BadParameters, cause);
        };
        let now = self.clock.wall_now();
        let Logs { lines, from, run, .. } = logs;
        let select = Select { now, lines, from, run, since, until };
        let follow = logs.follow.then(|| {
            let (until_removed, removed) = oneshot::channel();
            let followers = self.followers.entry(id).or_default();
            followers.retain(|follower| !follower.is_closed());
            followers.push(until_removed);
            removed
        });
        let wanted = Wanted { label: logs.label, log, select, marks: logs.marks, follow };
        task::spawn_local(follow::send(wanted, reply));
    }

    fn events(&self, events: message::Events, reply: Reply) {
        let journal = &self.chronicle.journal;
        let progress = journal.progress();
        let last = progress.borrow().last;
        // Whoever names a later one speaks of a history that is lost.
        let after = match events.after {
            Some(after) => after.min(last),
            None if events.follow && events.last.is_none() => last,
            None => 0,
        };
        let reader = journal.reader(after);
        task::spawn_local(super::events::send(events, reader, progress, reply));
    }

    fn cancel(&mut self, session: SessionId) {
        for request in self.pending.of_session(session) {
            self.pending.take(request);
            self.handle(Event::Cancel(request));
        }
    }

    fn find(&self, verb: &str, label: &str) -> Result<ServiceId, message::Refusal> {
        self.registry
            .find(label)
            .ok_or_else(|| sentence::no_such_service(verb, label, self.registry.nearest(label)))
    }

    fn expect_answer(
        &mut self,
        verb: &'static str,
        label: String,
        timeout_ms: Option<u64>,
        reply: Reply,
    ) -> RequestId {
        let now = self.clock.now();
        let until = timeout_ms.map(|timeout| now + Duration::from_millis(timeout));
        self.pending.ask(Asked::Verb { reply, verb, label, until })
    }
}
