//! What becomes of runs that began, ended, or left something behind; see [`Processes`].

use supervisor_core::{Exit, Run, ServiceId};

use super::{
    in_flight,
    processes::{Orders, Process, Processes, Service},
};
use crate::os::{
    News, Reach,
    spawner::{Outcome, Started},
};

impl Processes {
    /// A child was reaped: a run's own process, or an orphan that came to us.
    pub(super) fn buried(&mut self, pid: i32, exit: Exit) {
        if let Some(run) = self.pids.remove(&pid) {
            return self.ended(run, exit);
        }
        if in_flight::has(self.spawner.slots(), pid) {
            return self.early.push((pid, exit));
        }
        // Its spawner may have told of it and left its slot since we last looked.
        while let Some(outcome) = self.spawner.try_next() {
            self.settle(outcome);
        }
        if let Some(run) = self.pids.remove(&pid) {
            self.ended(run, exit);
        }
    }

    pub(super) fn settle(&mut self, Outcome { run, stillborn, tree, result }: Outcome) {
        let orders = self.starting.remove(&run).unwrap_or_default();
        if let Some(service) = self.services.get_mut(&run.service) {
            service.tree = tree;
        }
        match result {
            Ok(started) => self.started(run, started, orders),
            Err(error) => {
                self.early.retain(|dead| Some(dead.0) != stillborn);
                self.news.push_back(News::SpawnFailed { run, error });
                self.over(run);
            }
        }
    }

    fn started(&mut self, run: Run, Started { child, reach }: Started, orders: Orders) {
        let process = Process {
            pid: child.pid,
            inode: child.inode,
            grouped: child.grouped,
            reach: orders.reach.unwrap_or(reach),
            is_left_over: false,
            is_killed: false,
            is_adopted: false,
        };
        self.store.keep(process.pid, process.inode);
        self.runs.insert(run, process);
        self.news.push_back(News::Spawned { run, pid: child.pid as u32 });
        match self.early.iter().position(|dead| dead.0 == child.pid) {
            Some(at) => {
                let (_, exit) = self.early.swap_remove(at);
                self.ended(run, exit);
            }
            None => {
                self.pids.insert(child.pid, run);
            }
        }
        for signal in orders.signals {
            self.signal(run, signal);
        }
        if orders.kill {
            self.kill(run);
        }
    }

    pub(super) fn ended(&mut self, run: Run, exit: Exit) {
        let Some(process) = self.runs.get_mut(&run) else { return };
        process.is_left_over = true;
        self.store.let_go(process.inode);
        let abandons = process.reach == Reach::Process;
        let member = process.member(run, &self.services);
        if !abandons && self.trees.bury(&member) {
            self.dying.insert(run, exit);
            return;
        }
        let tree_empty = abandons || self.trees.is_empty(&member);
        self.told(run, exit, tree_empty);
    }

    pub(super) fn told(&mut self, run: Run, exit: Exit, tree_empty: bool) {
        self.news.push_back(News::Exited { run, exit, tree_empty });
        if tree_empty {
            self.over(run);
        } else {
            self.look_after(run);
        }
    }

    /// Tells that what a run left behind is gone, or sees to it that this will be noticed.
    pub(super) fn look_after(&mut self, run: Run) {
        let Some(process) = self.runs.get(&run).filter(|process| process.is_left_over) else {
            return;
        };
        if process.is_adopted {
            return self.look_after_adopted(run);
        }
        let member = process.member(run, &self.services);
        let is_watched = self.trees.watch(&member);
        // Only now, since it may empty before it is watched.
        if self.trees.is_empty(&member) {
            self.news.push_back(News::Cleared { run });
            self.over(run);
        } else if !is_watched {
            self.unwatched.insert(run);
        }
    }

    /// Where no control group tells, the death of an orphan is the moment to look whose it was.
    pub(super) fn look_after_unwatched(&mut self) {
        let unwatched: Vec<Run> = self.unwatched.iter().copied().collect();
        for run in unwatched {
            let Some(process) = self.runs.get(&run) else { continue };
            let member = process.member(run, &self.services);
            if process.is_killed {
                self.trees.kill(&member);
            }
            self.look_after(run);
        }
    }

    /// Nothing of a run is left.
    pub(super) fn over(&mut self, run: Run) {
        self.unwatched.remove(&run);
        self.vigil.release(run);
        if let Some(process) = self.runs.remove(&run) {
            let member = process.member(run, &self.services);
            self.trees.unwatch(&member);
            if process.is_killed {
                self.trees.renew(&member);
            }
        }
        if let Some(service) = self.services.get_mut(&run.service) {
            service.runs -= 1;
            self.put_away(run.service);
        }
    }

    pub(super) fn put_away(&mut self, service: ServiceId) {
        let is_due = |known: &Service| known.is_forgotten && known.runs == 0;
        if self.services.get(&service).is_some_and(is_due)
            && let Some(known) = self.services.remove(&service)
            && !known.is_removed
        {
            self.trees.remove(&known.tree);
        }
    }
}
