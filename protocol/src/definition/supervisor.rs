//! The `Supervisor` dictionary: what launchd cannot say, typed. Meaning only; acting is elsewhere.

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
    /// What shows that a service is ready.
    ReadyKind {
        /// The process exists.
        #[default]
        Started = "Started",
        /// `READY=1` on the notification socket.
        Notify = "Notify",
        /// A line written to a descriptor it inherits.
        Fd = "Fd",
        /// A connection to an address is accepted.
        Tcp = "Tcp",
        /// An HTTP request is answered with a status below 400.
        Http = "Http",
        /// A command exits with status 0.
        Command = "Command",
        /// A line of its output matches a pattern.
        Log = "Log",
        /// Some time has passed.
        Delay = "Delay",
    }
}

keyed! {
    /// When a service counts as ready.
    Ready {
        /// What shows it.
        kind: ReadyKind = "Kind";
        /// The descriptor, for [`ReadyKind::Fd`].
        fd: Option<u32> = "Fd";
        /// `host:port`, for [`ReadyKind::Tcp`].
        address: Option<String> = "Address";
        /// For [`ReadyKind::Http`].
        url: Option<String> = "Url";
        /// Argument by argument, for [`ReadyKind::Command`].
        command: Vec<String> = "Command";
        /// For [`ReadyKind::Log`].
        pattern: Option<String> = "Pattern";
        /// For [`ReadyKind::Delay`].
        delay: Option<Duration> = "Delay";
        /// Between two attempts.
        interval: Option<Duration> = "Interval";
        /// After which the start counts as failed.
        timeout: Option<Duration> = "Timeout";
    }
}

words! {
    /// What shows that a service is healthy.
    HealthKind {
        /// A connection to an address is accepted.
        #[default]
        Tcp = "Tcp",
        /// An HTTP request is answered with a status below 400.
        Http = "Http",
        /// A command exits with status 0.
        Command = "Command",
    }
}

words! {
    /// What is done about a service that is not healthy.
    HealthAction {
        /// It is stopped and started.
        #[default]
        Restart = "Restart",
        /// It is only said.
        Report = "Report",
    }
}

keyed! {
    /// How a running service is examined.
    Health {
        /// What shows it.
        kind: HealthKind = "Kind";
        /// `host:port`, for [`HealthKind::Tcp`].
        address: Option<String> = "Address";
        /// For [`HealthKind::Http`].
        url: Option<String> = "Url";
        /// Argument by argument, for [`HealthKind::Command`].
        command: Vec<String> = "Command";
        /// Between two examinations.
        interval: Duration = "Interval" or Duration::from_secs(10);
        /// How long one may take.
        timeout: Duration = "Timeout" or Duration::from_secs(5);
        /// How many in a row must fail.
        failures: u32 = "Failures" or 3;
        /// How long after the start failures do not count.
        grace: Duration = "Grace";
        /// What is done then.
        action: HealthAction = "Action";
    }
}

words! {
    /// Which exits lead to a restart.
    RestartOn {
        /// Every one.
        #[default]
        Always = "Always",
        /// Those not successful.
        Failure = "Failure",
        /// The successful ones.
        Success = "Success",
        /// Signals, crashes and timeouts, but no exit status.
        Abnormal = "Abnormal",
        /// None.
        Never = "Never",
    }
}

keyed! {
    /// The restart rule.
    Restart {
        /// Which exits lead to a restart.
        on: RestartOn = "On";
        /// Exit statuses that count as success beside 0.
        success_exit_codes: Vec<i32> = "SuccessExitCodes";
        /// Exit statuses after which it is never restarted.
        never_exit_codes: Vec<i32> = "NeverExitCodes";
        /// Signals whose death counts as success.
        signals: Vec<String> = "Signals";
    }
}

keyed! {
    /// How long to wait before a restart.
    Backoff {
        /// The first wait.
        initial: Duration = "Initial" or Duration::from_secs(1);
        /// What each wait is multiplied by.
        factor: f64 = "Factor" or 2.0;
        /// The longest wait.
        max: Duration = "Max" or Duration::from_secs(60);
        /// The part of a wait that is left to chance, 0 to 1.
        jitter: f64 = "Jitter";
        /// A run as long as this makes the next wait the first again.
        reset_after: Duration = "ResetAfter" or Duration::from_secs(60);
    }
}

keyed! {
    /// When to give up: more than `burst` starts within `interval`.
    StartLimit {
        /// How many starts are allowed.
        burst: u32 = "Burst" or 5;
        /// Within which time.
        interval: Duration = "Interval" or Duration::from_secs(60);
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

words! {
    /// What stands between the program and its log.
    LogMode {
        /// Nothing: the log is the file the program writes to.
        #[default]
        File = "File",
        /// A pipe, so that lines can be stamped.
        Pipe = "Pipe",
    }
}

words! {
    /// What one line of a piped log looks like.
    LogFormat {
        /// The line itself.
        #[default]
        Text = "Text",
        /// One JSON object.
        Json = "Json",
    }
}

keyed! {
    /// How output is kept.
    Log {
        /// What stands between the program and its log.
        mode: LogMode = "Mode";
        /// Size in bytes at which a log is rotated; absent means the daemon's setting.
        max_size: Option<u64> = "MaxSize";
        /// How many rotated logs are kept; absent means the daemon's setting.
        keep: Option<u32> = "Keep";
        /// True to compress rotated ones.
        compress: bool = "Compress";
        /// True to begin each line with the time; needs [`LogMode::Pipe`].
        timestamps: bool = "Timestamps";
        /// What a line looks like; needs [`LogMode::Pipe`].
        format: LogFormat = "Format";
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

words! {
    /// What is worth an alert.
    AlertOn {
        /// The service was given up.
        #[default]
        Failed = "Failed",
        /// A run ended that was not asked to.
        Exit = "Exit",
        /// It was found unhealthy.
        Unhealthy = "Unhealthy",
    }
}

keyed! {
    /// Who is told about failures.
    Alerts {
        /// The command that tells, argument by argument, with the facts in its environment.
        command: Vec<String> = "Command";
        /// What is worth it; none means the default, [`AlertOn::Failed`].
        on: Vec<AlertOn> = "On";
    }
}
