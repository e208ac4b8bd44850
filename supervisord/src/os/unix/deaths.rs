//! SIGCHLD as an event, and reaping on the thread that asks.
//!
//! The signal tells one pid and is merged with others that come while it is pending. So the pid
//! told is only a hint, reaped at once whatever the number of children; a sweep over all children
//! follows, which is what nothing escapes. It costs as much as there are children: after a single
//! death, when a merge is most unlikely, it comes a little later and never in the way of a restart.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    pin::Pin,
    time::Duration,
};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use supervisor_core::Exit;
use tokio::{
    net::unix::pipe::Receiver,
    time::{Sleep, sleep},
};

/// How long a death that nobody told of may stay unseen.
const LATER: Duration = Duration::from_millis(20);

/// Tells that children have ended, and reaps them.
pub(super) struct Deaths {
    hints: Receiver,
    handler: signal_hook_registry::SigId,
    sweep: Sweep,
}

/// Whether a child may have ended that nobody told.
enum Sweep {
    None,
    Later(Pin<Box<Sleep>>),
    Now,
}

impl Deaths {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let hints = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let tell = move |info: &libc::siginfo_t| {
            // SAFETY: SIGCHLD carries a pid, and `write` is async-signal-safe. When the pipe is
            // full it is readable, and then the sweep finds whom it does not name.
            unsafe {
                let pid = info.si_pid();
                libc::write(writer.as_raw_fd(), (&raw const pid).cast(), size_of_val(&pid));
            }
        };
        // SAFETY: `tell` is async-signal-safe, and the registry keeps errno.
        let handler = unsafe { signal_hook_registry::register_sigaction(libc::SIGCHLD, tell) }?;
        Ok(Self { hints, handler, sweep: Sweep::Now })
    }

    /// Waits until a child may have ended; may be dropped and called again without loss.
    pub(super) async fn arrived(&mut self) {
        let is_told = match &mut self.sweep {
            Sweep::None => self.hints.readable().await,
            Sweep::Now => return,
            Sweep::Later(later) => tokio::select! {
                biased;
                told = self.hints.readable() => told,
                () = later => {
                    self.sweep = Sweep::Now;
                    return;
                }
            },
        };
        if is_told.is_err() {
            // Only a runtime that is ending refuses; there is nothing left to wait for.
            std::future::pending::<()>().await;
        }
    }

    /// Reaps the children that were told of. A sweep is due after any, at once after several.
    pub(super) fn hinted(&mut self) -> Vec<(i32, Exit)> {
        let mut dead = Vec::new();
        let mut told = 0;
        let mut bytes = [0; 1024];
        while let Ok(count @ 1..) = self.hints.try_read(&mut bytes) {
            let (pids, _) = bytes[..count].as_chunks::<4>();
            told += pids.len();
            dead.extend(pids.iter().filter_map(|pid| reap(Some(i32::from_ne_bytes(*pid)))));
        }
        match (told, &self.sweep) {
            (0, _) | (1, Sweep::Later(_) | Sweep::Now) => {}
            (1, Sweep::None) => self.sweep = Sweep::Later(Box::pin(sleep(LATER))),
            _ => self.sweep = Sweep::Now,
        }
        dead
    }

    /// Sees to it that no death is missed that came before now.
    pub(super) fn hurry(&mut self) {
        if !matches!(self.sweep, Sweep::None) {
            self.sweep = Sweep::Now;
        }
    }

    pub(super) fn is_sweep_due(&self) -> bool {
        matches!(self.sweep, Sweep::Now)
    }

    /// Reaps one child, any; `None` ends the sweep.
    pub(super) fn swept(&mut self) -> Option<(i32, Exit)> {
        let dead = reap(None);
        self.sweep = if dead.is_some() { Sweep::Now } else { Sweep::None };
        dead
    }
}

impl Drop for Deaths {
    fn drop(&mut self) {
        signal_hook_registry::unregister(self.handler);
    }
}

/// Reaps one child, or any, without waiting for it. Children that have not entered a program yet
/// are not seen: they are their spawner's.
fn reap(child: Option<i32>) -> Option<(i32, Exit)> {
    let mut status = 0;
    // SAFETY: the pointer is to a live integer.
    let pid = unsafe { libc::waitpid(child.unwrap_or(-1), &mut status, libc::WNOHANG) };
    (0 < pid).then(|| (pid, exit(status)))
}

/// What a wait status says.
pub(in crate::os) fn exit(status: i32) -> Exit {
    const CRASHES: [i32; 7] = [
        libc::SIGILL,
        libc::SIGTRAP,
        libc::SIGABRT,
        libc::SIGFPE,
        libc::SIGBUS,
        libc::SIGSEGV,
        libc::SIGSYS,
    ];
    if libc::WIFEXITED(status) {
        return Exit::Code(libc::WEXITSTATUS(status) as u32);
    }
    if libc::WIFSIGNALED(status) {
        let number = libc::WTERMSIG(status);
        let core = libc::WCOREDUMP(status);
        return Exit::Signal { number, core, crash: CRASHES.contains(&number) };
    }
    Exit::Unknown
}
