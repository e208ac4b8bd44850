//! Taking over processes that an earlier daemon made, which may be nobody's children of ours.

use std::collections::HashSet;

use supervisor_core::{Exit, Left, Run};

use super::processes::{Process, Processes};
use crate::os::{Identity, Reach, imp};

impl Processes {
    /// Takes a run over as it is found: its process, what that left behind, or nothing. With no
    /// identity its process is unknown, and whatever lives in its tree counts as left behind.
    ///
    /// What was recorded and is not that very process any more is never touched.
    pub fn adopt(
        &mut self,
        run: Run,
        tree: &str,
        identity: Option<&Identity>,
        reach: Reach,
    ) -> Left {
        let service = self.services.entry(run.service).or_default();
        service.tree = tree.into();
        service.runs += 1;
        let pid = identity.and_then(|identity| i32::try_from(identity.pid).ok());
        let is_alive = identity.is_some_and(|identity| self.vigil.keep(run, identity));
        // One that lives elsewhere, by whatever circumstance, is not reached through the group.
        let lives_elsewhere = is_alive
            && identity.and_then(|identity| identity.control_group.as_deref())
                != self.trees.path_of(tree).as_deref();
        let inode = identity.and_then(|identity| identity.inode);
        let process = Process {
            pid: pid.unwrap_or_default(),
            inode,
            grouped: self.trees.is_group(tree) && !lives_elsewhere,
            reach,
            is_left_over: !is_alive,
            is_killed: false,
        };
        let grouped = process.grouped;
        self.runs.insert(run, process);
        if is_alive {
            match pid.filter(|pid| imp::is_child(*pid)) {
                // Made by this very process, when it was another program: kept since then.
                Some(pid) => {
                    self.vigil.release(run);
                    self.pids.insert(pid, run);
                }
                None => self.store.keep(pid.unwrap_or_default(), inode),
            }
            return Left::Main;
        }
        let member = self.runs[&run].member(run, &self.services);
        // Without a control group nothing tells whose the number of a dead process is now.
        if reach == Reach::Process || !grouped || self.trees.is_empty(&member) {
            self.over(run);
            return Left::Nothing;
        }
        self.look_after(run);
        Left::Others
    }

    /// How a process of an earlier daemon ended while none was there, if that was kept.
    #[must_use]
    pub fn ended_before(&self, identity: &Identity) -> Option<Exit> {
        self.store.ended(identity.inode)
    }

    /// Everything that an earlier daemon left was looked at.
    pub fn settle_past(&mut self) {
        let live: HashSet<u64> = self
            .runs
            .values()
            .filter(|process| !process.is_left_over)
            .filter_map(|process| process.inode)
            .collect();
        self.store.settle(|inode| live.contains(&inode));
    }

    /// No process is being made, and what the service manager is to keep was told.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.starting.is_empty() && self.store.is_told()
    }

    /// Ends what is left of a service that nobody knows any more; false when nothing is.
    pub fn end_stray(
        &mut self,
        run: Run,
        tree: &str,
        identity: Option<&Identity>,
        reach: Reach,
    ) -> bool {
        let is_something = match self.adopt(run, tree, identity, reach) {
            Left::Main | Left::Others => {
                self.kill(run);
                true
            }
            Left::Nothing => false,
        };
        self.forget(run.service);
        is_something
    }
}
