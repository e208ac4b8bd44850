//! The paths that services depend on: what each is watched for, and what became of it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use supervisor_core::ServiceId;
use tokio::time::Sleep;

use super::Watched;
use super::nodes::Nodes;
use super::path::{Purpose, Touched, Watch};

/// What comes within this time after a first event is one change.
const TOGETHER: Duration = Duration::from_millis(50);

/// Names one path that is watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PathId(u32);

/// All paths.
#[derive(Debug, Default)]
pub(super) struct Paths {
    nodes: Option<Nodes>,
    watches: HashMap<PathId, Watch>,
    services: BTreeMap<ServiceId, Vec<PathId>>,
    last: u32,
    ripening: Option<Pin<Box<Sleep>>>,
}

impl Paths {
    pub(super) fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// Watches these paths for a service, and no others; those it had already go on.
    pub(super) fn set(&mut self, service: ServiceId, mut wanted: Vec<(Purpose, PathBuf)>) {
        let mut ids = self.services.remove(&service).unwrap_or_default();
        ids.retain(|id| {
            let watch = &self.watches[id];
            match wanted.iter().position(|(purpose, path)| watch.is(*purpose, path)) {
                Some(at) => {
                    wanted.swap_remove(at);
                    true
                }
                None => {
                    self.remove(*id);
                    false
                }
            }
        });
        ids.extend(wanted.iter().map(|(purpose, path)| self.add(Some(service), *purpose, path)));
        if !ids.is_empty() {
            self.services.insert(service, ids);
        }
    }

    /// Watches one path; for nobody, its changes are those of the wall clock.
    pub(super) fn add(
        &mut self,
        service: Option<ServiceId>,
        purpose: Purpose,
        path: &Path,
    ) -> PathId {
        self.last += 1;
        let id = PathId(self.last);
        if self.nodes.is_none() {
            match Nodes::new() {
                Ok(nodes) => self.nodes = Some(nodes),
                Err(error) => log::error!("cannot watch {}: {error}", path.display()),
            }
        }
        let mut watch = Watch::new(service, purpose, path.to_owned());
        if let Some(nodes) = &mut self.nodes {
            watch.arm(id, nodes);
        }
        watch.look();
        self.watches.insert(id, watch);
        id
    }

    /// Watches a path no longer.
    pub(super) fn remove(&mut self, id: PathId) {
        if let (Some(mut watch), Some(nodes)) = (self.watches.remove(&id), &mut self.nodes) {
            watch.disarm(id, nodes);
        }
        if self.watches.is_empty() {
            (self.nodes, self.ripening) = (None, None);
        }
    }

    /// How the levels of a service stand at this moment.
    pub(super) fn levels(&mut self, service: ServiceId) -> Vec<(u16, bool)> {
        let ids = self.services.get(&service).into_iter().flatten();
        let mut levels = Vec::new();
        for id in ids {
            if let Some(watch) = self.watches.get_mut(id).filter(|watch| watch.is_level()) {
                watch.look();
                levels.extend(watch.level());
            }
        }
        levels
    }

    /// Waits until there is something to tell; may be dropped and called again without loss.
    pub(super) async fn ripe(&mut self) {
        let Some(nodes) = &self.nodes else { return std::future::pending().await };
        if self.ripening.is_none() {
            nodes.arrived().await;
            self.ripening = Some(Box::pin(tokio::time::sleep(TOGETHER)));
        }
        if let Some(ripening) = &mut self.ripening {
            ripening.await;
        }
    }

    /// What there is to tell.
    pub(super) fn news(&mut self) -> Vec<Watched> {
        self.ripening = None;
        let Some(nodes) = &mut self.nodes else { return Vec::new() };
        let happened = nodes.happened();
        let mut touched: HashMap<PathId, Touched> = HashMap::new();
        if happened.is_everything {
            log::warn!("changes came faster than they could be looked at; looking at all paths");
            touched.extend(self.watches.keys().map(|id| (*id, Touched::moved())));
        }
        for (place, seen) in &happened.at {
            for (id, interest) in nodes.users(*place) {
                if let Some(watch) = self.watches.get(&id) {
                    touched.entry(id).or_default().add(watch.touched(interest, seen));
                }
            }
            if seen.is_gone {
                nodes.drop_gone(*place);
            }
        }
        self.settle(touched)
    }

    /// What there is to tell after something was mounted or unmounted at these places.
    pub(super) fn moved(&mut self, places: &[PathBuf]) -> Vec<Watched> {
        let below = self.watches.iter().filter(|(_, watch)| watch.is_below(places));
        let touched = below.map(|(id, _)| (*id, Touched::moved())).collect();
        self.settle(touched)
    }

    fn settle(&mut self, touched: HashMap<PathId, Touched>) -> Vec<Watched> {
        let mut news = Vec::new();
        for (id, touched) in touched {
            let (Some(watch), Some(nodes)) = (self.watches.get_mut(&id), &mut self.nodes) else {
                continue;
            };
            if touched.is_moved {
                watch.arm(id, nodes);
            }
            if touched.is_moved || touched.is_changed {
                news.extend(watch.news(touched));
            }
        }
        news
    }
}
