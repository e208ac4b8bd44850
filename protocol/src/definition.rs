//! What a service is: launchd's property list, read, checked, typed and written again.
//!
//! [`KEYS`] is the one table of all keys; the checks, the report per system and the class of a
//! change come from it. **Invariant:** reading never opens a file, and nothing of the raw text is
//! kept beyond the values themselves.

mod allowed;
mod cause;
mod check;
mod fault;
mod host;
mod keep_alive;
mod key;
mod keys;
mod label;
mod limit;
mod near;
mod node;
mod os;
mod page;
mod rare;
mod read;
mod report;
mod scalar;
mod schedule;
mod schema;
mod sense;
mod settings;
mod signal;
mod socket;
mod source;
mod supervisor;
mod typed;
mod write;

pub use fault::{Fault, Severity};
pub use host::KeptOff;
pub use keep_alive::{Conditions, KeepAlive};
pub use key::{Class, Key, Kind, Support, Wrong};
pub use keys::{KEYS, find};
pub use label::{LABEL_MAX, LabelError, check_label, file_name, label_of_file_name};
pub use limit::{Limits, UNLIMITED};
pub use os::{Os, UnknownOs};
pub use page::page;
pub use rare::{LaunchdOnly, ProcessType, Rare};
pub use read::{Read, Used, from_dictionary, from_json, read, read_named};
pub use report::{Row, faults_on, report};
pub use schedule::Calendar;
pub use schema::schema;
pub use settings::{LogSettings, Settings, read_settings};
pub use socket::{Inetd, Service, Socket, SocketFamily, SocketProtocol, SocketType};
pub use source::{DEPTH_MAX, NODES_MAX, SIZE_MAX};
pub use supervisor::{
    AlertOn, Alerts, Backoff, Health, HealthAction, HealthKind, Hooks, KillMode, Log, LogFormat,
    LogFull, LogMode, LogSink, Propagate, Ready, ReadyKind, Requirement, Restart, RestartOn,
    StartLimit, Supervisor, SyslogFormat, TreeLimits,
};
pub use typed::Seldom;

use std::time::Duration;
use typed::keyed;

keyed! {
    /// A service as its definition describes it; what most definitions have, and [`Rare`].
    ///
    /// Paths and texts are as written. A default-made one has no label and no program, which
    /// [`read`] never yields.
    Definition {
        /// The name of the service.
        label: String = "Label";
        /// The file to execute, absolute; absent means the first of the arguments.
        program: Option<String> = "Program";
        /// The arguments, the program's own name included.
        program_arguments: Vec<String> = "ProgramArguments";
        /// The folder the process starts in; absent means `/`.
        working_directory: Option<Box<str>> = "WorkingDirectory";
        /// Variables set in its environment, sorted by name.
        environment: Vec<(String, String)> = "EnvironmentVariables";
        /// Where its standard output goes; absent means the log kept for it.
        standard_out_path: Option<Box<str>> = "StandardOutPath";
        /// Where its standard error goes; absent means the log kept for it.
        standard_error_path: Option<Box<str>> = "StandardErrorPath";
        /// The user it runs as; absent means the daemon's.
        user_name: Option<Box<str>> = "UserName";
        /// When it is started again.
        keep_alive: KeepAlive = "KeepAlive";
        /// Two starts are at least this far apart; zero lifts that.
        throttle_interval: Duration = "ThrottleInterval" or Duration::from_secs(10);
        /// Between the request to end and the kill; zero means never kill.
        exit_timeout: Duration = "ExitTimeOut" or Duration::from_secs(20);
        /// The mode bits withheld from files it makes; absent means inherited.
        umask: Option<u32> = "Umask";
        /// Its priority, -20 (first) to 20 (last); absent means its `ProcessType` decides.
        nice: Option<i32> = "Nice";
        /// True to start it once when it is loaded.
        run_at_load: bool = "RunAtLoad";
        /// True when it is not to be loaded, unless enabled by command.
        disabled: bool = "Disabled";
        .. {
            /// What few definitions have.
            rare: Seldom<Rare>;
        }
    }
}

impl Definition {
    /// A service that is always kept running, as `svcctl add LABEL -- PROGRAM ARGS` makes it.
    #[must_use]
    pub fn simple(label: &str, program_arguments: Vec<String>) -> Self {
        let keep_alive = KeepAlive::Always;
        Self { label: label.to_owned(), program_arguments, keep_alive, ..Self::default() }
    }

    /// The file to execute: looked up on `PATH` when it has no slash, which a `Program` always has.
    #[must_use]
    pub fn executable(&self) -> &str {
        let first = || self.program_arguments.first().map(String::as_str);
        self.program.as_deref().or_else(first).unwrap_or_default()
    }

    /// All arguments, the program's own name first.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        match (&self.program, self.program_arguments.as_slice()) {
            (Some(program), []) => std::slice::from_ref(program),
            (_, arguments) => arguments,
        }
    }

    /// What is said of ends in the place of `KeepAlive`, if anything is.
    #[must_use]
    pub fn restart(&self) -> Option<&Restart> {
        self.rare.supervisor.restart.as_deref()
    }

    /// It is to run at all times, however its runs end.
    #[must_use]
    pub fn is_always_up(&self) -> bool {
        match self.restart() {
            Some(restart) => restart.on == RestartOn::Always,
            None => self.keep_alive == KeepAlive::Always,
        }
    }

    /// How long a request to end is given before the kill; `None` means for ever.
    #[must_use]
    pub fn stop_timeout(&self) -> Option<Duration> {
        (!self.exit_timeout.is_zero()).then_some(self.exit_timeout)
    }
}
