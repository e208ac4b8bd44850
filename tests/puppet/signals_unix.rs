//! Signals on Unix: blocked from the start, then taken one by one.

use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{self, SigHandler, SigSet, Signal};

use super::Told;

/// Receives what the process was sent.
pub(crate) struct Signals {
    received: Receiver<Told>,
}

impl Signals {
    /// Blocks TERM, INT and HUP in this thread and all later ones, but for the one that waits.
    pub(crate) fn catch() -> Self {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            set.add(signal);
            // Inherited as ignored, a signal would never be pending.
            // SAFETY: the default action is no handler of ours.
            let _ = unsafe { signal::signal(signal, SigHandler::SigDfl) };
        }
        set.thread_block().expect("these signals may be blocked");
        let (sender, received) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(signal) = set.wait() {
                let told = if signal == Signal::SIGTERM {
                    Told::Terminate
                } else if signal == Signal::SIGINT {
                    Told::Interrupt
                } else {
                    Told::Hangup
                };
                if sender.send(told).is_err() {
                    return;
                }
            }
        });
        Self { received }
    }

    /// The next signal, or `None` when the time is over.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> Option<Told> {
        match limit {
            Some(limit) => self.received.recv_timeout(limit).ok(),
            None => self.received.recv().ok(),
        }
    }

    /// Ends this process by the signal's default action.
    pub(crate) fn die_by(&self, number: i32) -> ExitCode {
        let signal = Signal::try_from(number).expect("only signals with names are taken");
        // No core file for a death that was ordered.
        let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
        if signal != Signal::SIGKILL {
            // SAFETY: the default action is no handler of ours.
            let _ = unsafe { signal::signal(signal, SigHandler::SigDfl) };
        }
        let mut set = SigSet::empty();
        set.add(signal);
        let _ = set.thread_unblock();
        let _ = signal::raise(signal);
        ExitCode::from(70)
    }
}
