//! One path that is watched: what its events mean, and how it stands.

use std::fs;
use std::path::{Path, PathBuf};

use supervisor_core::{Cause, ServiceId};

use super::Watched;
use super::arm::{Armed, arm};
use super::nodes::Nodes;
use super::paths::PathId;
use crate::os::{Interest, Seen, Signature};

/// What a path is watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Any change of it.
    Change,
    /// The level at that place holds while it exists, or does not.
    Exists(u16, bool),
    /// The level at that place holds while it is a folder with something in it.
    Queue(u16),
}

/// One path.
#[derive(Debug)]
pub(super) struct Watch {
    /// Nobody for the machine's own files.
    service: Option<ServiceId>,
    purpose: Purpose,
    path: PathBuf,
    armed: Armed,
    signature: Option<Signature>,
    holds: bool,
}

/// What became of a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// It may lead to something else by now.
    pub(super) is_moved: bool,
    /// What it leads to has changed.
    pub(super) is_changed: bool,
}

impl Touched {
    pub(super) fn moved() -> Self {
        Self { is_moved: true, is_changed: false }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.is_moved |= other.is_moved;
        self.is_changed |= other.is_changed;
    }
}

impl Purpose {
    /// What is to be heard of the place that the path leads to.
    pub(super) fn interest(self, is_folder: bool) -> Interest {
        match self {
            Self::Change if is_folder => Interest::ENTRIES,
            Self::Change => Interest::CONTENT,
            Self::Queue(_) if is_folder => Interest::ARRIVALS,
            Self::Queue(_) | Self::Exists(..) => Interest::PRESENCE,
        }
    }
}

impl Watch {
    pub(super) fn new(service: Option<ServiceId>, purpose: Purpose, path: PathBuf) -> Self {
        let armed = Armed::default();
        Self { service, purpose, path, armed, signature: None, holds: false }
    }

    /// It is this path, watched for that.
    pub(super) fn is(&self, purpose: Purpose, path: &Path) -> bool {
        self.purpose == purpose && self.path == path
    }

    pub(super) fn is_level(&self) -> bool {
        self.purpose != Purpose::Change
    }

    /// What is mounted at one of these places may cover or uncover it.
    pub(super) fn is_below(&self, places: &[PathBuf]) -> bool {
        let real = self.armed.real.as_deref().unwrap_or(&self.path);
        places.iter().any(|place| self.path.starts_with(place) || real.starts_with(place))
    }

    /// Sets its watches, anew if it has some.
    pub(super) fn arm(&mut self, id: PathId, nodes: &mut Nodes) {
        let (armed, result) = arm(nodes, id, &self.path, self.purpose);
        if let Err(error) = result {
            let is_full = error.kind() == std::io::ErrorKind::StorageFull;
            let hint = if is_full { "; raise fs.inotify.max_user_watches" } else { "" };
            log::error!("cannot watch {}: {error}{hint}", self.path.display());
        }
        let before = std::mem::replace(&mut self.armed, armed);
        for (place, interest) in before.places {
            if !self.armed.places.contains(&(place, interest)) {
                nodes.detach(id, place, interest);
            }
        }
    }

    /// Gives its watches up.
    pub(super) fn disarm(&mut self, id: PathId, nodes: &mut Nodes) {
        for (place, interest) in std::mem::take(&mut self.armed).places {
            nodes.detach(id, place, interest);
        }
    }

    /// What was seen at a place means for this path, which listens there for something.
    pub(super) fn touched(&self, interest: Interest, seen: &Seen) -> Touched {
        let is_moved = seen.is_moved || seen.is_gone;
        let is_renamed = is_moved || seen.has_attributes;
        match (interest, &self.armed.awaited) {
            (Interest::ARRIVALS, Some((name, is_last))) => {
                let has_come = seen.arrivals.contains(name);
                Touched { is_moved: is_moved || has_come, is_changed: has_come && *is_last }
            }
            (Interest::ARRIVALS, None) => {
                Touched { is_moved, is_changed: !seen.arrivals.is_empty() }
            }
            (Interest::CONTENT, _) => {
                Touched { is_moved: is_renamed, is_changed: is_renamed || seen.is_written }
            }
            (Interest::ENTRIES, _) => {
                Touched { is_moved, is_changed: is_renamed || seen.has_entries }
            }
            (Interest::PRESENCE, _) => Touched { is_moved: is_renamed, is_changed: false },
            (_, _) => Touched { is_moved, is_changed: false },
        }
    }

    /// Notes how it stands.
    pub(super) fn look(&mut self) {
        match self.purpose {
            Purpose::Change => self.signature = Signature::of(&self.path),
            Purpose::Exists(_, value) => self.holds = fs::metadata(&self.path).is_ok() == value,
            Purpose::Queue(_) => {
                let mut entries = fs::read_dir(&self.path).into_iter().flatten();
                self.holds = entries.next().is_some();
            }
        }
    }

    /// Its level, as it stood when it was last looked at.
    pub(super) fn level(&self) -> Option<(u16, bool)> {
        match self.purpose {
            Purpose::Change => None,
            Purpose::Exists(level, _) | Purpose::Queue(level) => Some((level, self.holds)),
        }
    }

    /// What there is to tell after it was touched.
    pub(super) fn news(&mut self, touched: Touched) -> Option<Watched> {
        let (signature, held) = (self.signature, self.holds);
        self.look();
        match (self.level(), self.service) {
            (None, _) if !touched.is_changed && signature == self.signature => None,
            (None, None) => Some(Watched::Wall),
            (None, Some(service)) => Some(Watched::Trigger(service, Cause::Watch)),
            (Some((level, holds)), Some(service)) if held != holds => {
                Some(Watched::Level(service, level, holds))
            }
            (Some(_), _) => None,
        }
    }
}
