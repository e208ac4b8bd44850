//! How one knows that a service is ready, is healthy, or has failed. Never looks itself.

use crate::definition::typed::{keyed, words};
use std::time::Duration;

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
