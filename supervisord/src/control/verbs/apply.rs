//! `apply`: reads the services folder again and does what changed, no more.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::definition::{Class, Definition, Settings};
use protocol::message::{Plan, PlanStep, Reason, Rejected, Step};
use supervisor_core::{Change, Event, Want};
use tokio::task;

use super::super::reply::Reply;
use crate::daemon::{Daemon, Demand, Internal, Opening};
use crate::logs::Defaults;
use crate::registry::Entry;
use crate::store::folder::{Found, Taken};
use crate::store::{StoreError, folder, settings};

impl Daemon {
    /// Begins an `apply`; reading the folder goes on beside the loop.
    pub(crate) fn apply(&mut self, dry_run: bool, demand: Demand, reply: Option<Reply>) {
        let (folder, settings) = (self.paths.services.clone(), self.paths.settings());
        let (internal, demand) = (self.internal.clone(), Box::new(demand));
        let as_of = self.writes;
        task::spawn_blocking(move || {
            let (found, settings) =
                (folder::read(&folder), settings::read(&settings).map(Box::new));
            // The loop may have ended meanwhile.
            let scanned = Internal::Scanned { found, settings, as_of, dry_run, demand, reply };
            let _ = internal.send(scanned);
        });
    }

    pub(super) fn scanned(
        &mut self,
        (found, settings): (Result<Found, StoreError>, Result<Box<Settings>, Rejected>),
        dry_run: bool,
        demand: &Demand,
        reply: Option<Reply>,
    ) {
        let mut found = match found {
            Ok(found) => found,
            Err(error) => {
                log::error!("{error}");
                if let Some(reply) = reply {
                    reply.refuse(Reason::Failed, error.to_string());
                }
                return;
            }
        };
        let mut plan = self.plan(&found);
        match settings {
            Ok(settings) if !dry_run => self.set_settings(&settings),
            Ok(_) => {}
            Err(rejected) => plan.rejected.push(rejected),
        }
        if dry_run || self.supervisor.is_shutting_down() {
            if let Some(reply) = reply {
                reply.send(Ok(plan));
            }
            return;
        }
        for file in &plan.rejected {
            for fault in &file.faults {
                log::error!("cannot load {}: {fault}", file.file);
            }
        }
        let steps: Vec<(String, Step)> =
            plan.steps.iter().map(|step| (step.label.clone(), step.step)).collect();
        for step in &plan.steps {
            self.chronicle_asked(Some(&step.label), "apply", demand);
            log::info!("{}: apply: {}", step.label, step.why);
        }
        let apply = self.pending.begin_apply(plan, reply);
        for (label, step) in steps {
            self.take_step(&label, step, apply, &mut found.definitions);
        }
        self.pending.end_step(apply);
        if found.rejected.is_empty() {
            self.see_to_orphans(true);
        }
    }

    /// Takes over what holds where definitions say nothing.
    fn set_settings(&mut self, settings: &Settings) {
        let services = || self.registry.entries().map(|(id, entry)| (id, &*entry.definition));
        let defaults = Defaults::of(&settings.log);
        self.logs.set_defaults(defaults, services());
        self.pipes.set_defaults((&self.paths, defaults), services());
    }

    fn take_step(
        &mut self,
        label: &str,
        step: Step,
        apply: u64,
        definitions: &mut BTreeMap<String, Taken>,
    ) {
        let request = self.pending.add_step(apply);
        let known = self.registry.find(label);
        match (step, known, definitions.remove(label)) {
            (Step::Remove, Some(service), _) => {
                let change = Change::Remove;
                let want = Want::Stopped;
                self.forget_goal(service);
                self.handle(Event::Ask { service, change, request: Some(request), want });
            }
            (Step::Add, None, Some(taken)) => {
                let intent = self.dormant.remove(label).unwrap_or_default();
                let enabled = intent.enabled;
                let Taken { file, definition, notes } = taken;
                let (label, definition) = (label.into(), Arc::new(definition));
                let entry = Entry { label, definition, notes, file, enabled };
                let waiting = (Some(request), Want::Started);
                self.open(Opening::TakeIn { entry: Box::new(entry), intent, waiting });
                self.perform();
            }
            (Step::Hot | Step::NextStart | Step::Restart, Some(service), Some(taken)) => {
                let (taken, waiting) = (Box::new(taken), (request, Want::Started));
                self.open(Opening::Replace { service, taken, waiting });
            }
            (Step::Add | Step::Remove | Step::Hot | Step::NextStart | Step::Restart, _, _) => {
                self.pending.take(request);
                self.pending.end_step(apply);
            }
        }
    }

    fn plan(&self, found: &Found) -> Plan {
        let mut steps = BTreeMap::new();
        for (id, entry) in self.registry.entries() {
            let label = entry.label.to_string();
            let is_leaving = self.supervisor.service(id).is_none_or(|service| service.is_leaving());
            match found.definitions.get(&label) {
                _ if self.sockets.parent(id).is_some() => {}
                _ if is_leaving || self.pending.incoming.contains_key(&label) => {}
                Some(taken) if taken.definition == *entry.definition => {}
                Some(taken) => {
                    let (step, why) = step(&entry.definition, &taken.definition);
                    steps.insert(label.clone(), PlanStep { label, step, why });
                }
                None if found.has_rejected(&entry.file) => {}
                None => {
                    let why = match found.skipped.get(&label) {
                        Some(skipped) => skipped.why.clone(),
                        None => format!("{} is gone", entry.file.display()),
                    };
                    steps.insert(label.clone(), PlanStep { label, step: Step::Remove, why });
                }
            }
        }
        for (label, taken) in &found.definitions {
            if self.registry.find(label).is_none() && !self.pending.incoming.contains_key(label) {
                let (label, why) = (label.clone(), format!("{} is new", taken.file.display()));
                steps.insert(label.clone(), PlanStep { label, step: Step::Add, why });
            }
        }
        Plan {
            steps: steps.into_values().collect(),
            rejected: found.rejected.clone(),
            skipped: found.skipped.values().cloned().collect(),
        }
    }
}

/// What has to be done when one definition takes another's place, and which keys ask for it.
pub(super) fn step(old: &Definition, new: &Definition) -> (Step, String) {
    let keys = old.differing(new);
    let step = keys.iter().map(|key| match key.class {
        Class::Hot => Step::Hot,
        Class::NextStart => Step::NextStart,
        Class::Restart => Step::Restart,
    });
    let weight = |step: &Step| match step {
        Step::Hot => 0,
        Step::NextStart => 1,
        Step::Restart | Step::Add | Step::Remove => 2,
    };
    let step = step.max_by_key(weight).unwrap_or(Step::Hot);
    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    (step, format!("{} changed", names.join(", ")))
}
