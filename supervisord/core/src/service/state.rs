//! Where a service is.

use crate::moment::Moment;
use crate::run::Run;

/// Where a service is; each variant carries exactly what is true in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No process, and nothing but a request starts one.
    Down,
    /// No process, until a trigger of the definition comes.
    Waiting,
    /// A process is being made.
    Spawning {
        /// Of this run.
        run: Run,
        /// A newer run was asked for meanwhile.
        renew: bool,
    },
    /// The main process runs.
    Up {
        /// This run.
        run: Run,
    },
    /// The processes were told to end.
    Stopping {
        /// This run's.
        run: Run,
        /// Force follows then; `None` when never, or when it was used already.
        kill_at: Option<Moment>,
    },
    /// The main process has ended, others of its tree have not; they were told to.
    Clearing {
        /// This run's.
        run: Run,
        /// Force follows then; `None` when it was used already.
        kill_at: Option<Moment>,
    },
    /// No process until then, when the next one is made.
    Backoff {
        /// When.
        until: Moment,
    },
    /// The process could not be made, and only a request or another trigger tries again; or it was
    /// started too often, and only a request does.
    Failed,
}

impl State {
    /// No process of the service exists or is being made, and none is due by itself soon.
    #[must_use]
    pub fn is_at_rest(self) -> bool {
        match self {
            Self::Down | Self::Waiting | Self::Failed => true,
            Self::Spawning { .. }
            | Self::Up { .. }
            | Self::Stopping { .. }
            | Self::Clearing { .. }
            | Self::Backoff { .. } => false,
        }
    }

    /// The run whose processes exist or are being made.
    #[must_use]
    pub fn run(self) -> Option<Run> {
        match self {
            Self::Spawning { run, .. }
            | Self::Up { run }
            | Self::Stopping { run, .. }
            | Self::Clearing { run, .. } => Some(run),
            Self::Down | Self::Waiting | Self::Backoff { .. } | Self::Failed => None,
        }
    }

    pub(super) fn deadline(self) -> Option<Moment> {
        match self {
            Self::Stopping { kill_at, .. } | Self::Clearing { kill_at, .. } => kill_at,
            Self::Backoff { until } => Some(until),
            Self::Down | Self::Waiting | Self::Spawning { .. } | Self::Up { .. } | Self::Failed => {
                None
            }
        }
    }
}
