//! SIGCHLD as an event, and reaping on the thread that asks.
//!
//! The signal tells one pid and is merged with others that come while it is pending. So the pid
//! told is only a hint, reaped at once whatever the number of children; a sweep over all children
//! follows, which is what nothing escapes.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use supervisor_core::Exit;
use tokio::net::unix::pipe::Receiver;

/// Tells that children have ended, and reaps them.
pub(super) struct Deaths {
    hints: Receiver,
    handler: signal_hook_registry::SigId,
    /// Whether a child may have ended that nobody told.
    sweep_due: bool,
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
        Ok(Self { hints, handler, sweep_due: true })
    }

    /// Waits until a child may have ended; may be dropped and called again without loss.
    pub(super) async fn arrived(&self) {
        if self.hints.readable().await.is_err() {
            // Only a runtime that is ending refuses; there is nothing left to wait for.
            std::future::pending::<()>().await;
        }
    }

    /// Reaps the children that were told of. A sweep is due after any.
    pub(super) fn hinted(&mut self) -> Vec<(i32, Exit)> {
        let mut dead = Vec::new();
        let mut bytes = [0; 1024];
        while let Ok(count @ 1..) = self.hints.try_read(&mut bytes) {
            self.sweep_due = true;
            let (pids, _) = bytes[..count].as_chunks::<4>();
            dead.extend(pids.iter().filter_map(|pid| reap(Some(i32::from_ne_bytes(*pid)))));
        }
        dead
    }

    pub(super) fn is_sweep_due(&self) -> bool {
        self.sweep_due
    }

    /// Reaps one child, any; `None` ends the sweep.
    pub(super) fn swept(&mut self) -> Option<(i32, Exit)> {
        let dead = reap(None);
        self.sweep_due = dead.is_some();
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
