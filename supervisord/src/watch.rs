//! Senses what may start a service from outside: paths, folders, mounts, the network, the zone.
//!
//! Tells the loop what happened and decides nothing. What nobody needs is not watched, and what is
//! watched costs nothing until something happens.

mod arm;
mod machine;
mod nodes;
mod path;
mod paths;

use std::collections::BTreeSet;

use protocol::definition::Definition;
use supervisor_core::{Cause, Level, ServiceId, Triggers};

use self::machine::Machine;
use self::path::Purpose;
use self::paths::{PathId, Paths};
use crate::{launch, os};

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// A trigger of a service came.
    Trigger(ServiceId, Cause),
    /// A level of a service holds now, or no longer.
    Level(ServiceId, u16, bool),
    /// The wall clock was set, or the machine's zone changed.
    Wall,
}

/// All that is watched.
#[derive(Debug, Default)]
pub struct Watches {
    paths: Paths,
    machine: Machine,
    /// Services with a calendar.
    calendars: BTreeSet<ServiceId>,
    zone: Option<PathId>,
}

impl Watches {
    /// Watches what a service's definition asks for, and nothing else for it any more; yields the
    /// levels that hold already. What a definition before it asked for too goes on undisturbed.
    pub fn set(
        &mut self,
        service: ServiceId,
        definition: &Definition,
        triggers: Option<&Triggers>,
    ) -> Vec<u16> {
        let folder = launch::directory(definition);
        let mut wanted = Vec::new();
        let mut network = Vec::new();
        for path in &definition.rare.watch_paths {
            wanted.push((Purpose::Change, folder.join(path)));
        }
        for (place, level) in (0..).zip(triggers.map_or(&[][..], |triggers| &triggers.levels)) {
            match level {
                Level::Path { path, exists } => {
                    wanted.push((Purpose::Exists(place, *exists), folder.join(&**path)));
                }
                Level::Queue(path) => wanted.push((Purpose::Queue(place), folder.join(&**path))),
                Level::Network(value) => network.push((place, *value)),
                Level::OtherLoaded { .. } | Level::OtherActive { .. } => {}
            }
        }
        self.paths.set(service, wanted);
        self.set_calendar(service, triggers.is_some_and(|triggers| !triggers.calendar.is_empty()));
        self.machine.set_mounts(service, definition.rare.start_on_mount, !self.paths.is_empty());
        self.machine.set_network(service, network);
        self.levels(service).into_iter().filter(|(_, holds)| *holds).map(|(at, _)| at).collect()
    }

    /// Watches nothing for a service any more.
    pub fn forget(&mut self, service: ServiceId) {
        self.paths.set(service, Vec::new());
        self.set_calendar(service, false);
        self.machine.set_mounts(service, false, !self.paths.is_empty());
        self.machine.set_network(service, Vec::new());
    }

    /// How the levels of a service stand at this very moment, whatever news are still on their way.
    pub fn levels(&mut self, service: ServiceId) -> Vec<(u16, bool)> {
        let mut levels = self.paths.levels(service);
        levels.extend(self.machine.levels(service));
        levels
    }

    /// The wall clock and the machine's zone are watched, because some service has a calendar.
    #[must_use]
    pub fn has_wall(&self) -> bool {
        !self.calendars.is_empty()
    }

    fn set_calendar(&mut self, service: ServiceId, wanted: bool) {
        if wanted {
            self.calendars.insert(service);
        } else {
            self.calendars.remove(&service);
        }
        self.machine.set_clock(self.has_wall());
        match (self.zone, os::zone_file().filter(|_| self.has_wall())) {
            (None, Some(file)) => self.zone = Some(self.paths.add(None, Purpose::Change, file)),
            (Some(id), None) => {
                self.paths.remove(id);
                self.zone = None;
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    /// The next news, never none; may be dropped and called again without loss.
    pub async fn news(&mut self) -> Vec<Watched> {
        loop {
            let mut news = tokio::select! {
                () = self.paths.ripe() => self.paths.news(),
                heard = self.machine.heard() => {
                    let (mut news, moved) = self.machine.news(heard);
                    news.extend(self.paths.moved(&moved));
                    news
                }
            };
            news.sort_unstable();
            news.dedup();
            if !news.is_empty() {
                return news;
            }
        }
    }
}
