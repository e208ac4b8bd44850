//! The `Supervisor` dictionary: what launchd cannot say, typed. Meaning only; acting is elsewhere.

mod again;
mod log;
mod watch;

pub use again::{Backoff, Restart, RestartOn, StartLimit};
pub use log::{Log, LogFormat, LogFull, LogMode, LogSink, SyslogFormat};
pub use watch::{AlertOn, Alerts, Health, HealthAction, HealthKind, Ready, ReadyKind};

use super::typed::{Seldom, keyed, words};
use std::time::Duration;

keyed! {
    /// Everything below the one key launchd passes over, so that the same file still loads there.
    Supervisor {
        /// Services that must be ready before this one starts, each with what it passes on; this
        /// one is stopped before any of them.
        requires: Vec<(String, Requirement)> = "Requires";
        /// Services that start before this one when both start.
        after: Vec<String> = "After";
        /// What shows that the service serves.
        ready: Option<Box<Ready>> = "Ready";
        /// What shows that it still serves.
        health: Option<Box<Health>> = "Health";
        /// How long the service may stay silent on its notification socket.
        watchdog: Option<Duration> = "Watchdog";
        /// Which exits lead to a restart; replaces `KeepAlive`.
        restart: Option<Box<Restart>> = "Restart";
        /// How long to wait before a restart; replaces `ThrottleInterval`.
        backoff: Option<Box<Backoff>> = "Backoff";
        /// When to give up.
        start_limit: Option<StartLimit> = "StartLimit";
        /// The signal that asks the service to end, as `TERM`.
        stop_signal: Option<String> = "StopSignal";
        /// Whom stopping reaches.
        kill_mode: KillMode = "KillMode";
        /// The signal that asks the service to read its configuration again, as `HUP`.
        reload_signal: Option<String> = "ReloadSignal";
        /// The command that does so instead, argument by argument.
        reload: Vec<String> = "Reload";
        /// Commands run around a run of the service.
        hooks: Seldom<Hooks> = "Hooks";
        /// Files of `NAME=value` lines, later ones winning, below `EnvironmentVariables`.
        environment_files: Vec<String> = "EnvironmentFile";
        /// How output is kept.
        log: Seldom<Log> = "Log";
        /// What the whole process tree may use.
        limits: Seldom<TreeLimits> = "Limits";
        /// True when the supervisor itself ends, failed, once this service has failed.
        is_essential: bool = "Essential";
        /// A name that verbs can be used on in place of the labels of all who share it.
        group: Option<String> = "Group";
        /// How many copies run side by side.
        instances: u32 = "Instances" or 1;
        /// Who is told about failures.
        alerts: Option<Box<Alerts>> = "Alerts";
    }
}

words! {
    /// What a required service passes on to the one that requires it.
    Propagate {
        /// Its stop stops the dependent first.
        #[default]
        Stop = "Stop",
        /// Its stop, and its restart too.
        Restart = "Restart",
        /// Nothing: the requirement only holds at start.
        Nothing = "Nothing",
    }
}

keyed! {
    /// One requirement.
    Requirement {
        /// What is passed on along it.
        propagate: Propagate = "Propagate";
    }
}

words! {
    /// Whom stopping reaches.
    KillMode {
        /// The signal goes to the process group, the kill to the whole tree.
        #[default]
        Tree = "Tree",
        /// The signal goes to the main process, the kill to the whole tree.
        Mixed = "Mixed",
        /// Signal and kill go to the main process; its children are left alone.
        Process = "Process",
    }
}

keyed! {
    /// Commands run around a run, each argument by argument.
    Hooks {
        /// Before the program; its failure is a failed start.
        pre_start: Vec<String> = "PreStart";
        /// Once the service is ready.
        post_start: Vec<String> = "PostStart";
        /// Before it is asked to end.
        pre_stop: Vec<String> = "PreStop";
        /// After its end, with the result in the environment.
        post_exit: Vec<String> = "PostExit";
    }
}

keyed! {
    /// What the whole process tree of a service may use.
    TreeLimits {
        /// Memory, bytes.
        memory: Option<u64> = "Memory";
        /// Processors' worth of time; 0.5 is half of one.
        cpu: Option<f64> = "Cpu";
        /// Processes and threads.
        tasks: Option<u64> = "Tasks";
    }
}
