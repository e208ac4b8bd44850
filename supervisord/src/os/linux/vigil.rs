//! Processes of an earlier daemon: not our children, so no SIGCHLD tells of their end; a pidfd
//! does.
//!
//! One epoll instance holds all pidfds. How a stranger's child ended is read while its parent has
//! not reaped it; once it has, the kernel (6.15 and later) tells it through the pidfd.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::stat::fstat;
use supervisor_core::{Exit, Run, ServiceId};
use tokio::io::unix::AsyncFd;

use super::pidfd::{self, send};
use crate::os::Identity;
use crate::os::unix::exit;

/// Watches adopted processes.
pub(in crate::os) struct Vigil {
    epoll: AsyncFd<Instance>,
    watched: HashMap<Run, Watched>,
    /// What dead processes left behind.
    lingering: HashMap<Run, Vec<OwnedFd>>,
    /// Runs of which something that lingered has ended.
    stirred: Vec<Run>,
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

impl Vigil {
    pub(in crate::os) fn new() -> io::Result<Self> {
        let epoll = Instance(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?);
        // SAFETY: the instance keeps its descriptor open until it is dropped with the AsyncFd.
        let epoll = unsafe { AsyncFd::register(epoll) }.map_err(io::Error::from)?;
        let (watched, lingering, stirred) = Default::default();
        Ok(Self { epoll, watched, lingering, stirred, tells_exits: pidfd::tells_exits() })
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

    /// Begins to watch what a run left behind, instead of what was watched of it before.
    pub(in crate::os) fn linger(&mut self, run: Run, processes: Vec<OwnedFd>) {
        self.release(run);
        for process in &processes {
            let event = EpollEvent::new(EpollFlags::EPOLLIN, key(run));
            if let Err(errno) = self.epoll.get_ref().0.add(process, event) {
                log::error!("cannot watch what a process left: {errno}");
            }
        }
        self.lingering.insert(run, processes);
    }

    /// Runs to be looked at, since something that lingered has ended.
    pub(in crate::os) fn stirred(&mut self) -> Vec<Run> {
        std::mem::take(&mut self.stirred)
    }

    pub(in crate::os) fn release(&mut self, run: Run) {
        for process in self.lingering.remove(&run).unwrap_or_default() {
            let _ = self.epoll.get_ref().0.delete(&process);
        }
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
        while !(self.watched.is_empty() && self.lingering.is_empty())
            && let Ok(count @ 1..) = self.epoll.get_ref().0.wait(&mut events, EpollTimeout::ZERO)
        {
            for event in &events[..count] {
                let run = run_of(event.data());
                let Some(watched) = self.watched.get(&run) else {
                    if self.lingering.contains_key(&run) {
                        self.release(run);
                        self.stirred.push(run);
                    }
                    continue;
                };
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
                ended.push((
                    run,
                    exit.or_else(|| pidfd::ended(&watched.pidfd)).unwrap_or(Exit::Unknown),
                ));
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
    let pidfd = pidfd::open(pid)?;
    let is_same = match (identity.inode, identity.started) {
        (Some(inode), _) => fstat(&pidfd).is_ok_and(|stat| stat.st_ino == inode),
        (None, Some(started)) => super::started(pid) == Some(started),
        (None, None) => false,
    };
    (is_same && send(&pidfd, 0).is_ok()).then_some((pidfd, pid))
}

/// How a process ended that was not reaped yet; `None` when it was, or we may not know.
fn status_unreaped(watched: &Watched) -> Option<Exit> {
    let status = super::proc::wait_status(watched.pid)?;
    // Not reaped even now, so the number was its own when the status was read.
    send(&watched.pidfd, 0).ok().map(|()| exit(status))
}

fn key(run: Run) -> u64 {
    u64::from(run.service.0) << 32 | u64::from(run.number)
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of a key")]
fn run_of(key: u64) -> Run {
    Run { service: ServiceId((key >> 32) as u32), number: key as u32 }
}
