//! One thread's way from a plan to a process: group, clone, and what failed.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    ptr,
    sync::{
        Once,
        atomic::{AtomicI32, Ordering::SeqCst},
    },
};

use nix::sys::{
    signal::{SigSet, SigmaskHow, pthread_sigmask},
    stat::fstat,
    statfs::{FsType, fstatfs},
};

use supervisor_core::Run;

use super::{
    Workshop,
    cgroup::Group,
    clone::{Birth, HAS_CLONE3, Stack, clone_into, clone_plainly},
    dumpable::Guarded,
};
use crate::os::{
    Launch, SpawnError, Stage,
    unix::{Child, Fault, Plan, Slot, is_passing},
};

/// The file system of pidfds that have inodes of their own; the others share one.
const PIDFS: FsType = FsType(0x5049_4446);

/// What a spawner thread needs for all its children.
pub(in crate::os) struct Nursery {
    stack: io::Result<Stack>,
}

impl Nursery {
    /// Blocks all signals of this thread, so that none is handled in a child.
    pub(in crate::os) fn new() -> Self {
        // Only a bad pointer or `how` could fail here.
        let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None);
        Self { stack: Stack::new() }
    }

    /// Starts a process and waits until it has entered its program.
    pub(in crate::os) fn start(
        &mut self,
        run: Run,
        launch: &Launch,
        workshop: &Workshop,
        slot: &Slot,
    ) -> Result<Child, SpawnError> {
        let mut plan = Plan::new(run, launch, (workshop.null.as_raw_fd(), &workshop.domain))?;
        let stack = match &self.stack {
            Ok(stack) => stack,
            Err(error) => return Err(SpawnError::from_io(Stage::Clone, None, error)),
        };
        let group = open_group(workshop, &launch.tree)
            .map_err(|error| SpawnError::from_io(Stage::Clone, None, &error))?;
        let _guarded = plan.credentials.as_ref().map(|_| Guarded::begin());
        let mut way = if *HAS_CLONE3 { Way::Into } else { Way::Join };
        loop {
            let procs = match (&group, way) {
                (Some(group), Way::Join) => group.procs().map_err(|error| complain(&error)).ok(),
                (Some(_) | None, Way::Into | Way::Join) => None,
            };
            plan.join = procs.as_ref().map(AsRawFd::as_raw_fd);
            let fault = Fault::default();
            let birth = Birth { plan: &plan, fault: &fault, pid: slot.pid(), stack };
            let (pidfd, grouped) = born(&birth, group.as_ref(), way)
                .map_err(|error| SpawnError::from_io(Stage::Clone, None, &error))?;
            let pid = slot.pid().load(SeqCst);
            match stillborn(pid, slot) {
                None => return Ok(Child { pid, inode: pidfd.as_ref().and_then(inode), grouped }),
                // Kernels since 6.15 take the count of kills from the wrong group: once a group
                // was killed as a whole, every child cloned into it is killed before its first
                // step. One that moves there itself is not.
                Some(Some(libc::SIGKILL)) if fault.is_untouched() && way == Way::Into => {
                    way = Way::Join;
                }
                Some(signal) => return Err(fault.explain(launch, &plan, signal)),
            }
        }
    }
}

/// How a child comes into its control group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By the clone.
    Into,
    /// By its own first step.
    Join,
}

/// The group of a tree; without one rather than not at all, but not for want of what comes back.
fn open_group(workshop: &Workshop, tree: &str) -> io::Result<Option<Group>> {
    let Some(groups) = &workshop.groups else { return Ok(None) };
    match groups.make(tree) {
        Ok(group) => Ok(Some(group)),
        Err(error) if error.raw_os_error().is_some_and(is_passing) => Err(error),
        Err(error) => {
            complain(&error);
            Ok(None)
        }
    }
}

/// Clones by the best way there is; without the control group rather than not at all.
fn born(birth: &Birth<'_>, group: Option<&Group>, way: Way) -> io::Result<(Option<OwnedFd>, bool)> {
    if !*HAS_CLONE3 {
        return clone_plainly(birth).map(|()| (None, birth.plan.join.is_some()));
    }
    let Some(group) = group.filter(|_| way == Way::Into) else {
        return Ok((Some(clone_into(birth, None)?), birth.plan.join.is_some()));
    };
    match clone_into(birth, Some(group.as_fd())) {
        Ok(pidfd) => Ok((Some(pidfd), true)),
        Err(error) if is_about_group(&error) => {
            complain(&error);
            Ok((Some(clone_into(birth, None)?), false))
        }
        Err(error) => Err(error),
    }
}

fn is_about_group(error: &io::Error) -> bool {
    const REFUSALS: [i32; 6] =
        [libc::EACCES, libc::EPERM, libc::EBUSY, libc::EOPNOTSUPP, libc::ENODEV, libc::ENOENT];
    error.raw_os_error().is_some_and(|errno| REFUSALS.contains(&errno))
}

fn complain(error: &io::Error) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| log::warn!("a service could not be put into a control group: {error}"));
}

/// Reaps the child if it ended before it entered its program, and tells whether a signal did it.
/// One that has entered it is not of this kind any more; one that is ending is waited for.
fn stillborn(pid: i32, slot: &Slot) -> Option<Option<i32>> {
    const OUR_KIND: i32 = libc::__WCLONE | libc::WEXITED;
    let id = pid as libc::id_t;
    // SAFETY: all zero is a valid siginfo.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live siginfo; the child is only looked at.
    if unsafe { libc::waitid(libc::P_PID, id, &mut info, OUR_KIND | libc::WNOWAIT) } != 0 {
        return None;
    }
    slot.forget_pid();
    // SAFETY: the same child, whose pid nobody knows any more.
    unsafe { libc::waitid(libc::P_PID, id, ptr::null_mut(), OUR_KIND) };
    // SAFETY: a successful waitid has filled in the status.
    let status = unsafe { info.si_status() };
    Some((info.si_code != libc::CLD_EXITED).then_some(status))
}

fn inode(pidfd: &OwnedFd) -> Option<u64> {
    /// 0 before it is known, 1 no, 2 yes.
    static HAS_INODES: AtomicI32 = AtomicI32::new(0);
    if HAS_INODES.load(SeqCst) == 0 {
        let is_pidfs = fstatfs(pidfd).is_ok_and(|fs| fs.filesystem_type() == PIDFS);
        HAS_INODES.store(1 + i32::from(is_pidfs), SeqCst);
    }
    if HAS_INODES.load(SeqCst) == 1 {
        return None;
    }
    fstat(pidfd).ok().map(|stat| stat.st_ino)
}
