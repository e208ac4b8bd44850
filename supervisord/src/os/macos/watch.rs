//! One kqueue that tells when processes end that are not our children.

use std::{collections::HashMap, io};

use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent};
use supervisor_core::Run;

use super::queue::Queue;

/// Tells of the ends of the processes it was given.
pub(super) struct Watch {
    queue: Queue,
    runs: HashMap<i32, Run>,
}

impl Watch {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { queue: Queue::new()?, runs: HashMap::new() })
    }

    /// Begins to watch a process for a run; false when it has ended already.
    pub(super) fn add(&mut self, pid: i32, run: Run) -> bool {
        let is_added = self.change(pid, EvFlags::EV_ADD | EvFlags::EV_ONESHOT);
        if is_added {
            self.runs.insert(pid, run);
        }
        is_added
    }

    /// Watches no process of a run any more.
    pub(super) fn remove(&mut self, run: Run) {
        let of_run = self.runs.iter().filter(|watched| *watched.1 == run);
        let pids: Vec<i32> = of_run.map(|watched| *watched.0).collect();
        for pid in pids {
            self.runs.remove(&pid);
            self.change(pid, EvFlags::EV_DELETE);
        }
    }

    /// Waits until a process may have ended; may be dropped and called again without loss.
    pub(super) async fn changed(&self) {
        self.queue.ready().await;
    }

    /// The processes that have ended, and whose they were.
    pub(super) fn ended(&mut self) -> Vec<(i32, Run)> {
        let pids = self.queue.drain().into_iter().map(|event| event.ident() as i32);
        pids.filter_map(|pid| self.runs.remove(&pid).map(|run| (pid, run))).collect()
    }

    fn change(&self, pid: i32, flags: EvFlags) -> bool {
        let (filter, what) = (EventFilter::EVFILT_PROC, FilterFlag::NOTE_EXIT);
        self.queue.change(KEvent::new(pid as usize, filter, flags, what, 0, 0)).is_ok()
    }
}
