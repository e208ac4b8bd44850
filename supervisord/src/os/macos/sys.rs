//! What a forked child does by calls that differ from Linux's.

use std::{ffi::CStr, io, os::fd::RawFd, ptr};

use libc::c_int;
use nix::errno::Errno;

use crate::os::{
    SpawnError, Stage,
    unix::{Plan, check},
};

/// Open files of a process without a limit: `OPEN_MAX`, which setrlimit(2) says to ask for instead.
pub(in crate::os) const OPEN_FILES_MAX: libc::rlim_t = 10_240;

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

/// What it takes to have a process stopped before it begins; none when it is not.
pub(in crate::os) struct Hold(Option<libc::posix_spawnattr_t>);

impl Hold {
    /// Made before the fork, because it is allocated.
    pub(in crate::os) fn new(is_held: bool) -> Result<Self, SpawnError> {
        if !is_held {
            return Ok(Self(None));
        }
        /// In place of this process, and stopped: both are the kernel's to do.
        const FLAGS: c_int = libc::POSIX_SPAWN_SETEXEC | libc::POSIX_SPAWN_START_SUSPENDED;
        let fail =
            |errno| SpawnError::from_io(Stage::Hold, None, &io::Error::from_raw_os_error(errno));
        let mut attributes = ptr::null_mut();
        // SAFETY: the pointer is to a live place for attributes.
        match unsafe { libc::posix_spawnattr_init(&mut attributes) } {
            0 => {}
            errno => return Err(fail(errno)),
        }
        let mut hold = Self(Some(attributes));
        let Some(attributes) = &mut hold.0 else { return Ok(hold) };
        // SAFETY: the attributes were just made.
        match unsafe { libc::posix_spawnattr_setflags(attributes, FLAGS as libc::c_short) } {
            0 => Ok(hold),
            errno => Err(fail(errno)),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(attributes) = &mut self.0 {
            // SAFETY: made by `new`, and given back once.
            unsafe { libc::posix_spawnattr_destroy(attributes) };
        }
    }
}

/// It is held by the way it enters its program; see [`execute`].
pub(in crate::os) fn hold(_: &Plan) -> Result<(), c_int> {
    Ok(())
}

/// Enters that program; on return it could not, for this reason.
pub(in crate::os) fn execute(program: &CStr, plan: &Plan) -> c_int {
    let (path, argv, envp) = (program.as_ptr(), plan.argv(), plan.envp());
    let Some(attributes) = &plan.hold.0 else {
        // SAFETY: all three are NUL-ended and live as long as the plan.
        unsafe { libc::execve(path, argv, envp) };
        return Errno::last_raw();
    };
    // SAFETY: as above; with these attributes the call does not return when it has succeeded.
    unsafe {
        let (argv, envp) = (argv.cast(), envp.cast());
        libc::posix_spawn(ptr::null_mut(), path, ptr::null(), attributes, argv, envp)
    }
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
