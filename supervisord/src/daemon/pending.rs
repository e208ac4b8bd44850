//! Requests that were begun and are not answered, and writes whose end something waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use protocol::definition::Definition;
use protocol::message::{Add, Outcome, Plan, Refusal, Rejected};
use supervisor_core::{Moment, RequestId, ServiceId, Want};

use crate::control::reply::{Reply, SessionId};
use crate::store::disk::JobId;

/// The verb that only waits, as sentences name it.
pub(crate) const WAIT: &str = "wait for";

/// What the loop owes others.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// What happens when a write is done.
    pub(crate) jobs: BTreeMap<JobId, Then>,
    /// Answers that are true, but not to be given before a goal is safe on the disk.
    pub(crate) held: Vec<(JobId, Reply, Result<Outcome, Refusal>)>,
    /// The latest unfinished write of a service's goal.
    pub(crate) unsafe_goals: BTreeMap<ServiceId, JobId>,
    /// Services whose goal is not what the disk says, since it could not be written.
    pub(crate) unstored: BTreeSet<ServiceId>,
    /// Labels whose definition is being written, and who else wants to add them meanwhile.
    pub(crate) incoming: BTreeMap<String, Vec<(Add, Reply)>>,
    /// Held by answers that are being made beside the loop.
    others: Rc<()>,
    asked: BTreeMap<RequestId, Asked>,
    timeouts: BTreeSet<(Moment, RequestId)>,
    applies: BTreeMap<u64, (usize, Plan, Option<Reply>)>,
    last: u64,
}

/// One request the core will answer.
#[derive(Debug)]
pub(crate) enum Asked {
    /// A verb of a client.
    Verb { reply: Reply, verb: &'static str, label: String, until: Option<Moment> },
    /// A step of an `apply`.
    Step { apply: u64 },
}

/// What happens when a write is done.
#[derive(Debug)]
pub(crate) enum Then {
    /// Answers that waited for a goal may go.
    Goal,
    /// A new service begins.
    TakeIn(Box<Arrival>),
    /// A service gets another definition.
    Replace(ServiceId, Box<Arrival>),
    /// A service goes.
    Remove { service: ServiceId, request: RequestId, want: Want },
}

/// A definition on its way in.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) definition: Definition,
    pub(crate) notes: Box<[String]>,
    pub(crate) file: PathBuf,
    pub(crate) request: RequestId,
    pub(crate) want: Want,
}

impl Pending {
    /// Nothing is under way but waiting for what may take as long as it will.
    pub(crate) fn is_settled(&self) -> bool {
        let is_patient = |asked: &Asked| match asked {
            Asked::Verb { verb, .. } => *verb == WAIT,
            Asked::Step { .. } => false,
        };
        let is_alone = Rc::strong_count(&self.others) == 1;
        is_alone
            && self.jobs.is_empty()
            && self.held.is_empty()
            && self.asked.values().all(is_patient)
    }

    /// Keeps the daemon from becoming another program until it is dropped.
    pub(crate) fn under_way(&self) -> Rc<()> {
        Rc::clone(&self.others)
    }

    /// The writes of goals up to that one failed.
    pub(crate) fn keep_unstored(&mut self, job: JobId) {
        let failed = self.unsafe_goals.iter().filter(|(_, last)| **last <= job);
        self.unstored.extend(failed.map(|(service, _)| *service));
    }

    /// When the next request is given up.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.timeouts.first().map(|(moment, _)| *moment)
    }

    /// Remembers who asked, under a new name for the core.
    pub(crate) fn ask(&mut self, asked: Asked) -> RequestId {
        self.last += 1;
        let request = RequestId(self.last);
        if let Asked::Verb { until: Some(until), .. } = asked {
            self.timeouts.insert((until, request));
        }
        self.asked.insert(request, asked);
        request
    }

    /// Who asked; only the first answer finds someone.
    pub(crate) fn take(&mut self, request: RequestId) -> Option<Asked> {
        let asked = self.asked.remove(&request)?;
        if let Asked::Verb { until: Some(until), .. } = asked {
            self.timeouts.remove(&(until, request));
        }
        Some(asked)
    }

    /// The next request whose time is over.
    pub(crate) fn expired(&mut self, now: Moment) -> Option<RequestId> {
        let (moment, request) = *self.timeouts.first()?;
        (moment <= now).then_some(request)
    }

    /// Requests of a client that has gone.
    pub(crate) fn of_session(&self, session: SessionId) -> Vec<RequestId> {
        let is_of = |asked: &Asked| match asked {
            Asked::Verb { reply, .. } => reply.caller.session == session,
            Asked::Step { .. } => false,
        };
        self.asked.iter().filter(|(_, asked)| is_of(asked)).map(|(request, _)| *request).collect()
    }

    /// An `apply` that answers when its steps are done; one step is ours until all are begun.
    pub(crate) fn begin_apply(&mut self, plan: Plan, reply: Option<Reply>) -> u64 {
        self.last += 1;
        self.applies.insert(self.last, (1, plan, reply));
        self.last
    }

    /// One more step of an `apply`.
    pub(crate) fn add_step(&mut self, apply: u64) -> RequestId {
        if let Some((left, _, _)) = self.applies.get_mut(&apply) {
            *left += 1;
        }
        self.ask(Asked::Step { apply })
    }

    /// A step of an `apply` could not be done.
    pub(crate) fn reject(&mut self, request: RequestId, label: &str, (file, cause): (&Path, &str)) {
        let Some(Asked::Step { apply }) = self.take(request) else { return };
        if let Some((_, plan, _)) = self.applies.get_mut(&apply) {
            let (file, faults) = (file.display().to_string(), vec![cause.to_owned()]);
            plan.rejected.push(Rejected { file, faults });
            plan.steps.retain(|step| step.label != label);
        }
        self.end_step(apply);
    }

    /// A step is done; the last one answers.
    pub(crate) fn end_step(&mut self, apply: u64) {
        let Some((left, _, _)) = self.applies.get_mut(&apply) else { return };
        *left -= 1;
        if *left == 0
            && let Some((_, plan, Some(reply))) = self.applies.remove(&apply)
        {
            reply.send(Ok(plan));
        }
    }
}
