//! What may start a service beside requests and its own exits.

use std::sync::Arc;
use std::time::Duration;

use protocol::definition::{self, Calendar, Definition};

use crate::service::Cause;

/// The triggers of one definition. Those outside of the core are watched by the loop, which tells
/// them by [`crate::Event::Trigger`] and [`crate::Event::Level`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Triggers {
    /// Every so often (`StartInterval`).
    pub interval: Option<Duration>,
    /// At any of these times (`StartCalendarInterval`).
    pub calendar: Vec<Calendar>,
    /// Events of the world: `WatchPaths`, `StartOnMount`, `Sockets`.
    pub has_edges: bool,
    /// Conditions that keep it alive while any of them holds.
    pub levels: Vec<Level>,
    /// Nothing starts it before the first request or connection (`AfterInitialDemand`).
    pub after_demand: bool,
    /// It starts by itself no more than once (`LaunchOnlyOnce`).
    pub once: bool,
}

/// A condition that holds or not at any time, not only when a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    /// A path exists, or does not (`PathState`); watched outside.
    Path {
        /// The path.
        path: Arc<str>,
        /// It must exist.
        exists: bool,
    },
    /// A folder is not empty (`QueueDirectories`); watched outside.
    Queue(Arc<str>),
    /// A network interface other than loopback is up, or none is (`NetworkState`); watched outside.
    Network(bool),
    /// Another service is loaded, or is not (`OtherJobEnabled`).
    OtherLoaded {
        /// Its label.
        label: Arc<str>,
        /// It must be loaded.
        value: bool,
    },
    /// Another service is loaded and has a process, or has none (`OtherJobActive`).
    OtherActive {
        /// Its label.
        label: Arc<str>,
        /// It must have a process.
        value: bool,
    },
}

impl Triggers {
    /// The triggers of a definition, boxed because few have any.
    #[must_use]
    pub fn of(definition: &Definition) -> Option<Box<Self>> {
        let rare = &definition.rare;
        let mut levels = Vec::new();
        let mut after_demand = false;
        if let definition::KeepAlive::When(conditions) = &definition.keep_alive {
            levels.extend(
                conditions.path_state.iter().map(|(path, exists)| Level::Path {
                    path: path.as_str().into(),
                    exists: *exists,
                }),
            );
            levels.extend(conditions.network_state.map(Level::Network));
            levels.extend(conditions.other_job_enabled.iter().map(|(label, value)| {
                Level::OtherLoaded { label: label.as_str().into(), value: *value }
            }));
            levels.extend(conditions.other_job_active.iter().map(|(label, value)| {
                Level::OtherActive { label: label.as_str().into(), value: *value }
            }));
            after_demand = conditions.after_initial_demand;
        }
        levels.extend(rare.queue_directories.iter().map(|path| Level::Queue(path.as_str().into())));
        let triggers = Self {
            interval: rare.start_interval,
            calendar: rare.start_calendar.clone(),
            has_edges: !rare.watch_paths.is_empty()
                || rare.start_on_mount
                || !rare.sockets.is_empty(),
            levels,
            after_demand,
            once: rare.launch_only_once,
        };
        (triggers != Self::default()).then(|| Box::new(triggers))
    }

    /// Something other than a request may start it one day.
    pub(crate) fn can_start(&self) -> bool {
        self.interval.is_some()
            || !self.calendar.is_empty()
            || self.has_edges
            || !self.levels.is_empty()
    }

    /// This one is among them.
    pub(crate) fn has(&self, cause: Cause) -> bool {
        match cause {
            Cause::Interval => self.interval.is_some(),
            Cause::Calendar => !self.calendar.is_empty(),
            Cause::Watch | Cause::Mount | Cause::Socket => self.has_edges,
            Cause::Level(level) => usize::from(level) < self.levels.len(),
            Cause::Load | Cause::Asked | Cause::KeepAlive | Cause::Before => false,
        }
    }
}
