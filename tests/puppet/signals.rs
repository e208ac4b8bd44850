//! The signals that ask a service to end, waited for instead of handled.
//!
//! The main thread receives them as values, so that noting one is ordinary code.

#[cfg(unix)]
#[path = "signals_unix.rs"]
mod system;

#[cfg(windows)]
#[path = "signals_windows.rs"]
mod system;

pub(crate) use system::Signals;

/// A request to end.
#[derive(Clone, Copy)]
pub(crate) enum Told {
    /// SIGHUP; on Windows, the console was closed.
    Hangup,
    /// SIGINT; on Windows, Ctrl-C.
    Interrupt,
    /// SIGTERM; on Windows, Ctrl-Break.
    Terminate,
}

impl Told {
    /// As it stands in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hangup => "HUP",
            Self::Interrupt => "INT",
            Self::Terminate => "TERM",
        }
    }

    /// As in `kill -l`.
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }
}
