//! Trees without a control group: the process group, and what carries the run's marks.

use super::proc;
use crate::os::unix::Member;

/// Whether nothing is left of a run whose own process has ended.
pub(super) fn is_empty(member: &Member<'_>) -> bool {
    // SAFETY: asks only. While the group has members its number is given to nobody else.
    let has_group = unsafe { libc::kill(-member.pid, 0) } == 0;
    let strays = proc::strays(member.tree, member.run);
    !has_group && strays.pids.is_empty() && !strays.is_unclear
}

/// Sends a signal to the process group.
pub(super) fn signal(member: &Member<'_>, number: i32) {
    // SAFETY: the leader is not reaped, or the group was not empty when it was: see `is_empty`.
    unsafe { libc::kill(-member.pid, number) };
}

/// Kills the process group and the strays there are now; more may come as these die.
pub(super) fn kill(member: &Member<'_>) {
    signal(member, libc::SIGKILL);
    for stray in proc::strays(member.tree, member.run).pids {
        // SAFETY: a child of ours that was not reaped, since only the caller reaps.
        unsafe { libc::kill(stray, libc::SIGKILL) };
    }
}
