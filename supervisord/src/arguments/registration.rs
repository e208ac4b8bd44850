//! The verbs that register the daemon with the machine's own service manager.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::registration::Manager;

/// What to do about the registration.
#[derive(Debug, Clone, Subcommand)]
pub enum Verb {
    /// Register it with this machine's service manager, which then starts it at boot
    Install(Install),
    /// Stop it and undo install; definitions, state and logs stay
    #[command(visible_alias = "uninstall")]
    Remove(Which),
    /// Let the service manager start it now
    Start(Which),
    /// Let the service manager stop it, with all its services, until it is started or boots again
    Stop(Which),
    /// Tell whether it is registered and runs
    #[command(after_help = "Exit codes: 0 it runs, 3 it does not, 4 it is not installed.")]
    Status(Which),
}

/// Which registration is meant.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// The machine's service manager (the default for root)
    #[arg(long, conflicts_with = "user")]
    pub system: bool,

    /// Your own service manager (the default for everybody else)
    #[arg(long)]
    pub user: bool,

    /// What the service manager calls it; several supervisors need several names
    #[arg(long, value_name = "NAME", default_value = NAME)]
    pub name: String,

    /// The supervisor that keeps everything below one folder
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,

    /// The service manager, if not the one that is found
    #[arg(long, value_name = "MANAGER")]
    pub manager: Option<Manager>,

    /// Only print what would be written and run
    #[arg(long)]
    pub dry_run: bool,
}

/// What `install` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
It can be said again: what is there already is left, what differs is replaced, and both are said.")]
pub struct Install {
    /// Which registration is meant.
    #[command(flatten)]
    pub which: Which,

    /// Its name as people are shown it
    #[arg(long, value_name = "TEXT")]
    pub display_name: Option<String>,

    /// What people are told it does
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,

    /// Where its own log goes; services have theirs
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// What it tells: error, warn, info or debug
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,
}

/// The usual name.
pub const NAME: &str = "supervisord";

impl Verb {
    /// Which registration is meant.
    #[must_use]
    pub fn which(&self) -> &Which {
        match self {
            Self::Install(install) => &install.which,
            Self::Remove(which) | Self::Start(which) | Self::Stop(which) | Self::Status(which) => {
                which
            }
        }
    }
}

impl Which {
    /// The words that name the same registration again, each with a blank before it.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = String::new();
        for (is_given, word) in [(self.system, " --system"), (self.user, " --user")] {
            if is_given {
                words.push_str(word);
            }
        }
        if self.name != NAME {
            words.push_str(" --name ");
            words.push_str(&self.name);
        }
        if let Some(base) = &self.base {
            words.push_str(" --base ");
            words.push_str(&base.to_string_lossy());
        }
        words
    }
}
