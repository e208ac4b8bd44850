//! What can go wrong, in words, and the exit code that tells it to scripts.
//!
//! Every sentence is `cannot <verb> <object>: <cause>`, with what to do next where that is known.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use protocol::address::AddressError;
use protocol::frame::FRAME_MAX;
use protocol::message::{Reason, Refusal};
use thiserror::Error;

/// How a run of svcctl ended; the numbers are a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked is done.
    Done = 0,
    /// It was refused, or tried in vain.
    Failed = 1,
    /// The command line makes no sense; clap says so and ends with the same number.
    Usage = 2,
    /// `status`: the service does not run.
    NotRunning = 3,
    /// No service has that label.
    NoSuchService = 4,
    /// No daemon answers.
    NoDaemon = 5,
    /// The time given ran out.
    TimedOut = 6,
    /// The caller may not do this.
    NotPermitted = 7,
}

impl Exit {
    /// Of several outcomes the first that is not `Done` counts.
    #[must_use]
    pub(crate) fn or(self, later: Self) -> Self {
        if self == Self::Done { later } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a run ended before its end.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The daemon says no; the sentence is its own.
    #[error("{0}")]
    Refused(Refusal),
    /// The command line holds together for clap, but not for us.
    #[error("{0}")]
    Usage(String),
    /// The domain's socket can't be named.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// There is no socket.
    #[error("cannot {task}: no supervisord here, there is no socket {}; {start}", socket.display())]
    NoSocket { task: String, socket: PathBuf, start: String },
    /// There is a socket that nobody listens at.
    #[error(
        "cannot {task}: nobody listens at {}, its supervisord is gone; {start}",
        socket.display()
    )]
    NobodyListens { task: String, socket: PathBuf, start: String },
    /// The socket is somebody else's.
    #[error(
        "cannot {task}: permission denied at {}; ask as the user that supervisord runs as, or root",
        socket.display()
    )]
    SocketForbidden { task: String, socket: PathBuf },
    /// The socket can't be used for another reason.
    #[error("cannot {task}: cannot connect to {}: {cause}", socket.display())]
    Connect { task: String, socket: PathBuf, cause: io::Error },
    /// The connection broke.
    #[error("cannot {task}: the connection to supervisord broke: {cause}")]
    Broken { task: String, cause: io::Error },
    /// The daemon closed the connection before it had answered.
    #[error(
        "cannot {task}: supervisord hung up before it had answered; \
         svcctl ping tells whether it lives"
    )]
    HungUp { task: String },
    /// The daemon is silent for too long.
    #[error("cannot {task}: no answer from supervisord within {seconds} s")]
    Silent { task: String, seconds: u64 },
    /// What came is no answer.
    #[error("cannot {task}: supervisord's answer can't be read: {cause}")]
    Garbled { task: String, cause: String },
    /// The daemon can't make sense of the request: it is another version, until shown otherwise.
    #[error("cannot {task}: {refusal}")]
    NotUnderstood { task: String, refusal: Refusal },
    /// The daemon is another version than this client.
    #[error(
        "cannot {task}: supervisord there is {daemon}, this svcctl is {}, and they differ here \
         ({sentence}); bring both to one version",
        env!("CARGO_PKG_VERSION")
    )]
    OtherVersion { task: String, daemon: String, sentence: String },
    /// A request exceeds what a frame may hold.
    #[error("cannot {task}: the request is longer than {FRAME_MAX} bytes")]
    TooLong { task: String },
    /// A definition can't be had.
    #[error("cannot read {file}: {cause}")]
    Unreadable { file: String, cause: String },
    /// Our own output can't be written.
    #[error("cannot write output: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// The code to end with.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Refused(refusal) => refused(refusal.reason),
            Self::Usage(_) => Exit::Usage,
            Self::NoSocket { .. } | Self::NobodyListens { .. } | Self::HungUp { .. } => {
                Exit::NoDaemon
            }
            Self::SocketForbidden { .. } => Exit::NotPermitted,
            Self::Silent { .. } => Exit::TimedOut,
            Self::Connect { .. } | Self::Broken { .. } => Exit::NoDaemon,
            Self::Address(_)
            | Self::Garbled { .. }
            | Self::NotUnderstood { .. }
            | Self::OtherVersion { .. }
            | Self::TooLong { .. }
            | Self::Unreadable { .. }
            | Self::Output(_) => Exit::Failed,
        }
    }
}

fn refused(reason: Reason) -> Exit {
    match reason {
        Reason::NoSuchService => Exit::NoSuchService,
        Reason::ShuttingDown => Exit::NoDaemon,
        Reason::TimedOut => Exit::TimedOut,
        Reason::NotPermitted => Exit::NotPermitted,
        Reason::NotJson
        | Reason::NotARequest
        | Reason::NoSuchMethod
        | Reason::BadParameters
        | Reason::Internal
        | Reason::AlreadyExists
        | Reason::BadDefinition
        | Reason::Disabled
        | Reason::Failed
        | Reason::Superseded
        | Reason::Busy
        | Reason::NotStored => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_counts() {
        assert_eq!(Exit::Done.or(Exit::NotRunning).or(Exit::TimedOut), Exit::NotRunning);
        assert_eq!(Exit::Done.or(Exit::Done), Exit::Done);
    }

    #[test]
    fn refusals_tell_scripts_what_they_may_act_on() {
        let code = |reason| Error::Refused(Refusal::new(reason, "no")).exit() as u8;
        assert_eq!(code(Reason::NoSuchService), 4);
        assert_eq!(code(Reason::ShuttingDown), 5);
        assert_eq!(code(Reason::TimedOut), 6);
        assert_eq!(code(Reason::NotPermitted), 7);
        assert_eq!(code(Reason::Failed), 1);
    }
}
