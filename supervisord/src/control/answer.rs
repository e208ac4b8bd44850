//! The daemon's facts as the protocol says them.

use std::borrow::Cow;

use protocol::message::{Asked, Brief, Goal, Outcome, Row, State, Status};
use supervisor_core::{self as core, Cause, Ended, Moment, Service, ServiceId};

use super::meaning;
use super::waits::{Waits, waiting};
use super::why;
use crate::clock::Clock;
use crate::launch;
use crate::registry::Entry;
use crate::sockets::Sockets;

/// launchd's status for a service whose process could not be made (`EX_CONFIG`).
const NOT_MADE: i64 = 78;

/// What answers are made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its name to the others.
    pub id: ServiceId,
    /// All sockets, its own among them.
    pub sockets: &'a Sockets,
    /// The definition's side.
    pub entry: &'a Entry,
    /// The life's side.
    pub service: &'a Service,
    /// The main process.
    pub pid: Option<u32>,
    /// It waits for a debugger.
    pub is_held: bool,
    /// Now, and how moments look on the wall.
    pub clock: &'a Clock,
    /// Who asked for its latest change.
    pub asked: Option<&'a Asked>,
}

/// What launchctl lists of a service.
#[must_use]
pub fn brief(service: &Service, pid: Option<u32>) -> Brief<'_> {
    let status = match service.ended() {
        Ended::Never => None,
        Ended::NotMade(_) => Some(NOT_MADE),
        Ended::Exit { exit, .. } => exit.status(),
    };
    Brief { label: Cow::Borrowed(service.label()), pid, status }
}

impl Facts<'_> {
    /// The row of a list.
    #[must_use]
    pub fn row(&self) -> Row {
        let Brief { label, pid, status } = brief(self.service, self.pid);
        Row {
            label: label.into_owned(),
            pid,
            status,
            state: self.state(),
            goal: goal(self.service.goal()),
            restarts: u64::from(self.service.runs().saturating_sub(1)),
            since: self.time(self.service.since()),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn state(&self) -> State {
        state(self.service)
    }

    /// The answer to a verb that changes something.
    #[must_use]
    pub fn outcome(&self, changed: bool) -> Outcome {
        let is_new = changed && self.entry.definition.rare.wait_for_debugger;
        let held = self.pid.filter(|_| is_new || self.is_held).map(why::held);
        let notes = held.map(|held| format!("it is {held}")).into_iter().collect();
        Outcome { row: self.row(), changed, why: self.why(), notes }
    }

    /// The full form.
    #[must_use]
    pub fn status(&self, paths: &protocol::address::Paths) -> Status {
        let definition = &self.entry.definition;
        let policy = self.service.policy();
        let file = |path| {
            let file = launch::log_file(path, definition, paths)?;
            Some(file.display().to_string())
        };
        Status {
            row: self.row(),
            definition: self.entry.file.display().to_string(),
            command: std::iter::once(definition.executable().to_owned())
                .chain(definition.arguments().iter().skip(1).cloned())
                .collect(),
            directory: launch::directory(definition).display().to_string(),
            stdout: file(definition.standard_out_path.as_deref()),
            stderr: file(definition.standard_error_path.as_deref()),
            enabled: self.service.is_enabled(),
            keep_alive: why::restarts(policy),
            throttle_ms: if policy.backoff.is_some() { 0 } else { milliseconds(policy.throttle) },
            stop_timeout_ms: policy.stop_timeout.map(milliseconds),
            runs: u64::from(self.service.runs()),
            last_exit: match self.service.ended() {
                Ended::Never => None,
                ended @ (Ended::NotMade(_) | Ended::Exit { .. }) => Some(why::ended(ended)),
            },
            next_start: match self.service.state() {
                core::State::Backoff { until } => Some(self.time(until)),
                core::State::Waiting => self.service.next_timer().map(|timer| self.time(timer)),
                core::State::Down
                | core::State::Spawning { .. }
                | core::State::Up { .. }
                | core::State::Stopping { .. }
                | core::State::Clearing { .. }
                | core::State::Failed => None,
            },
            why: self.why(),
            asked: self.asked.cloned(),
            notes: self.entry.notes.to_vec(),
            last_exit_means: match self.service.ended() {
                Ended::Never | Ended::NotMade(_) => None,
                Ended::Exit { exit, .. } => meaning::of(*exit).map(str::to_owned),
            },
            last_output: Vec::new(),
        }
    }

    /// Why it is where it is.
    #[must_use]
    pub fn why(&self) -> String {
        let is_instance = self.sockets.parent(self.id).is_some();
        match self.service.state() {
            core::State::Up { .. } if is_instance && self.service.cause() == Cause::Load => {
                "started for a connection".to_owned()
            }
            core::State::Waiting => {
                let timer = self.service.next_timer();
                let waits = Waits {
                    definition: &self.entry.definition,
                    now: self.clock.now(),
                    timer: timer.map(|timer| (timer, self.clock.local(timer))),
                    addresses: self.sockets.addresses(self.id).collect(),
                    fault: self.sockets.fault(self.id),
                    served: self.sockets.instances_of(self.id).len(),
                };
                waiting(self.service, &waits)
            }
            core::State::Up { .. } if self.is_held => {
                let held = self.pid.map(why::held).unwrap_or_default();
                format!("{}, and is {held}", why::why(self.service, self.clock.now()))
            }
            core::State::Down
            | core::State::Up { .. }
            | core::State::Spawning { .. }
            | core::State::Stopping { .. }
            | core::State::Clearing { .. }
            | core::State::Backoff { .. }
            | core::State::Failed => why::why(self.service, self.clock.now()),
        }
    }

    fn time(&self, moment: Moment) -> String {
        self.clock.wall(moment).to_string()
    }
}

/// Where it is, as the protocol says it.
#[must_use]
pub fn state(service: &Service) -> State {
    match service.state() {
        core::State::Down if !service.is_enabled() => State::Disabled,
        core::State::Down => State::Down,
        core::State::Waiting => State::Waiting,
        core::State::Spawning { .. } => State::Starting,
        core::State::Up { .. } => State::Up,
        core::State::Stopping { .. } | core::State::Clearing { .. } => State::Stopping,
        core::State::Backoff { .. } => State::Backoff,
        core::State::Failed => State::Failed,
    }
}

fn goal(goal: core::Goal) -> Goal {
    match goal {
        core::Goal::Up => Goal::Up,
        core::Goal::Down => Goal::Down,
    }
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
