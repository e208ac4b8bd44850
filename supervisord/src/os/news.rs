//! What is told about processes: started, not started, ended, all gone.

use std::path::PathBuf;

use supervisor_core::{Exit, Run};

use super::SpawnError;

/// Something that happened to a run; for one run the order is always as listed here.
#[derive(Debug)]
pub enum News {
    /// The program of the run was entered.
    Spawned {
        /// Which run.
        run: Run,
        /// What the system calls it.
        pid: u32,
    },
    /// The run could not be started; nothing of it is left and nothing more will be told of it.
    SpawnFailed {
        /// Which run.
        run: Run,
        /// Where it failed and why.
        error: SpawnError,
    },
    /// The run's own process ended and was reaped.
    Exited {
        /// Which run.
        run: Run,
        /// How it ended.
        exit: Exit,
        /// Whether nothing else of its tree was left; if something was, `Cleared` follows.
        tree_empty: bool,
    },
    /// The last process of the tree of a run that had exited is gone.
    Cleared {
        /// Which run.
        run: Run,
    },
}

impl News {
    /// What it is about.
    #[must_use]
    pub fn run(&self) -> Run {
        match self {
            Self::Spawned { run, .. }
            | Self::SpawnFailed { run, .. }
            | Self::Exited { run, .. }
            | Self::Cleared { run } => *run,
        }
    }
}

/// What a later daemon needs to recognise a process for sure.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// What the system calls it; means nothing without the rest.
    pub pid: u32,
    /// The inode of its pidfd, unique as long as the host is up; only where the system has that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
    /// When it started, in the system's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
    /// The control group its tree lives in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_group: Option<PathBuf>,
}
