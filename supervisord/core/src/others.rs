//! Who depends on whom: `OtherJobEnabled` and `OtherJobActive` of KeepAlive dictionaries.
//!
//! Knows of every service whether it is there and has a process, and who wants to hear of it;
//! starts nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::room::shrink;
use crate::run::ServiceId;
use crate::service::Service;
use crate::trigger::Level;

/// Services as their others see them.
#[derive(Debug, Default)]
pub(crate) struct Others {
    loaded: BTreeMap<Arc<str>, Other>,
    watchers: BTreeMap<Arc<str>, BTreeSet<ServiceId>>,
    changed: BTreeSet<Arc<str>>,
}

/// A service that is loaded, or, without a name, is going to be in a moment.
#[derive(Debug, Default)]
struct Other {
    id: Option<ServiceId>,
    is_active: bool,
}

impl Others {
    /// A service of that label is going to be loaded, and counts as if it were.
    pub(crate) fn expect(&mut self, label: Arc<str>) {
        self.mark_changed(&label);
        self.loaded.entry(label).or_default();
    }

    /// Lets go of room that is left over from growing.
    pub(crate) fn shrink(&mut self) {
        shrink(&mut self.loaded);
    }

    /// A service is there, or has another definition: it is told how its others stand.
    pub(crate) fn take_in(&mut self, service: &mut Service) {
        let other = Other { id: Some(service.id()), is_active: service.is_active() };
        // The label that was expected is one of its own, which a mere insert would keep.
        self.loaded.remove(service.label());
        self.loaded.insert(Arc::clone(service.label()), other);
        self.mark_changed(service.label());
        self.unwatch(service.id());
        for label in service.levels().iter().filter_map(label_of) {
            self.watchers.entry(Arc::clone(label)).or_default().insert(service.id());
        }
        for (level, holds) in self.levels_of(service) {
            service.note_level(level, holds);
        }
    }

    /// A service is gone.
    pub(crate) fn forget(&mut self, service: &Service) {
        if self.other(service).is_some() {
            self.loaded.remove(service.label());
        }
        self.unwatch(service.id());
        self.mark_changed(service.label());
    }

    /// A service has a process now, or has none any more.
    pub(crate) fn set_active(&mut self, service: &Service) {
        if let Some(other) = self.other(service) {
            other.is_active = service.is_active();
        }
        self.mark_changed(service.label());
    }

    /// Who has to be told that another service changed.
    pub(crate) fn next_changed(&mut self) -> Option<Vec<ServiceId>> {
        let label = self.changed.pop_first()?;
        Some(self.watchers.get(&label).into_iter().flatten().copied().collect())
    }

    /// How those levels of a service stand that are about others.
    pub(crate) fn levels_of(&self, service: &Service) -> Vec<(u16, bool)> {
        let judged = (0..).zip(service.levels());
        judged.filter_map(|(place, level)| Some((place, self.holds(level)?))).collect()
    }

    /// The service under its label, unless another one has it by now.
    fn other(&mut self, service: &Service) -> Option<&mut Other> {
        self.loaded.get_mut(service.label()).filter(|other| other.id == Some(service.id()))
    }

    fn holds(&self, level: &Level) -> Option<bool> {
        let other = self.loaded.get(label_of(level)?);
        match level {
            Level::OtherLoaded { value, .. } => Some(other.is_some() == *value),
            Level::OtherActive { value, .. } => {
                let loaded = other.filter(|other| other.id.is_some());
                Some(loaded.is_some_and(|other| other.is_active == *value))
            }
            Level::Path { .. } | Level::Queue(_) | Level::Network(_) => None,
        }
    }

    fn mark_changed(&mut self, label: &Arc<str>) {
        if self.watchers.contains_key(label) {
            self.changed.insert(Arc::clone(label));
        }
    }

    fn unwatch(&mut self, id: ServiceId) {
        self.watchers.retain(|_, watchers| {
            watchers.remove(&id);
            !watchers.is_empty()
        });
    }
}

/// The label of the service that a level is about.
fn label_of(level: &Level) -> Option<&Arc<str>> {
    match level {
        Level::OtherLoaded { label, .. } | Level::OtherActive { label, .. } => Some(label),
        Level::Path { .. } | Level::Queue(_) | Level::Network(_) => None,
    }
}
