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
    stillborn: AtomicI32,
}

impl Slot {
    pub(in crate::os) fn enter(&self, run: Run) {
        *self.lock() = Some(run);
        self.stillborn.store(0, SeqCst);
    }

    /// Must come after the outcome was sent.
    pub(in crate::os) fn leave(&self) {
        *self.lock() = None;
        self.forget_pid();
    }

    /// Must come before a child that did not enter its program is reaped here.
    pub(in crate::os) fn forget_pid(&self) {
        let _run = self.lock();
        self.stillborn.store(self.pid.swap(0, SeqCst), SeqCst);
    }

    /// The pid that was forgotten last.
    pub(in crate::os) fn stillborn(&self) -> Option<i32> {
        let pid = self.stillborn.load(SeqCst);
        (pid != 0).then_some(pid)
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

/// Whether the pid is that of a child whose outcome was not told yet.
pub(super) fn has(slots: &[Arc<Slot>], pid: i32) -> bool {
    slots.iter().any(|slot| {
        let _written = slot.lock();
        slot.pid.load(SeqCst) == pid
    })
}

/// Kills the child of a run under way, which may hang in an open; `is_reaped` tells pids that are
/// not ours to signal any more.
pub(super) fn kill(slots: &[Arc<Slot>], run: Run, is_reaped: impl Fn(i32) -> bool) {
    for slot in slots {
        let of = slot.lock();
        let pid = slot.pid.load(SeqCst);
        if *of == Some(run) && 0 < pid && !is_reaped(pid) {
            // SAFETY: the slot is locked, so the child was not reaped by its spawner, and the
            // reaper, which is the caller, has not reaped it either.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
}
