//! The sockets of services: opened when a definition is taken in, held over all runs, and watched
//! only while the service is at rest.
//!
//! A process finds them as descriptors 3, 4, … in the order of their names, told by
//! `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES` as systemd does, and by `SUPERVISORD_SOCKETS`, a
//! JSON object of names and their descriptors.

mod hand;
mod open;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::definition::{Definition, Inetd};
use supervisor_core::{Run, ServiceId};

pub use self::open::{Opened, Unopened, is_quick, open};

use crate::os::{self, Bound, Doorbell, Handle};

/// Connections taken in one turn of the loop.
const BATCH: usize = 64;

/// All sockets of all services.
#[derive(Debug, Default)]
pub struct Sockets {
    sets: BTreeMap<ServiceId, Set>,
    /// Opened for definitions on their way in.
    arriving: BTreeMap<String, Opened>,
    instances: BTreeMap<ServiceId, Instance>,
    bell: Option<Doorbell>,
    /// Variables that tell everybody where private sockets are.
    private: BTreeMap<String, (ServiceId, String)>,
    last_instance: u64,
    inherited: Vec<Arc<Bound>>,
    /// Services whose sockets are being opened again, and the run that waits for that.
    reopening: BTreeMap<ServiceId, Option<Run>>,
    /// Services whose sockets can't be opened or taken from just now.
    faults: BTreeMap<ServiceId, Fault>,
}

#[derive(Debug)]
struct Fault {
    cause: String,
    /// They are left alone.
    is_resting: bool,
}

#[derive(Debug)]
struct Set {
    opened: Opened,
    inetd: Option<Inetd>,
    /// The socket somebody came to last.
    knocked: usize,
    is_watched: bool,
    instances: BTreeSet<ServiceId>,
}

/// A service that lives as long as one connection.
#[derive(Debug)]
struct Instance {
    parent: ServiceId,
    /// None for one that an earlier daemon began.
    connection: Option<Arc<Handle>>,
}

/// What somebody's coming to a socket leads to.
#[derive(Debug)]
pub enum Knock {
    /// The service is to be started.
    Start(ServiceId),
    /// Connections are to be served by a process each.
    Serve {
        /// By processes of this service.
        service: ServiceId,
        /// They.
        connections: Vec<Handle>,
        /// Why those that wait still can't be taken.
        fault: Option<String>,
    },
}

impl Sockets {
    /// Keeps what was opened until the definition is in force.
    pub fn keep(&mut self, label: &str, opened: Opened) {
        self.arriving.insert(label.to_owned(), opened);
    }

    /// The definition does not come after all; what was opened for it alone is closed.
    pub fn let_go(&mut self, label: &str) {
        self.arriving.remove(label);
    }

    /// What is open already and may be taken over: by a definition that takes a service's place, or
    /// from the program before this one.
    #[must_use]
    pub fn known_to(&self, replaced: Option<ServiceId>) -> Vec<Arc<Bound>> {
        match replaced {
            Some(service) => self.bounds(service).cloned().collect(),
            None => self.inherited.clone(),
        }
    }

    /// With what services had open under the program before this one.
    #[must_use]
    pub fn inherit(handles: Vec<Handle>) -> Self {
        let inherited = handles.into_iter().filter_map(os::recognise).map(Arc::new).collect();
        Self { inherited, ..Self::default() }
    }

    /// Closes what no service claimed of that.
    pub fn disinherit(&mut self) {
        self.inherited.clear();
    }

    /// Everything that services have open.
    pub fn handles(&self) -> impl Iterator<Item = &Handle> {
        let bounds = self.sets.values().flat_map(|set| set.opened.bounds());
        bounds.map(|bound| &*bound.handle)
    }

