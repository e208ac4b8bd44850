//! The keys that few definitions have, apart so that many simple ones stay small in memory.

use super::keys::KEYS;
use super::limit::Limits;
use super::schedule::Calendar;
use super::socket::{Inetd, Socket};
use super::supervisor::Supervisor;
use super::typed::{Keyed, Seldom, keyed, words};
use std::sync::LazyLock;
use std::time::Duration;

keyed! {
    /// What few definitions have.
    Rare {
        /// The file its standard input reads; absent means nothing to read.
        standard_in_path: Option<String> = "StandardInPath";
        /// The group it runs as; absent means the user's own.
        group_name: Option<String> = "GroupName";
        /// True to give it the user's further groups as well.
        init_groups: bool = "InitGroups" or true;
        /// The folder that becomes its `/`.
        root_directory: Option<String> = "RootDirectory";
        /// Limits the process may raise again, up to the hard ones.
        soft_limits: Seldom<Limits> = "SoftResourceLimits";
        /// Limits it may not raise.
        hard_limits: Seldom<Limits> = "HardResourceLimits";
        /// True to expand `*`, `?`, `[…]` and `~` in the arguments.
        enable_globbing: bool = "EnableGlobbing";
        /// Hosts it is for; empty means all.
        limit_load_to_hosts: Vec<String> = "LimitLoadToHosts";
        /// Hosts it is not for.
        limit_load_from_hosts: Vec<String> = "LimitLoadFromHosts";
        /// Started whenever this much time has passed.
        start_interval: Option<Duration> = "StartInterval";
        /// Started whenever any of these falls due.
        start_calendar: Vec<Calendar> = "StartCalendarInterval";
        /// Started when any of these changes.
        watch_paths: Vec<String> = "WatchPaths";
        /// Started as long as any of these folders is not empty.
        queue_directories: Vec<String> = "QueueDirectories";
        /// Started when a file system is mounted.
        start_on_mount: bool = "StartOnMount";
        /// True to run it once and then forget it until the next boot.
        launch_only_once: bool = "LaunchOnlyOnce";
        /// Sockets opened for it, by the names it finds them under.
        sockets: Vec<(String, Vec<Socket>)> = "Sockets";
        /// Present when it expects connections as inetd hands them over.
        inetd: Option<Inetd> = "inetdCompatibility";
        /// True to give disk access of others precedence.
        low_priority_io: bool = "LowPriorityIO";
        /// True to do so while it is in the background.
        low_priority_background_io: bool = "LowPriorityBackgroundIO";
        /// True to leave its children alone after its exit.
        abandon_process_group: bool = "AbandonProcessGroup";
        /// True to say more about it in the daemon's own log.
        debug: bool = "Debug";
        /// True to start it stopped, for a debugger to continue.
        wait_for_debugger: bool = "WaitForDebugger";
        /// How much of the machine it is given.
        process_type: ProcessType = "ProcessType";
        /// What launchd cannot say.
        supervisor: Seldom<Supervisor> = "Supervisor";
        .. {
            /// What only launchd acts on.
            launchd_only: LaunchdOnly;
        }
    }
}

words! {
    /// launchd.plist(5) `ProcessType`.
    ProcessType {
        /// Work nobody waits for: little processor time, slow disk.
        Background = "Background",
        /// The system's usual treatment.
        #[default]
        Standard = "Standard",
        /// Background or interactive by demand; treated as [`ProcessType::Standard`].
        Adaptive = "Adaptive",
        /// Never held back.
        Interactive = "Interactive",
    }
}

/// The keys that only launchd acts on, kept as written, so that a definition written again still
/// means the same to launchd.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaunchdOnly(plist::Dictionary);

impl LaunchdOnly {
    /// The names of the keys given, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// True when the key was given.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl Keyed for LaunchdOnly {
    fn read_from(from: &plist::Dictionary) -> Self {
        let verbatim = KEYS.iter().filter(|key| key.is_verbatim);
        let mut kept: plist::Dictionary = verbatim
            .filter_map(|key| Some((key.name.to_owned(), from.get(key.name)?.clone())))
            .collect();
        kept.sort_keys();
        Self(kept)
    }

    fn write_to(&self, to: &mut plist::Dictionary) {
        to.extend(self.0.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    fn unset() -> &'static Self {
        static UNSET: LazyLock<LaunchdOnly> = LazyLock::new(LaunchdOnly::default);
        &UNSET
    }
}
