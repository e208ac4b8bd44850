//! The command line of `supervisord`.

use std::path::PathBuf;

use clap::Parser;
use protocol::address::Domain;

/// Runs services and never loses one.
#[derive(Debug, Parser)]
#[command(version, about, after_help = AFTER_HELP)]
pub struct Arguments {
    /// Keep everything below one folder: services, state, run and logs
    #[arg(long, value_name = "DIR", env = "SUPERVISORD_BASE", conflicts_with_all = ["system", "user"])]
    pub base: Option<PathBuf>,

    /// Be the machine's supervisor (the default for root)
    #[arg(long, conflicts_with = "user")]
    pub system: bool,

    /// Be the calling user's supervisor (the default for everybody else)
    #[arg(long)]
    pub user: bool,

    /// Go to the background; returns when services can be controlled, or says why not
    #[arg(long)]
    pub daemonize: bool,

    /// Only prove that what is stored can be read, as `svcctl upgrade` asks of a new program
    #[arg(long, hide = true, conflicts_with = "daemonize")]
    pub self_check: bool,

    /// What to tell: error, warn, info or debug; RUST_LOG may say it finer
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: String,
}

const AFTER_HELP: &str = "\
It stays in the foreground, as systemd, launchd and containers want it. SIGTERM and SIGINT stop all
services and end it; SIGHUP reads the services folder again. Control it with svcctl.";

impl Arguments {
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
