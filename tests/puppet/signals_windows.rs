//! What Windows has in place of signals: console control events.

use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use super::Told;

static SENDER: OnceLock<Sender<Told>> = OnceLock::new();

unsafe extern "system" {
    fn SetConsoleCtrlHandler(handler: extern "system" fn(u32) -> i32, add: i32) -> i32;
}

/// Receives what the process was sent.
pub(crate) struct Signals {
    received: Receiver<Told>,
}

impl Signals {
    /// From now on control events are values.
    pub(crate) fn catch() -> Self {
        let (sender, received) = mpsc::channel();
        let _ = SENDER.set(sender);
        // SAFETY: the handler is a plain function that lives as long as the process.
        unsafe { SetConsoleCtrlHandler(handler, 1) };
        Self { received }
    }

    /// The next event, or `None` when the time is over.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> Option<Told> {
        match limit {
            Some(limit) => self.received.recv_timeout(limit).ok(),
            None => self.received.recv().ok(),
        }
    }

    /// Windows knows no death by signal: the code that the C runtime uses stands for it.
    pub(crate) fn die_by(&self, number: i32) -> ExitCode {
        ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))
    }
}

extern "system" fn handler(event: u32) -> i32 {
    let told = match event {
        0 => Told::Interrupt,
        1 => Told::Terminate,
        _ => Told::Hangup,
    };
    i32::from(SENDER.get().is_some_and(|sender| sender.send(told).is_ok()))
}
