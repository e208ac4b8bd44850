//! Everything that is measured, by name, with what it means.

/// One figure that every peer can have.
#[derive(Debug, PartialEq)]
pub(crate) struct Metric {
    /// Its name in JSON; never renamed.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) is_more_better: bool,
    pub(crate) scale: Scale,
}

/// What the number beside a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Services,
    Crashing,
    BytesPerWrite,
    Nothing,
}

const fn less(key: &'static str, title: &'static str, unit: &'static str, scale: Scale) -> Metric {
    Metric { key, title, unit, is_more_better: false, scale }
}

const fn more(key: &'static str, title: &'static str, unit: &'static str, scale: Scale) -> Metric {
    Metric { key, title, unit, is_more_better: true, scale }
}

use Scale::{BytesPerWrite, Crashing, Nothing, Services};

pub(crate) static BOOT: Metric =
    less("boot", "Boot: from the supervisor's exec to the last service's main", "ms", Services);
pub(crate) static PSS: Metric =
    less("pss", "Memory while idle: proportional set size of all its processes", "KiB", Services);
pub(crate) static PRIVATE: Metric =
    less("private", "Memory while idle: private pages of all its processes", "KiB", Services);
pub(crate) static IDLE_SWITCHES: Metric =
    less("idle_switches", "Wake-ups in 20 s while idle", "times", Services);
pub(crate) static IDLE_CPU: Metric =
    less("idle_cpu", "Processor time in 20 s while idle", "ms", Services);
pub(crate) static RESTART_P50: Metric =
    less("restart_p50", "Restart: from SIGKILL to the next run's main, median", "ms", Services);
pub(crate) static RESTART_P99: Metric = less(
    "restart_p99",
    "Restart: from SIGKILL to the next run's main, 99th percentile",
    "ms",
    Services,
);
pub(crate) static LIST: Metric =
    less("list", "List of all services: whole run of the client", "ms", Services);
pub(crate) static STATUS: Metric =
    less("status", "Status of one service: whole run of the client", "ms", Services);
pub(crate) static STOP_START: Metric =
    less("stop_start", "Stop and start through the client, to the next run's main", "ms", Services);
pub(crate) static MASS_STOP: Metric =
    less("mass_stop", "Stop of everything, until no process is left", "ms", Services);
pub(crate) static QUIET_RESTART: Metric =
    less("quiet_restart", "Restart of a healthy service beside idle ones, median", "ms", Crashing);
pub(crate) static STORM_RESTART: Metric =
    less("storm_restart", "Restart of a healthy service in a crash storm, median", "ms", Crashing);
pub(crate) static QUIET_STATUS: Metric =
    less("quiet_status", "Status of a healthy service beside idle ones, median", "ms", Crashing);
pub(crate) static STORM_STATUS: Metric =
    less("storm_status", "Status of a healthy service in a crash storm, median", "ms", Crashing);
pub(crate) static STORM_STARTS: Metric =
    more("storm_starts", "Starts in a crash storm", "per s", Crashing);
pub(crate) static LOG_RATE: Metric =
    more("log_rate", "Log of one writer that writes as fast as it can", "MB/s", BytesPerWrite);
pub(crate) static LOG_CPU: Metric =
    less("log_cpu", "Processor time of who keeps the log", "s/GiB", BytesPerWrite);
pub(crate) static LOG_LOST: Metric =
    less("log_lost", "Lines that are not whole in the log", "lines", BytesPerWrite);
pub(crate) static DAEMON_SIZE: Metric = less("daemon_size", "Size of the daemon", "KiB", Nothing);
pub(crate) static CLIENT_SIZE: Metric = less("client_size", "Size of the client", "KiB", Nothing);
pub(crate) static DAEMON_START: Metric =
    less("daemon_start", "Whole run of the daemon that only says its version", "ms", Nothing);
pub(crate) static CLIENT_START: Metric =
    less("client_start", "Whole run of the client that only says its version", "ms", Nothing);

/// All, in the order of the report.
pub(crate) static ALL: [&Metric; 23] = [
    &BOOT,
    &PSS,
    &PRIVATE,
    &IDLE_SWITCHES,
    &IDLE_CPU,
    &RESTART_P50,
    &RESTART_P99,
    &LIST,
    &STATUS,
    &STOP_START,
    &MASS_STOP,
    &QUIET_RESTART,
    &STORM_RESTART,
    &QUIET_STATUS,
    &STORM_STATUS,
    &STORM_STARTS,
    &LOG_RATE,
    &LOG_CPU,
    &LOG_LOST,
    &DAEMON_SIZE,
    &CLIENT_SIZE,
    &DAEMON_START,
    &CLIENT_START,
];
