//! What a forked child does by calls that differ from Linux's.

use std::os::fd::RawFd;

use libc::c_int;

use crate::os::unix::{Plan, check};

/// There are no control groups to join.
pub(in crate::os) fn join(_: &Plan) -> Result<(), c_int> {
    Ok(())
}

/// Gives every signal its default action, before any is let through.
pub(in crate::os) fn default_signals() {
    // SAFETY: all zero is a valid sigaction: the default action, no flags, an empty mask.
    let action: libc::sigaction = unsafe { std::mem::zeroed() };
    for signal in 1..=super::SIGNALS_MAX {
        // SAFETY: the action is live; signals that cannot be changed are refused, which is fine.
        unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) };
    }
}

/// Lets all signals through.
pub(in crate::os) fn unblock_signals() {
    let none: libc::sigset_t = 0;
    // SAFETY: the set is live.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut()) };
}

/// Sets the further groups. A forked child has one thread, so the library's calls do no harm.
pub(in crate::os) fn set_groups(groups: &[libc::gid_t]) -> Result<(), c_int> {
    // SAFETY: pointer and length are those of the slice.
    check(unsafe { libc::setgroups(groups.len() as c_int, groups.as_ptr()) }).map(drop)
}

/// Sets the group.
pub(in crate::os) fn set_gid(gid: u32) -> Result<(), c_int> {
    // SAFETY: a plain system call.
    check(unsafe { libc::setgid(gid) }).map(drop)
}

/// Sets the user.
pub(in crate::os) fn set_uid(uid: u32) -> Result<(), c_int> {
    // SAFETY: a plain system call.
    check(unsafe { libc::setuid(uid) }).map(drop)
}

/// Background work has no other priority: it is put into the background as a whole.
pub(in crate::os) fn background_nice() -> Option<c_int> {
    None
}

/// Puts this process into the background.
pub(in crate::os) fn enter_background() -> Result<(), c_int> {
    // SAFETY: takes three numbers.
    check(unsafe { libc::setpriority(libc::PRIO_DARWIN_PROCESS, 0, libc::PRIO_DARWIN_BG) })
        .map(drop)
}

/// Has this process's use of disks throttled.
pub(in crate::os) fn wait_for_the_disk() -> Result<(), c_int> {
    const TYPE_DISK: c_int = 0;
    const SCOPE_PROCESS: c_int = 0;
    const THROTTLE: c_int = 3;
    unsafe extern "C" {
        fn setiopolicy_np(kind: c_int, scope: c_int, policy: c_int) -> c_int;
    }
    // SAFETY: takes three numbers.
    check(unsafe { setiopolicy_np(TYPE_DISK, SCOPE_PROCESS, THROTTLE) }).map(drop)
}

/// Nothing is started stopped here yet.
pub(in crate::os) fn hold(_: &Plan) -> Result<(), c_int> {
    Ok(())
}

/// Marks what a careless library may have opened without close-on-exec. Not closed, because the
/// word of a failure goes through one of them.
pub(in crate::os) fn close_from(lowest: RawFd) {
    /// More than this the daemon itself does not open.
    const HIGHEST: RawFd = 16 * 1024;
    // SAFETY: asks for one number.
    let size = unsafe { libc::getdtablesize() };
    for descriptor in lowest..size.min(HIGHEST) {
        // SAFETY: a number that is not open is refused, which is fine.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}
