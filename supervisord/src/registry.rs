//! Which services there are: label, definition and file of each, found by label or by id.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::definition::Definition;
use supervisor_core::{ServiceId, shrink};

/// What the daemon knows of a service beside its life.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub label: Arc<str>,
    /// What it is.
    /// Shared with the thread that starts it.
    pub definition: Arc<Definition>,
    /// Where that stands.
    pub file: PathBuf,
    /// What a person should know of the definition, one line each: ignored and unknown keys.
    pub notes: Box<[String]>,
    /// `enable` or `disable` said otherwise than the definition's `Disabled`.
    pub enabled: Option<bool>,
}

/// All services.
#[derive(Debug, Default)]
pub struct Registry {
    /// Boxed, since nodes are half empty after services came in order.
    entries: BTreeMap<ServiceId, Box<Entry>>,
    labels: BTreeMap<Arc<str>, ServiceId>,
    last: u32,
}

impl Registry {
    /// Takes a service in under an id never used before.
    ///
    /// # Panics
    /// When the label is there already; callers look first.
    pub fn insert(&mut self, entry: Entry) -> ServiceId {
        self.last += 1;
        let id = ServiceId(self.last);
        let other = self.labels.insert(Arc::clone(&entry.label), id);
        assert!(other.is_none(), "a label names one service");
        self.entries.insert(id, Box::new(entry));
        id
    }

    /// Lets a service go.
    pub fn remove(&mut self, id: ServiceId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.labels.remove(&entry.label);
        Some(*entry)
    }

    /// The service with that label.
    #[must_use]
    pub fn find(&self, label: &str) -> Option<ServiceId> {
        self.labels.get(label).copied()
    }

    /// Lets go of room that is left over from growing.
    pub fn shrink(&mut self) {
        shrink(&mut self.entries);
        shrink(&mut self.labels);
    }

    /// The label most like one that does not exist, for who mistyped.
    #[must_use]
    pub fn nearest(&self, label: &str) -> Option<&str> {
        let distance = |known: &str| strsim::damerau_levenshtein(known, label);
        let known = self.labels.keys().map(|known| (distance(known), &**known));
        let (distance, nearest) = known.min()?;
        (distance <= 1 + label.len() / 5).then_some(nearest)
    }

    /// One service.
    #[must_use]
    pub fn get(&self, id: ServiceId) -> Option<&Entry> {
        self.entries.get(&id).map(|entry| &**entry)
    }

    /// One service, to change.
    pub fn get_mut(&mut self, id: ServiceId) -> Option<&mut Entry> {
        self.entries.get_mut(&id).map(|entry| &mut **entry)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Labels and ids in label order, from the first one behind `after`.
    pub fn after<'a>(&'a self, after: Option<&str>) -> impl Iterator<Item = (&'a str, ServiceId)> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.labels.range::<str, _>((from, Bound::Unbounded)).map(|(label, id)| (&**label, *id))
    }

    /// All services, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = (ServiceId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (*id, &**entry))
    }
}
