//! What Windows has in place of signals: console control events, and an event that is set by who
//! started us.

use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use super::Told;

static SENDER: OnceLock<Sender<Told>> = OnceLock::new();

/// The access right to wait, and a time that never passes.
const SYNCHRONIZE: u32 = 0x0010_0000;
const INFINITE: u32 = u32::MAX;

unsafe extern "system" {
    fn SetConsoleCtrlHandler(handler: extern "system" fn(u32) -> i32, add: i32) -> i32;
    fn OpenEventW(access: u32, inherit: i32, name: *const u16) -> *mut std::ffi::c_void;
    fn WaitForSingleObject(handle: *mut std::ffi::c_void, milliseconds: u32) -> u32;
}

/// Receives what the process was sent.
pub(crate) struct Signals {
    received: Receiver<Told>,
}

impl Signals {
    /// From now on control events are values.
    pub(crate) fn catch() -> Self {
        let (sender, received) = mpsc::channel();
        if let Ok(name) = std::env::var("SUPERVISORD_STOP_EVENT") {
            let sender = sender.clone();
            thread::spawn(move || {
                if is_set(&name) {
                    let _ = sender.send(Told::Terminate);
                }
            });
        }
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

    /// Windows knows no death by signal: the code of the error that comes closest stands for it,
    /// or one that shells use.
    pub(crate) fn die_by(&self, number: i32) -> ExitCode {
        let code = match number {
            4 => 0xC000_001D_u32,
            6 => 0xC000_0409,
            8 => 0xC000_0094,
            11 => 0xC000_0005,
            other => other.unsigned_abs() + 128,
        };
        std::process::exit(code.cast_signed())
    }
}

/// Waits until the event of that name is set; false when there is none.
fn is_set(name: &str) -> bool {
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: the name ends in zero; the handle is kept as long as the process lives.
    unsafe {
        let event = OpenEventW(SYNCHRONIZE, 0, name.as_ptr());
        !event.is_null() && WaitForSingleObject(event, INFINITE) == 0
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
