//! What Windows starts when a user logs on, as plain values.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

#[cfg(unix)]
#[path = "unix/logon.rs"]
mod imp;
#[cfg(windows)]
#[path = "windows/logon.rs"]
mod imp;

pub use imp::{command, find};

/// A program that is started when the user logs on.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is called there.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// One change of what is started.
#[derive(Debug, Clone)]
pub enum Change {
    /// Writes it down, over what has its name.
    Register(Entry),
    /// Starts it now, and waits until it says that it runs.
    Start {
        /// What it is called.
        name: String,
        /// The command that is written down.
        command: String,
    },
    /// Takes it out.
    Delete(String),
}

impl Change {
    /// Does it.
    ///
    /// # Errors
    /// Why not.
    pub fn perform(&self) -> Result<(), String> {
        imp::perform(self)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(entry) => {
                write!(f, "have {} started at logon: {}", entry.name, command(entry))
            }
            Self::Start { command, .. } => write!(f, "start {command}"),
            Self::Delete(name) => write!(f, "have {name} not started at logon"),
        }
    }
}
