//! The spawns under way: whose they are and, as soon as there is one, the pid.
//!
//! Only through here may a process be signalled that the table of runs does not know yet.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI32, Ordering::SeqCst},
};

use supervisor_core::Run;

/// The spawn one thread is busy with.
#[derive(Default)]
pub(in crate::os) struct Slot {
    run: Mutex<Option<Run>>,
    pid: AtomicI32,
}

impl Slot {
    pub(super) fn enter(&self, run: Run) {
        *self.lock() = Some(run);
    }

    /// Must come after the outcome was sent.
    pub(super) fn leave(&self) {
        *self.lock() = None;
        self.forget_pid();
    }

    /// Must come before a child that did not enter its program is reaped here.
    pub(in crate::os) fn forget_pid(&self) {
        let _run = self.lock();
        self.pid.store(0, SeqCst);
    }

    /// Where the pid is to be written before the child runs.
    pub(in crate::os) fn pid(&self) -> &AtomicI32 {
        &self.pid
    }

    /// Keeps the reaper from judging a pid while it is being written.
    pub(in crate::os) fn lock(&self) -> MutexGuard<'_, Option<Run>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All slots, one for each spawner thread.
#[derive(Clone)]
pub(super) struct InFlight(Arc<[Arc<Slot>]>);

impl InFlight {
    pub(super) fn new(threads: usize) -> Self {
        Self((0..threads).map(|_| Arc::default()).collect())
    }

    pub(super) fn slot(&self, thread: usize) -> Arc<Slot> {
        Arc::clone(&self.0[thread])
    }

    /// Whether the pid is that of a child whose outcome was not told yet.
    pub(super) fn has(&self, pid: i32) -> bool {
        self.0.iter().any(|slot| {
            let _written = slot.lock();
            slot.pid.load(SeqCst) == pid
        })
    }

    /// Kills the child of a run under way, which may hang in an open; `reaped` are pids that are
    /// not ours to signal any more.
    pub(super) fn kill(&self, run: Run, reaped: impl Fn(i32) -> bool) {
        for slot in self.0.iter() {
            let of = slot.lock();
            let pid = slot.pid.load(SeqCst);
            if *of == Some(run) && 0 < pid && !reaped(pid) {
                // SAFETY: the slot is locked, so the child was not reaped by its spawner, and the
                // reaper, which is the caller, has not reaped it either.
                unsafe { libc::kill(pid, libc::SIGKILL) };
            }
        }
    }
}