    /// What was opened for a service's definition is in force, and nothing else of it any more.
    pub fn set(&mut self, service: ServiceId, definition: &Definition) {
        let opened = self.arriving.remove(&definition.label).unwrap_or_default();
        self.unwatch(service);
        self.faults.remove(&service);
        self.private.retain(|_, (owner, _)| *owner != service);
        for (variable, path) in opened.private() {
            self.private.insert(variable, (service, path));
        }
        let instances = self.sets.remove(&service).map(|set| set.instances).unwrap_or_default();
        if !opened.is_empty() || !instances.is_empty() {
            let inetd = definition.rare.inetd.clone();
            let set = Set { opened, inetd, knocked: 0, is_watched: false, instances };
            self.sets.insert(service, set);
        }
        self.close_bell();
    }

    /// Closes what a service has open; yields the instances that are left of it.
    pub fn forget(&mut self, service: ServiceId) -> Vec<ServiceId> {
        self.unwatch(service);
        self.faults.remove(&service);
        self.private.retain(|_, (owner, _)| *owner != service);
        if let Some(instance) = self.instances.remove(&service)
            && let Some(set) = self.sets.get_mut(&instance.parent)
        {
            set.instances.remove(&service);
        }
        let left = self.instances_of(service);
        self.sets.remove(&service);
        self.close_bell();
        left
    }

    /// It has all the sockets its definition asks for.
    #[must_use]
    pub fn is_open(&self, service: ServiceId, definition: &Definition) -> bool {
        definition.rare.sockets.is_empty() || self.sets.contains_key(&service)
    }

    /// A service's sockets are being opened again; true when they were not yet.
    pub fn begin_reopening(&mut self, service: ServiceId) -> bool {
        let is_new = !self.reopening.contains_key(&service);
        self.reopening.entry(service).or_default();
        is_new
    }

    /// A run waits until they are.
    pub fn wait_for_reopening(&mut self, run: Run) {
        self.reopening.insert(run.service, Some(run));
    }

    /// They are open, or can't be; yields the run that waited.
    pub fn end_reopening(&mut self, service: ServiceId) -> Option<Run> {
        self.reopening.remove(&service).flatten()
    }

    /// Something is wrong with a service's sockets, which are left alone until
    /// [`Sockets::end_rest`]; true when that is new.
    pub fn rest(&mut self, service: ServiceId, cause: &str) -> bool {
        self.unwatch(service);
        let fault = Fault { cause: cause.to_owned(), is_resting: true };
        let before = self.faults.insert(service, fault);
        before.is_none_or(|before| before.cause != cause)
    }

    /// They may be tried again.
    pub fn end_rest(&mut self, service: ServiceId) {
        if let Some(fault) = self.faults.get_mut(&service) {
            fault.is_resting = false;
        }
    }

    /// They are left alone.
    #[must_use]
    pub fn is_resting(&self, service: ServiceId) -> bool {
        self.faults.get(&service).is_some_and(|fault| fault.is_resting)
    }

    /// What was wrong with them when they were tried last.
    #[must_use]
    pub fn fault(&self, service: ServiceId) -> Option<&str> {
        self.faults.get(&service).map(|fault| &*fault.cause)
    }

    /// The addresses a service is reached at.
    pub fn addresses(&self, service: ServiceId) -> impl Iterator<Item = &str> {
        self.bounds(service).map(|bound| bound.address.as_str())
    }

    fn bounds(&self, service: ServiceId) -> impl Iterator<Item = &Arc<Bound>> {
        self.sets.get(&service).into_iter().flat_map(|set| set.opened.bounds())
    }

    /// Watches a service's sockets or not.
    pub fn watch(&mut self, service: ServiceId, wanted: bool) {
        let Some(set) = self.sets.get_mut(&service) else { return };
        let is_full = set.serves_connections() && set.is_full();
        match (wanted && !is_full, set.is_watched) {
            (true, false) => {}
            (false, true) => return self.unwatch(service),
            (true, true) | (false, false) => return,
        }
        if self.bell.is_none() {
            match Doorbell::new() {
                Ok(bell) => self.bell = Some(bell),
                Err(error) => return log::error!("cannot watch sockets: {error}"),
            }
        }
        set.is_watched = true;
        for (at, bound) in set.opened.bounds().enumerate() {
            if let Some(bell) = &self.bell
                && let Err(error) = bell.watch(&bound.handle, key(service, at))
            {
                log::error!("cannot watch {}: {error}", bound.address);
            }
        }
    }

