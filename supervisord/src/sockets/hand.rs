//! Hands sockets over to a process about to be started.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::definition::Definition;
use supervisor_core::ServiceId;

use super::{Set, Sockets};
use crate::os::{Environment, Launch, Stdio, is_same_variable};

/// The variable the process's own pid is put into.
const PID: &str = "LISTEN_PID";

/// The first descriptor after the three standard streams.
const FIRST: usize = 3;

impl Sockets {
    /// A launch of the service has to be seen by [`Sockets::hand`].
    #[must_use]
    pub fn concern(&self, service: ServiceId) -> bool {
        let is_of = self.sets.contains_key(&service) || self.instances.contains_key(&service);
        is_of || !self.private.is_empty()
    }

    /// Adds to a launch what the service finds of sockets: its own, or its connection, and where
    /// private ones of all services are.
    pub fn hand(&mut self, service: ServiceId, definition: &Definition, launch: &mut Launch) {
        for (variable, (_, path)) in &self.private {
            let mut known = launch.environment.iter().map(|(known, _)| known);
            if !known.any(|known| is_same_variable(known, variable)) {
                launch.environment.push((variable.into(), path.into()));
            }
        }
        if let Some(instance) = self.instances.get_mut(&service) {
            // Nobody else may have it open: the other side waits for its end.
            if let Some(connection) = instance.connection.take() {
                connect(definition, &Stdio::Handle(connection), launch);
            }
            return;
        }
        let Some(set) = self.sets.get(&service) else { return };
        match &set.inetd {
            Some(inetd) => {
                let bound = set.opened.bounds().nth(set.knocked);
                if let Some(bound) = bound.filter(|bound| inetd.wait || !bound.accepts) {
                    connect(definition, &Stdio::Handle(Arc::clone(&bound.handle)), launch);
                }
            }
            None => listen(set, launch),
        }
    }
}

/// The standard streams lead to the socket, but for those that the definition leads elsewhere.
fn connect(definition: &Definition, socket: &Stdio, launch: &mut Launch) {
    if definition.rare.standard_in_path.is_none() {
        launch.stdin = socket.clone();
    }
    if definition.standard_out_path.is_none() {
        launch.stdout = socket.clone();
    }
    if definition.standard_error_path.is_none() {
        launch.stderr = socket.clone();
    }
}

fn listen(set: &Set, launch: &mut Launch) {
    let mut names = Vec::new();
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, (name, bound)) in (FIRST..).zip(set.opened.named()) {
        launch.handles.push(Arc::clone(&bound.handle));
        // A colon ends a name.
        names.push(name.replace(|letter: char| letter == ':' || letter.is_control(), "_"));
        places.entry(name).or_default().push(place);
    }
    if names.is_empty() {
        return;
    }
    let places = serde_json::to_string(&places).unwrap_or_default();
    let count = names.len().to_string();
    for (name, value) in [
        ("LISTEN_FDS", count),
        ("LISTEN_FDNAMES", names.join(":")),
        ("SUPERVISORD_SOCKETS", places),
    ] {
        set_variable(&mut launch.environment, name, value);
    }
    launch.environment.retain(|(known, _)| !is_same_variable(known, PID));
    launch.pid_variable = Some(PID);
}

fn set_variable(environment: &mut Environment, name: &str, value: String) {
    environment.retain(|(known, _)| !is_same_variable(known, name));
    environment.push((name.into(), value.into()));
}
