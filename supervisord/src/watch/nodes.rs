//! The files and folders that are watched, each once, however many paths lead over it.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use super::paths::PathId;
use crate::os::{Happened, Interest, PathEvents, Place};

/// What all paths want to hear of each place.
#[derive(Debug)]
pub(super) struct Nodes {
    events: PathEvents,
    nodes: HashMap<Place, Node>,
}

#[derive(Debug)]
struct Node {
    path: PathBuf,
    users: BTreeSet<(Interest, PathId)>,
    told: Interest,
}

impl Nodes {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { events: PathEvents::new()?, nodes: HashMap::new() })
    }

    /// Watches what is at a place for one path.
    pub(super) fn attach(
        &mut self,
        user: PathId,
        path: &Path,
        interest: Interest,
    ) -> io::Result<Place> {
        let place = self.events.watch(path, interest)?;
        let node = self.nodes.entry(place).or_insert_with(|| Node {
            path: path.to_owned(),
            users: BTreeSet::new(),
            told: Interest::default(),
        });
        // It may have been renamed since.
        if node.path != path {
            path.clone_into(&mut node.path);
        }
        node.users.insert((interest, user));
        node.told = node.told | interest;
        Ok(place)
    }

    /// Watches a place no longer for that path.
    pub(super) fn detach(&mut self, user: PathId, place: Place, interest: Interest) {
        let Some(node) = self.nodes.get_mut(&place) else { return };
        node.users.remove(&(interest, user));
        if node.users.is_empty() {
            self.nodes.remove(&place);
            return self.events.forget(place);
        }
        let is_used = |interest: &Interest| {
            let mut users = node.users.range((*interest, PathId::default())..);
            users.next().is_some_and(|(used, _)| used == interest)
        };
        if !is_used(&interest) {
            let left = Interest::ALL.into_iter().filter(is_used);
            let left = left.fold(Interest::default(), |all, one| all | one);
            if left != node.told {
                node.told = left;
                self.events.narrow(place, &node.path, left);
            }
        }
    }

    /// Who listens to a place, and for what.
    pub(super) fn users(&self, place: Place) -> impl Iterator<Item = (PathId, Interest)> {
        let users = self.nodes.get(&place).into_iter().flat_map(|node| &node.users);
        users.map(|(interest, user)| (*user, *interest))
    }

    /// The system watches that place no longer.
    pub(super) fn drop_gone(&mut self, place: Place) {
        self.nodes.remove(&place);
    }

    /// Waits for an event; may be dropped and called again without loss.
    pub(super) async fn arrived(&self) {
        self.events.arrived().await;
    }

    /// What happened since it was last asked.
    pub(super) fn happened(&self) -> Happened {
        self.events.happened()
    }
}
