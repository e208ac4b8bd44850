//! What a service's state means for its sockets, and what becomes of those who come to them.

use std::sync::Arc;
use std::time::Duration;

use protocol::definition::Definition;
use supervisor_core::{Cause, Change, Event, Goal, Policy, ServiceId, State, Want};
use tokio::task;

use super::opening::instance;
use super::{Daemon, Internal};
use crate::os::{self, Handle};
use crate::registry::Entry;
use crate::sockets::Knock;
use crate::store::goals::Intent;

/// inetd's servers are not throttled; one that never takes what it is started for must not spin.
const INETD_PAUSE: Duration = Duration::from_millis(100);

/// How long sockets that something is wrong with are left alone: who waits rings again at once.
const REST: Duration = Duration::from_secs(1);

/// The rules of a definition.
pub(crate) fn policy(definition: &Definition) -> Policy {
    let mut policy = Policy::of(definition, os::signal_number);
    if definition.rare.inetd.is_some() {
        policy.throttle = policy.throttle.min(INETD_PAUSE);
    }
    policy
}

impl Daemon {
    /// Watches a service's sockets while a connection would start it, and puts away an instance
    /// whose connection is over.
    pub(super) fn attend(&mut self, id: ServiceId) {
        let Some(service) = self.supervisor.service(id) else { return };
        let is_wanted = service.goal() == Goal::Up
            && service.is_enabled()
            && !service.is_leaving()
            && !service.is_given_up();
        let (state, is_leaving) = (service.state(), service.is_leaving());
        if self.sockets.parent(id).is_some() {
            if matches!(state, State::Down | State::Waiting | State::Failed) && !is_leaving {
                self.remove_quietly(id);
            }
            return;
        }
        let is_waiting = is_wanted
            && matches!(state, State::Waiting | State::Failed)
            && !self.sockets.is_resting(id);
        if is_waiting && let Err(unopened) = self.reopen(id) {
            return self.rest(id, &unopened.cause);
        }
        self.sockets.watch(id, is_waiting);
    }

    /// Leaves the sockets of a service alone for a while, since something is wrong with them.
    pub(super) fn rest(&mut self, service: ServiceId, cause: &str) {
        if self.sockets.rest(service, cause)
            && let Some(entry) = self.registry.get(service)
        {
            log::error!("{}: {cause}; tried again every second", entry.label);
        }
        let internal = self.internal.clone();
        task::spawn(async move {
            tokio::time::sleep(REST).await;
            // The loop may have ended meanwhile.
            let _ = internal.send(Internal::Rested(service));
        });
    }

    /// Looks after the sockets of a service again.
    pub(crate) fn rested(&mut self, service: ServiceId) {
        self.sockets.end_rest(service);
        self.attend(service);
        self.perform();
    }

    /// Ends a service nobody asked about.
    pub(super) fn remove_quietly(&mut self, service: ServiceId) {
        let (now, change, want) = (self.clock.now(), Change::Remove, Want::Nothing);
        let event = Event::Ask { service, change, request: None, want };
        self.consult(now, event);
    }

    /// Ends what serves the connections of a service.
    pub(super) fn end_instances(&mut self, instances: Vec<ServiceId>) {
        for instance in instances {
            self.remove_quietly(instance);
        }
    }

    /// Somebody came to sockets.
    pub(super) fn rung(&mut self, keys: Vec<u64>) {
        for key in keys {
            match self.sockets.knock(key) {
                Some(Knock::Start(service)) => {
                    self.handle(Event::Trigger { service, cause: Cause::Socket });
                }
                Some(Knock::Serve { service, connections, fault }) => {
                    if let Some(cause) = fault {
                        self.rest(service, &cause);
                    }
                    for connection in connections {
                        self.serve(service, Some(connection));
                    }
                    self.perform();
                    self.attend(service);
                    self.perform();
                }
                None => {}
            }
        }
    }

    /// Makes an instance of a service for one connection.
    fn serve(&mut self, parent: ServiceId, connection: Option<Handle>) {
        let registry = &self.registry;
        let Some(entry) = registry.get(parent).filter(|_| !self.supervisor.is_shutting_down())
        else {
            return;
        };
        let label = self.sockets.next_label(&entry.label, |label| registry.find(label).is_none());
        let entry = of_instance(entry, &label);
        self.begin_instance(entry, parent, connection);
    }

    /// An earlier daemon left a process under that label.
    pub(super) fn was_alive(&self, label: &str) -> bool {
        let record = self.pasts.get(label);
        record.is_some_and(|record| record.process.is_some() || record.is_begun)
    }

    fn begin_instance(&mut self, entry: Entry, parent: ServiceId, connection: Option<Handle>) {
        let now = self.clock.now();
        let id = self.take_in(entry, Intent::default(), (None, Want::Nothing), now);
        self.sockets.add_instance(id, parent, connection);
    }

    /// Connections that an earlier daemon began to serve go on.
    pub(super) fn resume_instances(&mut self) {
        let labels: Vec<String> = self.pasts.keys().cloned().collect();
        for label in labels {
            let Some((name, number)) = label.rsplit_once('#') else { continue };
            let parent = self.registry.find(name).filter(|_| number.parse::<u64>().is_ok());
            if let Some(parent) = parent
                && self.registry.find(&label).is_none()
                && self.was_alive(&label)
                && let Some(entry) = self.registry.get(parent)
                && entry.definition.rare.inetd.is_some()
            {
                let entry = of_instance(entry, &label);
                self.begin_instance(entry, parent, None);
            }
        }
    }
}

fn of_instance(parent: &Entry, label: &str) -> Entry {
    Entry {
        label: label.into(),
        definition: Arc::new(instance(&parent.definition, label)),
        file: parent.file.clone(),
        notes: Box::default(),
        enabled: None,
    }
}
