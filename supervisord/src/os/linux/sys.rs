//! System calls of the child that the C library would do for all threads, or differently.

use std::{
    ffi::CStr,
    os::fd::RawFd,
    ptr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use libc::c_int;
use nix::errno::Errno;

use crate::os::{
    SpawnError,
    unix::{Plan, check},
};

/// Open files of a process without a limit: any number.
pub(in crate::os) const OPEN_FILES_MAX: libc::rlim_t = libc::RLIM_INFINITY;

/// Signals this program ignored when it began, one bit each; exec would hand that on.
static IGNORED: AtomicU64 = AtomicU64::new(0);
const ALL: u64 = u64::MAX;
const SIGNALS: c_int = 64;

/// Notes which signals a child must be given back.
pub(in crate::os) fn remember_ignored_signals() {
    let ignored = (1..=SIGNALS).filter(|signal| {
        let mut now = Disposition::default();
        // SAFETY: the pointer is to a live block of the size the kernel fills.
        unsafe { disposition(*signal, ptr::null(), &mut now) };
        now.0[0] == libc::SIG_IGN
    });
    IGNORED.fetch_or(ignored.fold(0, |set, signal| set | 1 << (signal - 1)), Relaxed);
}

/// From now on children have to undo every disposition, because the clone does not.
pub(in crate::os) fn remember_no_clear_sighand() {
    IGNORED.store(ALL, Relaxed);
}

/// Gives every signal its default action, before any is let through.
pub(in crate::os) fn default_signals() {
    let ignored = IGNORED.load(Relaxed);
    let default = Disposition::default();
    for signal in (1..=SIGNALS).filter(|signal| ignored >> (signal - 1) & 1 == 1) {
        // SAFETY: the pointer is to a live block; the kernel refuses what cannot be changed.
        unsafe { disposition(signal, &default, ptr::null_mut()) };
    }
}

/// The kernel's `sigaction`, its handler first; all zero is the default action.
#[derive(Default)]
#[repr(C)]
struct Disposition([usize; 5]);

/// The C library's call refuses the two signals it keeps for itself, which may be ignored too.
unsafe fn disposition(signal: c_int, new: *const Disposition, old: *mut Disposition) {
    // SAFETY: as the caller has it; the kernel's signal set is 8 bytes.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, new, old, size_of::<u64>()) };
}

/// Lets all signals through.
pub(in crate::os) fn unblock_signals() {
    let none = 0_u64;
    // SAFETY: the kernel's signal set is 8 bytes and `none` is live.
    unsafe {
        let empty = &raw const none;
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, empty, 0, size_of_val(&none));
    }
}

/// Puts the calling process into the control group of its plan, when the clone could not.
pub(in crate::os) fn join(plan: &Plan) -> Result<(), c_int> {
    let Some(procs) = plan.join else { return Ok(()) };
    // SAFETY: one live byte is written.
    let written = unsafe { libc::write(procs, b"0".as_ptr().cast(), 1) };
    check(written as c_int).map(drop)
}

/// Sets the further groups of this process alone; the C library would set them in every thread,
/// the daemon's included.
pub(in crate::os) fn set_groups(groups: &[libc::gid_t]) -> Result<(), c_int> {
    // SAFETY: pointer and length are those of the slice.
    let result = unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) };
    check(result as c_int).map(drop)
}

/// Sets the group of this process alone.
pub(in crate::os) fn set_gid(gid: u32) -> Result<(), c_int> {
    // SAFETY: a plain system call.
    let result = unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) };
    check(result as c_int).map(drop)
}

/// Sets the user of this process alone.
pub(in crate::os) fn set_uid(uid: u32) -> Result<(), c_int> {
    // SAFETY: a plain system call.
    let result = unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) };
    check(result as c_int).map(drop)
}

/// The priority of background work that is given none: never above the daemon's own, which only
/// root could take back.
pub(in crate::os) fn background_nice() -> Option<c_int> {
    const NICE: c_int = 10;
    // SAFETY: asks for this process's own priority; touches no memory of ours.
    Some(NICE.max(unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }))
}

/// Lets this process wait for whoever else wants a processor.
pub(in crate::os) fn enter_background() -> Result<(), c_int> {
    let priority: c_int = 0;
    let (call, batch) = (libc::SYS_sched_setscheduler, libc::SCHED_BATCH);
    // SAFETY: the kernel reads one live number.
    let result = unsafe { libc::syscall(call, 0, batch, &raw const priority) };
    check(result as c_int).map(drop)
}

/// Lets this process use a disk only while nobody else wants to.
pub(in crate::os) fn wait_for_the_disk() -> Result<(), c_int> {
    const THIS_PROCESS: c_int = 1;
    const IDLE: c_int = 3 << 13;
    // SAFETY: takes three numbers.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, THIS_PROCESS, 0, IDLE) };
    check(result as c_int).map(drop)
}

/// Whether a process is stopped before it begins.
pub(in crate::os) struct Hold(bool);

impl Hold {
    /// Needs nothing beforehand.
    pub(in crate::os) fn new(is_held: bool) -> Result<Self, SpawnError> {
        Ok(Self(is_held))
    }
}

/// Sees to it that this process is stopped at the first instruction of the program it enters.
///
/// Both ends of a pipe are its own and close on exec. Whichever the kernel closes first, the other
/// tells the owner by a signal, which is SIGSTOP, and comes before any code of the new program
/// runs. A tracer would see the same moment, but would also be in the way of the reaping.
pub(in crate::os) fn hold(plan: &Plan) -> Result<(), c_int> {
    if !plan.hold.0 {
        return Ok(());
    }
    /// From Linux's `asm-generic/fcntl.h`.
    const F_SETSIG: c_int = 10;
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: there is room for two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    for end in ends {
        // SAFETY: plain system calls on a descriptor just opened and on this process.
        unsafe {
            check(libc::fcntl(end, libc::F_SETOWN, libc::getpid()))?;
            check(libc::fcntl(end, F_SETSIG, libc::SIGSTOP))?;
            check(libc::fcntl(end, libc::F_SETFL, libc::O_ASYNC))?;
        }
    }
    Ok(())
}

/// Enters that program; on return it could not, for this reason.
pub(in crate::os) fn execute(program: &CStr, plan: &Plan) -> c_int {
    // SAFETY: all three are NUL-ended and live as long as the plan.
    unsafe { libc::execve(program.as_ptr(), plan.argv(), plan.envp()) };
    Errno::last_raw()
}

/// Closes what a careless library may have opened without close-on-exec.
pub(in crate::os) fn close_from(lowest: RawFd) {
    /// As far as a kernel before 5.9, which has no such call, is worth the trouble.
    const HIGHEST: RawFd = 1024;
    // SAFETY: the child needs no descriptor from here on.
    if unsafe { libc::syscall(libc::SYS_close_range, lowest, c_int::MAX, 0) } == 0 {
        return;
    }
    for descriptor in lowest..HIGHEST {
        // SAFETY: as above.
        unsafe { libc::close(descriptor) };
    }
}
