//! What the loop has to do before the next event, in this order, but that what is done to
//! processes may come first.

use crate::request::RequestId;
use crate::run::{Run, ServiceId};

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Make the run's process; answered by `Spawned` or `SpawnFailed`.
    Spawn(Run),
    /// Ask the run's processes to end, by the service's stop signal.
    Terminate(Run),
    /// End the run's whole tree by force.
    Kill(Run),
    /// The goal or the enabled flag changed and must survive a reboot.
    Store(ServiceId),
    /// The state changed, for the log and for those who listen.
    Announce(ServiceId),
    /// What [`crate::Service::memory`] tells changed, and must survive the daemon's own death.
    Note(ServiceId),
    /// The one answer to a request.
    Reply {
        /// The request.
        request: RequestId,
        /// The service it was about.
        service: ServiceId,
        /// How it went.
        answer: Answer,
    },
    /// Nothing of the service is left; put away what was kept for it, then call
    /// [`crate::Supervisor::forget`].
    Forget(ServiceId),
    /// Every service has ended after a shutdown, or is left: see [`crate::Supervisor::lingering`].
    Finish,
}

impl Action {
    /// The service it is about, unless it is about all.
    #[must_use]
    pub fn service(self) -> Option<ServiceId> {
        match self {
            Self::Spawn(run) | Self::Terminate(run) | Self::Kill(run) => Some(run.service),
            Self::Store(service)
            | Self::Announce(service)
            | Self::Note(service)
            | Self::Reply { service, .. }
            | Self::Forget(service) => Some(service),
            Self::Finish => None,
        }
    }
}

/// How a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is as asked.
    Done {
        /// False when it already was.
        changed: bool,
    },
    /// The start was tried and did not work; the service knows why.
    Failed,
    /// A later request took the service elsewhere.
    Superseded,
    /// The service is disabled.
    Disabled,
    /// The daemon is ending.
    ShuttingDown,
}
