//! What is watched of the machine as a whole: mounts, the network, the wall clock.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use supervisor_core::{Cause, ServiceId};

use super::Watched;
use crate::os::{ClockSet, Mounts, Network};

/// The senses that are in use, and by whom.
#[derive(Debug, Default)]
pub(super) struct Machine {
    mounts: Option<Mounts>,
    on_mount: BTreeSet<ServiceId>,
    network: Option<Network>,
    on_network: BTreeMap<ServiceId, Vec<(u16, bool)>>,
    is_up: bool,
    clock: Option<ClockSet>,
}

/// Which sense has something to tell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heard {
    Mounts,
    Network,
    Clock,
}

impl Machine {
    /// Watches mounts for a service or not; paths need them too, for what a mount covers.
    pub(super) fn set_mounts(&mut self, service: ServiceId, wanted: bool, for_paths: bool) {
        if wanted {
            self.on_mount.insert(service);
        } else {
            self.on_mount.remove(&service);
        }
        let needed = for_paths || !self.on_mount.is_empty();
        keep(&mut self.mounts, needed, Mounts::new, "what is mounted");
    }

    /// Watches the network for these levels of a service.
    pub(super) fn set_network(&mut self, service: ServiceId, levels: Vec<(u16, bool)>) {
        if levels.is_empty() {
            self.on_network.remove(&service);
        } else {
            self.on_network.insert(service, levels);
        }
        let was_watched = self.network.is_some();
        keep(&mut self.network, !self.on_network.is_empty(), Network::new, "the network");
        if let Some(network) = self.network.as_ref().filter(|_| !was_watched) {
            self.is_up = network.is_up();
        }
    }

    /// Watches whether the wall clock is set.
    pub(super) fn set_clock(&mut self, wanted: bool) {
        keep(&mut self.clock, wanted, ClockSet::new, "the clock");
    }

    /// The levels of a service; what can't be known does not hold.
    pub(super) fn levels(&self, service: ServiceId) -> impl Iterator<Item = (u16, bool)> {
        let levels = self.on_network.get(&service).into_iter().flatten();
        let is_known = self.network.is_some();
        levels.map(move |(level, value)| (*level, is_known && self.is_up == *value))
    }

    /// Waits for any of the senses; may be dropped and called again without loss.
    pub(super) async fn heard(&self) -> Heard {
        tokio::select! {
            () = async { match &self.mounts {
                Some(mounts) => mounts.changed().await,
                None => std::future::pending().await,
            } } => Heard::Mounts,
            () = async { match &self.network {
                Some(network) => network.changed().await,
                None => std::future::pending().await,
            } } => Heard::Network,
            () = async { match &self.clock {
                Some(clock) => clock.changed().await,
                None => std::future::pending().await,
            } } => Heard::Clock,
        }
    }

    /// What a sense has to tell, and places that something was mounted on or unmounted from.
    pub(super) fn news(&mut self, heard: Heard) -> (Vec<Watched>, Vec<PathBuf>) {
        match (heard, &mut self.mounts, &self.network) {
            (Heard::Clock, _, _) => (vec![Watched::Wall], Vec::new()),
            (Heard::Mounts, Some(mounts), _) => {
                let mut changes = mounts.changes();
                let told = self.on_mount.iter().filter(|_| !changes.mounted.is_empty());
                let news = told.map(|service| Watched::Trigger(*service, Cause::Mount)).collect();
                changes.mounted.append(&mut changes.unmounted);
                (news, changes.mounted)
            }
            (Heard::Network, _, Some(network)) => {
                let was_up = std::mem::replace(&mut self.is_up, network.is_up());
                let has_changed = was_up != self.is_up;
                let services = self.on_network.keys().filter(|_| has_changed);
                let levels = services.flat_map(|service| {
                    self.levels(*service).map(|(at, holds)| Watched::Level(*service, at, holds))
                });
                (levels.collect(), Vec::new())
            }
            (Heard::Mounts, None, _) | (Heard::Network, _, None) => Default::default(),
        }
    }
}

/// Opens a sense that is needed and closes one that is not.
fn keep<T>(sense: &mut Option<T>, needed: bool, open: impl FnOnce() -> io::Result<T>, what: &str) {
    match (needed, sense.is_some()) {
        (true, false) => match open() {
            Ok(opened) => *sense = Some(opened),
            Err(error) => log::error!("cannot watch {what}: {error}"),
        },
        (false, true) => *sense = None,
        (true, true) | (false, false) => {}
    }
}
