//! The service manager keeps the pidfds of what runs, so that how a process ended while no daemon
//! was there is known to the next one: the kernel (6.15 and later) tells it through a pidfd that
//! was opened before. They come back as sd_listen_fds(3) says.

use std::collections::HashMap;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::stat::fstat;
use supervisor_core::Exit;

use super::pidfd;
use crate::os::Notifier;

/// Where the first descriptor of a store is.
const FIRST: RawFd = 3;

/// What is kept of processes, by the inodes of their pidfds.
#[derive(Debug)]
pub(in crate::os) struct FdStore {
    /// Without it nobody keeps anything.
    notifier: Option<Notifier>,
    /// What an earlier daemon had kept.
    past: HashMap<u64, OwnedFd>,
}

impl FdStore {
    /// Takes in what was kept. To be called once, since a descriptor has one owner.
    pub(in crate::os) fn open() -> Self {
        let past = received().into_iter().filter_map(|pidfd| {
            let inode = fstat(&pidfd).ok()?.st_ino;
            fcntl(&pidfd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).ok()?;
            Some((inode, pidfd))
        });
        Self { past: past.collect(), notifier: Notifier::find().filter(|_| pidfd::tells_exits()) }
    }

    /// Has a process kept, if it still is that one.
    pub(in crate::os) fn keep(&mut self, pid: i32, inode: Option<u64>) {
        let (Some(notifier), Some(inode)) = (&mut self.notifier, inode) else { return };
        if self.past.contains_key(&inode) {
            return;
        }
        let Some(pidfd) = pidfd::open(pid) else { return };
        if fstat(&pidfd).is_ok_and(|stat| stat.st_ino == inode) {
            // It would be dropped when the process has ended, which is when it begins to matter.
            notifier.give(format!("FDSTORE=1\nFDNAME={}\nFDPOLL=0", name(inode)), pidfd);
        }
    }

    /// Has a process kept no longer.
    pub(in crate::os) fn let_go(&mut self, inode: Option<u64>) {
        if let (Some(notifier), Some(inode)) = (&mut self.notifier, inode) {
            self.past.remove(&inode);
            notifier.tell(format!("FDSTOREREMOVE=1\nFDNAME={}", name(inode)));
        }
    }

    /// How a process ended that was kept over the absence of a daemon.
    pub(in crate::os) fn ended(&self, inode: Option<u64>) -> Option<Exit> {
        let pidfd = self.past.get(&inode?)?;
        pidfd::ended(pidfd)
    }

    /// Everything that was kept for this daemon was looked at: what is not alive is let go.
    pub(in crate::os) fn settle(&mut self, live: impl Fn(u64) -> bool) {
        for inode in std::mem::take(&mut self.past).into_keys().filter(|inode| !live(*inode)) {
            self.let_go(Some(inode));
        }
    }

    /// Nothing is left to be told.
    pub(in crate::os) fn is_told(&self) -> bool {
        self.notifier.as_ref().is_none_or(Notifier::is_done)
    }

    /// Tells what is to be told, and then waits for ever; may be dropped and called again.
    pub(in crate::os) async fn tell(&mut self) {
        match &mut self.notifier {
            Some(notifier) => notifier.send().await,
            None => std::future::pending().await,
        }
    }
}

fn name(inode: u64) -> String {
    format!("run-{inode}")
}

/// The descriptors that this very process was given.
fn received() -> Vec<OwnedFd> {
    let number = |name| std::env::var(name).ok()?.parse::<u32>().ok();
    if number("LISTEN_PID") != Some(std::process::id()) {
        return Vec::new();
    }
    let count = number("LISTEN_FDS").and_then(|count| RawFd::try_from(count).ok()).unwrap_or(0);
    let raw = FIRST..FIRST.saturating_add(count);
    // SAFETY: the service manager opened them for this process, and nobody else knows them.
    raw.map(|raw| unsafe { OwnedFd::from_raw_fd(raw) }).collect()
}
