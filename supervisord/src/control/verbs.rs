//! Each method of the protocol, and what the daemon does about it.

mod add;
mod apply;

use std::path::PathBuf;
use std::time::Duration;

use protocol::definition::Definition;
use protocol::message::{self, Call, Hello, List, Logs, PROTOCOL, Page, Pong, Stream, Until, Wait};
use supervisor_core::{Change, Event, Goal, Moment, RequestId, ServiceId, Want};
use tokio::sync::oneshot;
use tokio::task;

use super::reply::{Reply, SessionId};
use super::sentence;
use super::session::Message;
use crate::daemon::{Asked, Daemon, Internal, Then, WAIT};
use crate::launch;
use crate::logs::follow::{self, Wanted};
use crate::store::goals::Intent;

/// Rows in one page of a list; a row is well below a 256th of a frame.
const PAGE_MAX: u32 = 2000;

impl Daemon {
    /// Takes one message of a session.
    pub(crate) fn message(&mut self, message: Message) {
        match message {
            Message::Gone(session) => self.cancel(session),
            Message::Call { call, reply } => self.call(call, reply),
        }
    }

    /// Takes news of the daemon's own tasks.
    pub(crate) fn internal(&mut self, internal: Internal) {
        match internal {
            Internal::Scanned { found, dry_run, reply } => {
                let is_by_signal = reply.is_none();
                self.scanned(found, dry_run, reply);
                if is_by_signal {
                    self.tell_ready();
                }
            }
            Internal::Drained(number) => self.drained(number),
            Internal::Opened { result, opening } => self.opened_late(result, opening),
            Internal::Entered => {
                log::info!("told to end by Enter");
                self.shut_down();
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
            Call::List(list) => reply.send(Ok(self.list(&list))),
            Call::Status(target) => match self.find("show", &target.label) {
                Ok(id) => {
                    reply.send(Ok(self.facts(id).expect("found above").status(&self.paths)));
                }
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
            Call::Apply(apply) => self.apply(apply.dry_run, Some(reply)),
            Call::Wait(wait) => self.wait(wait, reply),
            Call::Logs(logs) => self.logs(logs, reply),
            Call::Upgrade(upgrade) => self.upgrade(upgrade.program.map(PathBuf::from), reply),
            Call::Shutdown(_) => {
                self.shutdown_replies.push(reply);
                self.shut_down();
            }
        }
    }

    fn hello(&self) -> Hello {
        Hello {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            pid: std::process::id(),
            since: self.clock.wall(Moment::default()).to_string(),
            services: self.paths.services.display().to_string(),
            logs: self.paths.logs.display().to_string(),
        }
    }

    fn list(&self, list: &List) -> Page {
        let limit = list.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX) as usize;
        let mut labels = self.registry.after(list.after.as_deref());
        let services = labels
            .by_ref()
            .take(limit)
            .filter_map(|(_, id)| self.facts(id))
            .map(|facts| facts.row())
            .collect::<Vec<_>>();
        let next = labels.next().and(services.last()).map(|row| row.label.clone());
        Page { services, next }
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
        let file = self.registry.get(service).expect("found above").file.clone();
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
        let definition = &self.registry.get(id).expect("found above").definition;
        let Some(file) = self.log_of(definition, logs.stream) else {
            let sentence = format!(
                "cannot show the log of {}: its definition sends it to nowhere (StandardOutPath)",
                logs.label
            );
            return reply.refuse(message::Reason::Failed, sentence);
        };
        let follow = logs.follow.then(|| {
            let (until_removed, removed) = oneshot::channel();
            let followers = self.followers.entry(id).or_default();
            followers.retain(|follower| !follower.is_closed());
            followers.push(until_removed);
            removed
        });
        let wanted = Wanted { label: logs.label, file, lines: logs.lines, from: logs.from, follow };
        task::spawn_local(follow::send(wanted, reply));
    }

    fn log_of(&self, definition: &Definition, stream: Option<Stream>) -> Option<PathBuf> {
        let path = match stream.unwrap_or(Stream::Stdout) {
            Stream::Stdout => &definition.standard_out_path,
            Stream::Stderr => &definition.standard_error_path,
        };
        launch::log_file(path.as_deref(), definition, &self.paths)
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
