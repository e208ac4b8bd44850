//! Processes of an earlier daemon: not our children, so no SIGCHLD tells of their end; a pidfd
//! does.
//!
//! One epoll instance holds all pidfds. How such a process ended is read while it is not reaped;
//! once it is, the kernel (6.15 and later) tells it through the pidfd.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::stat::fstat;
use supervisor_core::{Exit, Run, ServiceId};
use tokio::io::unix::AsyncFd;

use crate::os::Identity;
use crate::os::unix::exit;

/// `PIDFD_GET_INFO`, with the 64 bytes that the first version of the structure has.
const GET_INFO: libc::c_ulong = 0xC040_FF0B;
/// Asks `PIDFD_GET_INFO` for the exit status, and tells that it is there.
const INFO_EXIT: u64 = 8;

/// Watches adopted processes.
pub(in crate::os) struct Vigil {
    epoll: AsyncFd<Instance>,
    watched: HashMap<Run, Watched>,
    tells_exits: bool,
}

struct Watched {
    pidfd: OwnedFd,
    pid: i32,
    /// Its tree is empty once it has ended, even before it is reaped.
    is_grouped: bool,
}

struct Instance(Epoll);

impl AsRawFd for Instance {
    fn as_raw_fd(&self) -> RawFd {
        self.0.0.as_raw_fd()
    }
}

#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    control_group: u64,
    ids: [u32; 11],
    exit_code: i32,
}

impl Vigil {
    pub(in crate::os) fn new() -> io::Result<Self> {
        let epoll = Instance(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?);
        // SAFETY: the instance keeps its descriptor open until it is dropped with the AsyncFd.
        let epoll = unsafe { AsyncFd::register(epoll) }.map_err(io::Error::from)?;
        Ok(Self { epoll, watched: HashMap::new(), tells_exits: tells_exits() })
    }

    /// Begins to watch the process of a run, if it still is the one that was recorded.
    pub(in crate::os) fn keep(&mut self, run: Run, identity: &Identity) -> bool {
        let Some((pidfd, pid)) = recognise(identity) else { return false };
        let event = EpollEvent::new(EpollFlags::EPOLLIN, key(run));
        let added = self.epoll.get_ref().0.add(&pidfd, event);
        if let Err(errno) = added {
            log::error!("cannot watch process {}: {errno}", identity.pid);
        }
        let is_grouped = identity.control_group.is_some();
        self.watched.insert(run, Watched { pidfd, pid, is_grouped });
        true
    }

    pub(in crate::os) fn release(&mut self, run: Run) {
        if let Some(watched) = self.watched.remove(&run) {
            let _ = self.epoll.get_ref().0.delete(&watched.pidfd);
        }
    }

    /// False when the run was adopted and its pid may be another's by now.
    pub(in crate::os) fn may_signal(&self, run: Run) -> bool {
        self.watched.get(&run).is_none_or(|watched| send(&watched.pidfd, 0).is_ok())
    }

    /// Waits until an adopted process may have ended; may be dropped and called again.
    pub(in crate::os) async fn changed(&self) {
        match self.epoll.readable().await {
            Ok(mut guard) => guard.retain_ready(),
            // Only a runtime that is ending refuses; there is nothing left to wait for.
            Err(_) => std::future::pending().await,
        }
    }

    /// The adopted processes that have ended.
    pub(in crate::os) fn ended(&mut self) -> Vec<(Run, Exit)> {
        let mut ended = Vec::new();
        let mut events = [EpollEvent::empty(); 64];
        while !self.watched.is_empty()
            && let Ok(count @ 1..) = self.epoll.get_ref().0.wait(&mut events, EpollTimeout::ZERO)
        {
            for event in &events[..count] {
                let run = run_of(event.data());
                let Some(watched) = self.watched.get(&run) else { continue };
                let is_reaped = event.events().contains(EpollFlags::EPOLLHUP);
                // Who is not reaped may stay so for long, where process 1 is no true init.
                let unreaped = watched.is_grouped && !is_reaped;
                let exit = if unreaped { status_unreaped(watched) } else { None };
                if exit.is_none() && self.tells_exits && !is_reaped {
                    // The status comes with being reaped, and the hang-up tells it.
                    let mut wait = EpollEvent::new(EpollFlags::empty(), key(run));
                    let _ = self.epoll.get_ref().0.modify(&watched.pidfd, &mut wait);
                    continue;
                }
                ended.push((run, exit.unwrap_or_else(|| status(&watched.pidfd))));
                self.release(run);
            }
        }
        self.forget_readiness();
        ended
    }

    /// What was read is read; tokio asks the kernel anew.
    fn forget_readiness(&self) {
        let would_block = |_: &Instance| Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = self.epoll.try_io(tokio::io::Interest::READABLE, would_block);
    }
}

/// The pidfd of that very process, or `None` when it has ended and its pid may be another's.
fn recognise(identity: &Identity) -> Option<(OwnedFd, i32)> {
    let pid = i32::try_from(identity.pid).ok()?;
    // SAFETY: takes two numbers.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let raw = RawFd::try_from(opened).ok().filter(|fd| 0 <= *fd)?;
    // SAFETY: just opened, and nobody else knows it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(raw) };
    let is_same = match (identity.inode, identity.started) {
        (Some(inode), _) => fstat(&pidfd).is_ok_and(|stat| stat.st_ino == inode),
        (None, Some(started)) => super::started(pid) == Some(started),
        (None, None) => false,
    };
    (is_same && send(&pidfd, 0).is_ok()).then_some((pidfd, pid))
}

fn send(pidfd: &OwnedFd, signal: i32) -> nix::Result<()> {
    let null = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the kernel takes a null siginfo.
    let sent =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, null, 0) };
    Errno::result(sent).map(drop)
}

/// How a process ended that was not reaped yet; `None` when it was, or we may not know.
fn status_unreaped(watched: &Watched) -> Option<Exit> {
    let status = super::proc::wait_status(watched.pid)?;
    // Not reaped even now, so the number was its own when the status was read.
    send(&watched.pidfd, 0).ok().map(|()| exit(status))
}

fn status(pidfd: &OwnedFd) -> Exit {
    let mut info = Info { mask: INFO_EXIT, ..Info::default() };
    // SAFETY: the structure has the size that the request's number says.
    let asked = unsafe { libc::ioctl(pidfd.as_raw_fd(), GET_INFO, &raw mut info) };
    if asked != 0 || info.mask & INFO_EXIT == 0 {
        return Exit::Unknown;
    }
    exit(info.exit_code)
}

fn tells_exits() -> bool {
    let Ok(system) = nix::sys::utsname::uname() else { return false };
    let release = system.release().to_string_lossy();
    let mut numbers = release.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    (6, 15) <= (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn key(run: Run) -> u64 {
    u64::from(run.service.0) << 32 | u64::from(run.number)
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of a key")]
fn run_of(key: u64) -> Run {
    Run { service: ServiceId((key >> 32) as u32), number: key as u32 }
}
