//! The command line of `supervisord`: the daemon itself without a verb, its registration with one.

#[cfg(test)]
mod manual;
pub mod registration;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use protocol::address::Domain;

/// Runs services and never loses one.
#[derive(Debug, Parser)]
#[command(version, about, after_help = AFTER_HELP)]
#[command(args_conflicts_with_subcommands = true, subcommand_value_name = "VERB")]
#[command(disable_help_subcommand = true, subcommand_help_heading = "Verbs")]
pub struct Arguments {
    /// What to do instead of running.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// How to run.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// What can be done instead of running.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// About the registration.
    #[command(flatten)]
    Registration(registration::Verb),
    /// Run in the foreground until Enter or Ctrl-C, and tell everything
    Debug(Place),
}

/// How the daemon runs.
#[derive(Debug, Args)]
pub struct Daemon {
    /// Whose it is.
    #[command(flatten)]
    pub place: Place,

    /// Go to the background; returns when services can be controlled, or says why not
    #[arg(long)]
    pub daemonize: bool,

    /// Only prove that what is stored can be read, as `svcctl upgrade` asks of a new program
    #[arg(long, hide = true, conflicts_with = "daemonize")]
    pub self_check: bool,

    /// Be the service of that name, as Windows' service control manager asks
    #[arg(long, hide = true, value_name = "NAME", conflicts_with = "daemonize")]
    pub service: Option<String>,
    /// Kill what has not ended so many seconds after a shutdown began, whatever its ExitTimeOut
    /// [default: 90, or the longest ExitTimeOut]
    #[arg(long, value_name = "SECONDS")]
    pub shutdown_timeout: Option<u64>,

    /// What to tell: error, warn, info or debug; RUST_LOG may say it finer
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: String,

    /// Tell it there, not on standard error
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

/// Where a supervisor has its folders.
#[derive(Debug, Args)]
pub struct Place {
    /// Keep everything below one folder: services, state, run and logs
    #[arg(long, value_name = "DIR", env = "SUPERVISORD_BASE", conflicts_with_all = ["system", "user"])]
    pub base: Option<PathBuf>,

    /// Be the machine's supervisor (the default for root)
    #[arg(long, conflicts_with = "user")]
    pub system: bool,

    /// Be the calling user's supervisor (the default for everybody else)
    #[arg(long)]
    pub user: bool,
}

const AFTER_HELP: &str = "\
Without a verb it stays in the foreground, as systemd, launchd and containers want it. SIGTERM and
SIGINT stop all services and end it; SIGHUP reads the services folder again. Control it with svcctl.

Examples:
  supervisord install              register it with systemd, launchd, OpenRC or init.d
  supervisord start                let that start it now; it starts at boot by itself
  supervisord --base /tmp/try      try it out";

impl Place {
    /// The domain they choose.
    #[must_use]
    pub fn domain(&self, is_root: bool) -> Domain {
        match &self.base {
            Some(base) => Domain::Base(base.clone()),
            None if self.system || (is_root && !self.user) => Domain::System,
            None => Domain::User,
        }
    }
}

impl Daemon {
    /// One that is watched at work.
    #[must_use]
    pub fn watched(place: Place) -> Self {
        Self {
            place,
            daemonize: false,
            self_check: false,
            service: None,
            shutdown_timeout: None,
            log: "debug".to_owned(),
            log_file: None,
        }
    }
}
