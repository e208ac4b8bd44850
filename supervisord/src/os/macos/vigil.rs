//! Processes of an earlier daemon: not our children, so no SIGCHLD tells of their end; kqueue
//! does, but not how they ended.

use std::{collections::HashMap, io, os::fd::OwnedFd};

use supervisor_core::{Exit, Run};

use super::{proc, watch::Watch};
use crate::os::Identity;

/// Watches adopted processes.
pub(in crate::os) struct Vigil {
    watch: Watch,
    kept: HashMap<Run, (i32, u64)>,
}

impl Vigil {
    pub(in crate::os) fn new() -> io::Result<Self> {
        Ok(Self { watch: Watch::new()?, kept: HashMap::new() })
    }

    /// Begins to watch the process of a run, if it still is the one that was recorded.
    pub(in crate::os) fn keep(&mut self, run: Run, identity: &Identity) -> bool {
        let (Ok(pid), Some(started)) = (i32::try_from(identity.pid), identity.started) else {
            return false;
        };
        let is_kept = self.watch.add(pid, run) && proc::started(pid) == Some(started);
        if is_kept {
            self.kept.insert(run, (pid, started));
        } else {
            self.watch.remove(run);
        }
        is_kept
    }

    /// Nothing is found that could linger.
    pub(in crate::os) fn linger(&mut self, _: Run, _: Vec<OwnedFd>) {}

    /// Nothing lingers.
    pub(in crate::os) fn stirred(&mut self) -> Vec<Run> {
        Vec::new()
    }

    pub(in crate::os) fn release(&mut self, run: Run) {
        if self.kept.remove(&run).is_some() {
            self.watch.remove(run);
        }
    }

    /// False when the run was adopted and its pid may be another's by now.
    pub(in crate::os) fn may_signal(&self, run: Run) -> bool {
        self.kept.get(&run).is_none_or(|(pid, started)| proc::started(*pid) == Some(*started))
    }

    /// Waits until an adopted process may have ended; may be dropped and called again.
    pub(in crate::os) async fn changed(&self) {
        self.watch.changed().await;
    }

    /// The adopted processes that have ended.
    pub(in crate::os) fn ended(&mut self) -> Vec<(Run, Exit)> {
        let ended: Vec<Run> = self.watch.ended().into_iter().map(|(_, run)| run).collect();
        for run in &ended {
            self.kept.remove(run);
        }
        ended.into_iter().map(|run| (run, Exit::Unknown)).collect()
    }
}
