//! Taking over processes that an earlier daemon made, which may be nobody's children of ours.

use std::collections::HashSet;

use supervisor_core::{Exit, Left, Run};

use super::processes::{Process, Processes};
use crate::os::{Identity, News, Reach, imp};

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
            is_adopted: false,
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
                None => {
                    self.store.keep(pid.unwrap_or_default(), inode);
                    self.set_adopted(run, !grouped);
                }
            }
            return Left::Main;
        }
        // Without a control group nothing but marks tells what is left of a dead process.
        let is_marked = !grouped && self.trees.has_marked(tree, run);
        self.set_adopted(run, is_marked);
        let member = self.runs[&run].member(run, &self.services);
        if reach == Reach::Process || !grouped && !is_marked || self.trees.is_empty(&member) {
            self.over(run);
            return Left::Nothing;
        }
        self.look_after(run);
        Left::Others
    }

    /// Looks for what an earlier daemon left elsewhere, if that may be: `known` tells of each of
    /// its services the process, and whether one was being made; what it knew may also be lost.
    pub fn search<'a>(
        &mut self,
        is_lost: bool,
        mut known: impl Iterator<Item = (Option<&'a Identity>, bool)>,
    ) {
        let is_due = match self.trees.place() {
            None => is_lost || known.next().is_some(),
            Some(ours) => known.any(|(process, is_begun)| {
                let group = process.map(|process| process.control_group.as_ref());
                is_begun || group.is_some_and(|group| group.is_none_or(|at| !at.starts_with(ours)))
            }),
        };
        if is_due {
            self.trees.search();
        }
    }

    /// As [`Processes::look_after`], for what is only found by its marks.
    pub(super) fn look_after_adopted(&mut self, run: Run) {
        let Some(process) = self.runs.get(&run) else { return };
        let member = process.member(run, &self.services);
        if process.is_killed {
            self.trees.kill(&member);
        }
        let left = self.trees.marked(&member);
        if left.is_empty() {
            self.news.push_back(News::Cleared { run });
            self.over(run);
        } else {
            self.vigil.linger(run, left);
        }
    }

    fn set_adopted(&mut self, run: Run, is_adopted: bool) {
        if let Some(process) = self.runs.get_mut(&run) {
            process.is_adopted = is_adopted;
        }
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
