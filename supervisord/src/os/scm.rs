//! What the service control manager of Windows is asked for, as plain values.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

#[cfg(unix)]
#[path = "unix/scm.rs"]
mod imp;
#[cfg(windows)]
#[path = "windows/scm.rs"]
mod imp;

#[cfg(windows)]
pub(in crate::os) use imp::STOP_TIME;
pub use imp::{find, is_same_command};

/// A service as the manager keeps it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What the manager calls it.
    pub name: String,
    /// What people are shown as its name.
    pub display_name: String,
    /// What people are told about it.
    pub description: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// How a service stands there.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its command line.
    pub command: String,
    /// What people are shown as its name.
    pub display_name: String,
    /// It starts at boot.
    pub is_automatic: bool,
    /// It runs, or is about to.
    pub is_running: bool,
    /// Its process.
    pub pid: Option<u32>,
}

/// One change that the manager is asked for.
#[derive(Debug, Clone)]
pub enum Change {
    /// Makes the service, or makes it as it should be.
    Register(Box<Entry>),
    /// Starts it and waits until it runs.
    Start(String),
    /// Stops it and waits until it has ended.
    Stop(String),
    /// Takes it out.
    Delete(String),
}

impl Change {
    /// Does it.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn perform(&self) -> Result<(), String> {
        imp::perform(self)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(entry) => {
                let Entry { name, program, arguments, .. } = &**entry;
                write!(f, "register service {name}: \"{}\"", program.display())?;
                arguments.iter().try_for_each(|word| write!(f, " {}", word.display()))
            }
            Self::Start(name) => write!(f, "start service {name}"),
            Self::Stop(name) => write!(f, "stop service {name}"),
            Self::Delete(name) => write!(f, "delete service {name}"),
        }
    }
}
