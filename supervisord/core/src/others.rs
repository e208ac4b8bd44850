//! Who depends on whom: `OtherJobEnabled` and `OtherJobActive` of KeepAlive dictionaries.
//!
//! Only services that have such a condition cost anything here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::run::ServiceId;
use crate::service::Service;
use crate::trigger::Level;

/// The levels that are about other services.
#[derive(Debug, Default)]
pub(crate) struct Others {
    loaded: BTreeMap<Arc<str>, ServiceId>,
    watchers: BTreeMap<Arc<str>, Vec<(ServiceId, u16, Watched)>>,
    changed: BTreeSet<Arc<str>>,
}

#[derive(Debug, Clone, Copy)]
enum Watched {
    Loaded(bool),
    Active(bool),
}

impl Others {
    /// A service is there, with its own conditions on others.
    pub(crate) fn take_in(&mut self, service: &Service) {
        self.loaded.insert(Arc::clone(service.label()), service.id());
        for (place, level) in service.levels().iter().enumerate() {
            let (label, watched) = match level {
                Level::OtherLoaded { label, value } => (label, Watched::Loaded(*value)),
                Level::OtherActive { label, value } => (label, Watched::Active(*value)),
                Level::Path { .. } | Level::Queue(_) | Level::Network(_) => continue,
            };
            let Ok(place) = u16::try_from(place) else { continue };
            let watcher = (service.id(), place, watched);
            self.watchers.entry(Arc::clone(label)).or_default().push(watcher);
            self.changed.insert(Arc::clone(label));
        }
        self.mark_changed(service);
    }

    /// A service is gone.
    pub(crate) fn forget(&mut self, service: &Service) {
        self.loaded.remove(service.label());
        self.watchers.retain(|_, watchers| {
            watchers.retain(|(watcher, _, _)| *watcher != service.id());
            !watchers.is_empty()
        });
        self.mark_changed(service);
    }

    /// What others may depend on changed.
    pub(crate) fn mark_changed(&mut self, service: &Service) {
        if self.watchers.contains_key(service.label()) {
            self.changed.insert(Arc::clone(service.label()));
        }
    }

    /// The next label whose watchers have to be told.
    pub(crate) fn next_changed(&mut self) -> Option<Arc<str>> {
        self.changed.pop_first()
    }

    /// How the levels about that label stand now.
    pub(crate) fn levels_of(
        &self,
        label: &str,
        services: &BTreeMap<ServiceId, Service>,
    ) -> Vec<(ServiceId, u16, bool)> {
        let other = self.loaded.get(label).and_then(|id| services.get(id));
        let watchers = self.watchers.get(label).into_iter().flatten();
        let judged = watchers.map(|(watcher, level, watched)| {
            let holds = match (watched, other) {
                (Watched::Loaded(value), other) => other.is_some() == *value,
                (Watched::Active(value), Some(other)) => other.is_active() == *value,
                (Watched::Active(_), None) => false,
            };
            (*watcher, *level, holds)
        });
        judged.collect()
    }
}
