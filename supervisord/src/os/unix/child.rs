//! The steps between clone and exec, in launchd's order.
//!
//! They run in the child, which may share its memory with the daemon: nothing here may allocate,
//! lock, panic, or call what is not async-signal-safe.

use std::{cell::Cell, convert::Infallible, os::fd::RawFd};

use libc::{c_int, mode_t};
use nix::errno::Errno;

use super::{Fault, Plan, plan::Source, user::Credentials};
use crate::os::{Stage, imp::sys};

/// Mode of files made for output, before the mask.
const FILE_MODE: libc::c_uint = 0o666;

/// Makes of this process what the plan says and enters its program; on return it could not, and
/// `fault` tells why.
///
/// # Safety
/// Only in a child just cloned or forked, all signals blocked, which does nothing after it but end.
pub(in crate::os) unsafe fn become_program(plan: &Plan, fault: &Fault) {
    let Err(errno) = steps(plan, fault);
    fault.fail(errno);
}

fn steps(plan: &Plan, fault: &Fault) -> Result<Infallible, c_int> {
    fault.begin(Stage::Group, 0);
    sys::join(plan)?;
    sys::default_signals();
    if let Some(nice) = plan.nice {
        fault.begin(Stage::Nice, 0);
        // SAFETY: a plain system call on this process.
        check(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) })?;
    }
    if plan.is_background {
        fault.begin(Stage::Schedule, 0);
        sys::enter_background()?;
    }
    for (index, (kind, limit)) in plan.limits.iter().enumerate() {
        fault.begin(Stage::Limit, index);
        // SAFETY: the pointer is to a limit of the plan.
        check(unsafe { libc::setrlimit(*kind, limit) })?;
    }
    if plan.has_idle_disk {
        fault.begin(Stage::Disk, 0);
        sys::wait_for_the_disk()?;
    }
    if let Some(root) = &plan.root {
        fault.begin(Stage::Root, 0);
        // SAFETY: both paths end in NUL.
        check(unsafe { libc::chroot(root.as_ptr()) })?;
        // SAFETY: as above.
        check(unsafe { libc::chdir(c"/".as_ptr()) })?;
    }
    if let Some(credentials) = &plan.credentials {
        fault.begin(Stage::User, 0);
        assume(credentials)?;
    }
    fault.begin(Stage::Directory, 0);
    // SAFETY: the path ends in NUL.
    check(unsafe { libc::chdir(plan.directory.as_ptr()) })?;
    if let Some(mask) = plan.umask {
        // SAFETY: cannot fail, and this process shares no file system state with the daemon.
        unsafe { libc::umask(mask as mode_t) };
    }
    place_streams(plan, fault)?;
    fault.begin(Stage::Session, 0);
    // SAFETY: a plain system call on this process.
    check(unsafe { libc::setsid() })?;
    sys::close_from(3 + plan.handles.len() as RawFd);
    sys::unblock_signals();
    // SAFETY: this is the child, and the parent waits.
    unsafe { plan.tell_pid() };
    fault.begin(Stage::Hold, 0);
    sys::hold(plan)?;
    enter(plan, fault)
}

fn assume(credentials: &Credentials) -> Result<(), c_int> {
    if let Some(groups) = &credentials.groups {
        sys::set_groups(groups)?;
    }
    sys::set_gid(credentials.gid)?;
    credentials.uid.map_or(Ok(()), sys::set_uid)
}

/// Opens what has to be opened and puts everything at its number. Sources are first moved out of
/// the way of the numbers to be taken, so that none is overwritten before it is used.
fn place_streams(plan: &Plan, fault: &Fault) -> Result<(), c_int> {
    let taken = 3 + plan.handles.len() as RawFd;
    fault.begin(Stage::Open, 0);
    for handle in &plan.handles {
        move_above(handle, taken)?;
    }
    let mut sources = [-1; 3];
    for (index, (source, stream)) in sources.iter_mut().zip(&plan.streams).enumerate() {
        fault.begin(Stage::Open, index);
        *source = match stream {
            Source::Descriptor(descriptor) => {
                move_above(descriptor, taken)?;
                descriptor.get()
            }
            Source::Open { path, flags } => {
                let opened = Cell::new(open(path, *flags)?);
                move_above(&opened, taken)?;
                opened.get()
            }
            Source::LikeOutput => -1,
        };
    }
    let [stdin, stdout, stderr] = sources;
    let stderr = if stderr < 0 { stdout } else { stderr };
    for (number, source) in [stdin, stdout, stderr].into_iter().enumerate() {
        // SAFETY: both are plain numbers; `dup2` leaves the new one open across exec.
        check(unsafe { libc::dup2(source, number as RawFd) })?;
    }
    for (number, handle) in (3..).zip(&plan.handles) {
        // SAFETY: as above.
        check(unsafe { libc::dup2(handle.get(), number) })?;
    }
    Ok(())
}

fn move_above(descriptor: &Cell<RawFd>, lowest: RawFd) -> Result<(), c_int> {
    if descriptor.get() < lowest {
        // SAFETY: a plain system call on a number.
        let moved = check(unsafe { libc::fcntl(descriptor.get(), libc::F_DUPFD_CLOEXEC, lowest) })?;
        descriptor.set(moved);
    }
    Ok(())
}

/// Opens without waiting, since a FIFO may have nobody at its other end, then lets the program
/// wait.
fn open(path: &std::ffi::CStr, flags: c_int) -> Result<RawFd, c_int> {
    let all = flags | libc::O_CREAT | libc::O_NOCTTY | libc::O_CLOEXEC | libc::O_NONBLOCK;
    // SAFETY: the path ends in NUL.
    let descriptor = check(unsafe { libc::open(path.as_ptr(), all, FILE_MODE) })?;
    // SAFETY: the descriptor was just opened.
    check(unsafe { libc::fcntl(descriptor, libc::F_SETFL, flags & libc::O_APPEND) })?;
    Ok(descriptor)
}

/// Tries the candidates in order, as a shell does: one that may not be executed is worse than none.
fn enter(plan: &Plan, fault: &Fault) -> Result<Infallible, c_int> {
    let mut forbidden = None;
    let mut last = libc::ENOENT;
    for (index, program) in plan.programs.iter().enumerate() {
        fault.begin(Stage::Exec, index);
        last = sys::execute(program, plan);
        match last {
            libc::EACCES => forbidden = forbidden.or(Some(index)),
            libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => {}
            _ => return Err(last),
        }
    }
    if let Some(index) = forbidden {
        fault.begin(Stage::Exec, index);
        last = libc::EACCES;
    }
    Err(last)
}

/// The errno of a system call that failed.
pub(in crate::os) fn check(result: c_int) -> Result<c_int, c_int> {
    if result < 0 { Err(Errno::last_raw()) } else { Ok(result) }
}
