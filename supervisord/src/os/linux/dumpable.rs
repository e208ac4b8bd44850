//! Keeps the daemon's memory closed to the users it starts processes for.
//!
//! A child that becomes another user still shares our memory until it enters its program; the
//! kernel then forbids tracing of that memory for good. The mark is set back, so that the daemon
//! can leave a core, but never while such a child exists.

use std::sync::{Mutex, PoisonError};

/// How many such children there are, and what the mark was before them.
static GUARDED: Mutex<(usize, i32)> = Mutex::new((0, 0));

/// Stands for one child that becomes another user.
pub(super) struct Guarded;

impl Guarded {
    pub(super) fn begin() -> Self {
        let mut guarded = GUARDED.lock().unwrap_or_else(PoisonError::into_inner);
        if guarded.0 == 0 {
            // SAFETY: reads one number of this process.
            guarded.1 = unsafe { libc::prctl(libc::PR_GET_DUMPABLE) };
        }
        guarded.0 += 1;
        Self
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let mut guarded = GUARDED.lock().unwrap_or_else(PoisonError::into_inner);
        guarded.0 -= 1;
        if guarded.0 == 0 && guarded.1 == 1 {
            // SAFETY: sets one number of this process.
            unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1) };
        }
    }
}
