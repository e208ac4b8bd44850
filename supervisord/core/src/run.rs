//! What names a service and a process of it, and how a process ended.

use std::fmt;

/// Names a service for as long as the daemon lives; never used again after its removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u32);

/// One process of a service, told from its others by number, so that late news of an old run is
/// dropped by comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// The service.
    pub service: ServiceId,
    /// Counts the service's runs, from 1.
    pub number: u32,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// It exited by itself; on Windows the whole 32-bit code.
    Code(u32),
    /// A signal ended it.
    Signal {
        /// The signal's number on this system.
        number: i32,
        /// A core was dumped.
        core: bool,
        /// The signal is one of launchd's crash signals: SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS,
        /// SIGSEGV, SIGSYS; their numbers differ by system, so the system's adapter says it.
        crash: bool,
    },
    /// It ended while nobody could see how.
    Unknown,
}

/// `STATUS_CONTROL_C_EXIT`.
const CONTROL_C_EXIT: u32 = 0xC000_013A;

impl Exit {
    /// True for exit code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// True when the program fell over: a crash signal, or a Windows code of NTSTATUS error
    /// severity, but for the one of a program that was ended by Ctrl-C or Ctrl-Break.
    #[must_use]
    pub fn is_crash(self) -> bool {
        match self {
            Self::Code(code) => 0xC000_0000 <= code && code != CONTROL_C_EXIT,
            Self::Signal { crash, .. } => crash,
            Self::Unknown => false,
        }
    }

    /// As launchctl's Status column shows it: the code, or minus the signal; `None` when unknown.
    #[must_use]
    pub fn status(self) -> Option<i64> {
        match self {
            Self::Code(code) => Some(i64::from(code)),
            Self::Signal { number, .. } => Some(-i64::from(number)),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.service.0, self.number)
    }
}
