//! One kqueue that tells when processes end that are not our children.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, AsRawFd, RawFd},
};

use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use supervisor_core::Run;
use tokio::io::{Interest, unix::AsyncFd};

/// Tells of the ends of the processes it was given.
pub(super) struct Watch {
    kqueue: AsyncFd<Queue>,
    runs: HashMap<i32, Run>,
}

struct Queue(Kqueue);

impl AsRawFd for Queue {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Watch {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: the queue keeps its descriptor open until it is dropped with the AsyncFd.
        let kqueue =
            unsafe { AsyncFd::register(Queue(Kqueue::new()?)) }.map_err(io::Error::from)?;
        Ok(Self { kqueue, runs: HashMap::new() })
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
        match self.kqueue.readable().await {
            Ok(mut guard) => guard.retain_ready(),
            // Only a runtime that is ending refuses; there is nothing left to wait for.
            Err(_) => std::future::pending().await,
        }
    }

    /// The processes that have ended, and whose they were.
    pub(super) fn ended(&mut self) -> Vec<(i32, Run)> {
        let mut ended = Vec::new();
        let mut events = [event(0, EvFlags::empty()); 64];
        let no_time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            let read = |queue: &Queue| match queue.0.kevent(&[], &mut events, Some(no_time)) {
                Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
                Ok(count) => Ok(count),
                Err(errno) => Err(errno.into()),
            };
            let Ok(count) = self.kqueue.try_io(Interest::READABLE, read) else { return ended };
            let pids = events.iter().take(count).map(|event| event.ident() as i32);
            ended.extend(pids.filter_map(|pid| self.runs.remove(&pid).map(|run| (pid, run))));
        }
    }

    fn change(&self, pid: i32, flags: EvFlags) -> bool {
        let change = [event(pid, flags)];
        self.kqueue.get_ref().0.kevent(&change, &mut [], None).is_ok()
    }
}

fn event(pid: i32, flags: EvFlags) -> KEvent {
    KEvent::new(pid as usize, EventFilter::EVFILT_PROC, flags, FilterFlag::NOTE_EXIT, 0, 0)
}
