//! `add`: checks a definition, writes it to the services folder, then lets it act.

use std::sync::Arc;

use protocol::definition::{self, Definition};
use protocol::message::{Add, DefinitionSource, Reason, Refusal};
use supervisor_core::{Answer, Change, Event, RequestId, ServiceId, Want};

use super::super::reply::Reply;
use super::super::sentence;
use crate::daemon::{Arrival, Daemon, Demand, Opening, Then, policy};
use crate::store::folder;
use crate::store::goals::Intent;
use crate::{launch, os};

impl Daemon {
    pub(crate) fn add(&mut self, add: Add, reply: Reply) {
        let (definition, notes, text) = match read(&add.definition) {
            Ok(good) => good,
            Err(refusal) => return reply.send::<()>(Err(refusal)),
        };
        let label = definition.label.clone();
        let refuse = |reply: Reply, cause: String| {
            reply.refuse(Reason::AlreadyExists, format!("cannot add {label}: {cause}"));
        };
        if let Some(why) = definition.kept_off(&os::host_name()) {
            return reply.refuse(Reason::Failed, format!("cannot add {label}: {why}"));
        }
        if self.supervisor.is_shutting_down() {
            let refusal = sentence::refusal(Answer::ShuttingDown, "add", &label, "", true);
            return reply.send::<()>(Err(refusal));
        }
        if let Some(queue) = self.pending.incoming.get_mut(&label) {
            return queue.push((add, reply));
        }
        let known = self.registry.find(&label);
        let file = match known.and_then(|id| self.registry.get(id)) {
            Some(entry) if *entry.definition == definition => {
                let facts = known.and_then(|id| self.facts(id)).expect("found above");
                return reply.send(Ok(facts.outcome(false)));
            }
            Some(_) if !add.replace => {
                let cause =
                    "a different definition of it is loaded; --replace puts this one in its place";
                return refuse(reply, cause.to_owned());
            }
            Some(_) if known.is_some_and(|id| self.sockets.parent(id).is_some()) => {
                return refuse(reply, "it serves a connection of another service".to_owned());
            }
            Some(entry) => entry.file.clone(),
            None => {
                let name = format!("{}.plist", definition::file_name(&label));
                let file = self.paths.services.join(name);
                if file.exists() && !add.replace {
                    let cause = format!(
                        "{} exists, but is not loaded; load it with `svcctl apply`, \
                         or overwrite it with --replace",
                        file.display()
                    );
                    return refuse(reply, cause);
                }
                file
            }
        };
        let demand = Demand::of(&reply, add.reason.as_deref());
        self.chronicle_asked(Some(&label), "add", &demand);
        let want = if add.wait { Want::Started } else { Want::Nothing };
        let request = self.expect_answer("add", label.clone(), add.timeout_ms, reply);
        if self.dormant.remove(&label).is_some() {
            let job = self.disk.goal(&label, Intent::default());
            self.pending.jobs.insert(job, Then::Goal);
        }
        self.pending.incoming.insert(label, Vec::new());
        let arrival = Box::new(Arrival { definition, notes, file, request, want });
        self.open(Opening::Write { arrival, text, known });
    }

    /// Another definition for a service that is loaded.
    pub(crate) fn replace(
        &mut self,
        service: ServiceId,
        (definition, notes): (Definition, Box<[String]>),
        (request, want): (RequestId, Want),
    ) {
        let Some(entry) = self.registry.get_mut(service) else {
            self.sockets.let_go(&definition.label);
            let cause = "it was removed meanwhile; `svcctl apply` loads what is written";
            return self.refuse(request, Reason::Superseded, cause);
        };
        let renew = super::apply::step(&entry.definition, &definition).0
            == protocol::message::Step::Restart;
        let policy = policy(&definition);
        let run = self.supervisor.service(service).and_then(|service| service.state().run());
        if let Some(run) = run {
            self.processes.set_reach(run, launch::reach(&definition));
        }
        self.sockets.set(service, &definition);
        self.logs.set(service, &definition);
        self.pipes.change(service, &definition, &self.paths);
        (entry.definition, entry.notes) = (Arc::new(definition), notes);
        let now = self.clock.now();
        let (triggers, mut request) = (policy.triggers.as_deref(), Some(request));
        let held = self.watch(service, triggers, (&mut request, want), now);
        let change = Change::Replace { policy, renew };
        self.consult(now, Event::Ask { service, change, request, want });
        self.tell_held(service, held, now);
        self.perform();
    }
}

/// The definition with notes about it, and the text to keep of it.
fn read(source: &DefinitionSource) -> Result<(Definition, Box<[String]>, String), Refusal> {
    let (read, text) = match source {
        DefinitionSource::Text(text) => (definition::read(text.as_bytes()), Some(text.clone())),
        DefinitionSource::Json(object) => {
            (definition::from_json(&serde_json::Value::Object(object.clone())), None)
        }
    };
    let (definition, notes) = folder::judge(read).map_err(|faults| {
        let sentence = format!("cannot add the definition: {}", faults.join("\n"));
        Refusal::new(Reason::BadDefinition, sentence)
    })?;
    let text = text.unwrap_or_else(|| definition.to_xml());
    Ok((definition, notes, text))
}