    fn unwatch(&mut self, service: ServiceId) {
        if let (Some(set), Some(bell)) = (self.sets.get_mut(&service), &self.bell)
            && set.is_watched
        {
            set.is_watched = false;
            set.opened.bounds().for_each(|bound| bell.unwatch(&bound.handle));
        }
    }

    fn close_bell(&mut self) {
        if self.sets.is_empty() {
            self.bell = None;
        }
    }

    /// Waits until somebody comes; may be dropped and called again without loss.
    pub async fn rung(&self) -> Vec<u64> {
        match &self.bell {
            Some(bell) => bell.rung().await,
            None => std::future::pending().await,
        }
    }

    /// What it leads to that somebody came. Connections beyond the limit go on waiting.
    pub fn knock(&mut self, key: u64) -> Option<Knock> {
        let (service, at) = (ServiceId((key >> 32) as u32), (key & 0xFFFF_FFFF) as usize);
        let set = self.sets.get_mut(&service).filter(|set| set.is_watched)?;
        let bound = Arc::clone(set.opened.bounds().nth(at)?);
        set.knocked = at;
        if !(set.serves_connections() && bound.accepts) {
            return Some(Knock::Start(service));
        }
        let room = set.room();
        let mut connections = Vec::new();
        // What is left over the batch rings again.
        while connections.len() < room.min(BATCH) {
            match os::accept(&bound.handle) {
                Ok(Some(connection)) => connections.push(connection),
                Ok(None) => break,
                Err(error) => {
                    let fault = format!("cannot accept a connection to {}: {error}", bound.address);
                    return Some(Knock::Serve { service, connections, fault: Some(fault) });
                }
            }
        }
        self.faults.remove(&service);
        if connections.len() == room {
            self.unwatch(service);
        } else if let Some(bell) = &self.bell
            && let Err(error) = bell.watch(&bound.handle, key)
        {
            log::error!("cannot watch {}: {error}", bound.address);
        }
        Some(Knock::Serve { service, connections, fault: None })
    }
}

/// Instances: services of one connection each.
impl Sockets {
    /// The label of the next instance of a service.
    pub fn next_label(&mut self, label: &str, is_free: impl Fn(&str) -> bool) -> String {
        loop {
            self.last_instance += 1;
            let label = format!("{label}#{}", self.last_instance);
            if is_free(&label) {
                return label;
            }
        }
    }

    /// A service is an instance of another.
    pub fn add_instance(&mut self, id: ServiceId, parent: ServiceId, connection: Option<Handle>) {
        let connection = connection.map(Arc::new);
        self.instances.insert(id, Instance { parent, connection });
        if let Some(set) = self.sets.get_mut(&parent) {
            set.instances.insert(id);
        }
    }

    /// The service that a service is an instance of.
    #[must_use]
    pub fn parent(&self, service: ServiceId) -> Option<ServiceId> {
        self.instances.get(&service).map(|instance| instance.parent)
    }

    /// The instances of a service.
    #[must_use]
    pub fn instances_of(&self, service: ServiceId) -> Vec<ServiceId> {
        let set = self.sets.get(&service);
        set.into_iter().flat_map(|set| &set.instances).copied().collect()
    }
}

impl Set {
    /// Each connection gets a process of its own.
    fn serves_connections(&self) -> bool {
        self.inetd.as_ref().is_some_and(|inetd| !inetd.wait)
    }

    fn room(&self) -> usize {
        let limit = self.inetd.as_ref().and_then(|inetd| inetd.instances);
        limit.map_or(usize::MAX, |limit| (limit as usize).saturating_sub(self.instances.len()))
    }

    fn is_full(&self) -> bool {
        self.room() == 0
    }
}

fn key(service: ServiceId, at: usize) -> u64 {
    u64::from(service.0) << 32 | at as u64
}
