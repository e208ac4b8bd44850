//! After which ends a service is started again, where its definition says more than `KeepAlive`
//! can.

use protocol::definition;

pub use protocol::definition::RestartOn;

use crate::policy::LastRun;
use crate::run::Exit;

/// Our own `Restart`: it stands in the place of what `KeepAlive` says about ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// Which ends lead to a restart.
    pub on: RestartOn,
    /// Exit codes that are successes beside 0.
    pub successes: Box<[u32]>,
    /// Exit codes after which it is never started again by itself.
    pub never: Box<[u32]>,
    /// Numbers of signals by which to die is a success.
    pub signals: Box<[i32]>,
}

impl Restart {
    /// As the definition says, with numbers of signals as this system has them.
    pub(crate) fn of(
        given: &definition::Restart,
        signal_number: impl Fn(&str) -> Option<i32>,
    ) -> Self {
        Self {
            on: given.on,
            successes: codes(&given.success_exit_codes),
            never: codes(&given.never_exit_codes),
            signals: given.signals.iter().filter_map(|name| signal_number(name)).collect(),
        }
    }

    /// Another run is due after this one.
    pub(crate) fn follows(&self, last: LastRun) -> bool {
        let LastRun::Exit { exit, .. } = last else {
            return matches!(self.on, RestartOn::Always | RestartOn::Failure);
        };
        match self.on {
            _ if matches!(exit, Exit::Code(code) if self.never.contains(&code)) => false,
            RestartOn::Always => true,
            RestartOn::Failure => !self.is_success(exit),
            RestartOn::Success => self.is_success(exit),
            RestartOn::Abnormal => !self.is_success(exit) && !is_told(exit),
            RestartOn::Never => false,
        }
    }

    fn is_success(&self, exit: Exit) -> bool {
        match exit {
            Exit::Code(code) => code == 0 || self.successes.contains(&code),
            Exit::Signal { number, .. } => self.signals.contains(&number),
            Exit::Unknown => false,
        }
    }
}

/// The program itself told how it went, by an exit code that is no crash.
fn is_told(exit: Exit) -> bool {
    matches!(exit, Exit::Code(_)) && !exit.is_crash()
}

/// Codes as a process has them: on Windows all 32 bits, which a definition may write as negative.
fn codes(given: &[i64]) -> Box<[u32]> {
    given.iter().filter_map(|code| u32::try_from(code & 0xFFFF_FFFF).ok()).collect()
}
