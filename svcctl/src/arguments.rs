//! The command line: what every verb shares. Each verb's own options stand in its file.

mod help;
#[cfg(test)]
mod manual;
mod time;
mod when;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::verbs::{
    add, apply, check, completions, disable, enable, events, export, history, launchctl, list,
    logs, ping, remove, restart, schema, shutdown, simulate, start, status, stop, upgrade, wait,
    why,
};

/// Asks supervisord: what runs, and what should
#[derive(Debug, Parser)]
#[command(
    name = "svcctl",
    version,
    help_template = help::TEMPLATE,
    after_help = help::EXAMPLES,
    override_usage = "svcctl [OPTIONS] VERB …",
    subcommand_value_name = "VERB",
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    /// Which supervisor to talk to.
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Answer with JSON
    #[arg(long, global = true, help_heading = help::EVERYWHERE)]
    pub(crate) json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Which supervisor to talk to.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = help::EVERYWHERE)]
pub(crate) struct PlaceArguments {
    /// The supervisor that has everything below this folder [env: SUPERVISORD_BASE]
    #[arg(long, global = true, value_name = "DIR", conflicts_with_all = ["system", "user"])]
    pub(crate) base: Option<PathBuf>,
    /// The machine's supervisor; usual for root
    #[arg(long, global = true, conflicts_with = "user")]
    pub(crate) system: bool,
    /// Your own supervisor; usual for all but root
    #[arg(long, global = true)]
    pub(crate) user: bool,
}

/// What to do; launchctl's words stand behind ours.
///
/// A verb's own options are made when it is the one: all of them would take half of a run's time.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Verb {
    List(list::Arguments),
    Status(status::Arguments),
    Why(why::Arguments),
    Logs(logs::Arguments),
    Events(events::Arguments),
    History(history::Arguments),
    Wait(wait::Arguments),
    Add(Box<add::Arguments>),
    Remove(remove::Arguments),
    Start(start::Arguments),
    Stop(stop::Arguments),
    Restart(restart::Arguments),
    Enable(enable::Arguments),
    Disable(disable::Arguments),
    Apply(apply::Arguments),
    Check(check::Arguments),
    Simulate(Box<simulate::Arguments>),
    Export(export::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Ping(ping::Arguments),
    Upgrade(upgrade::Arguments),
    Shutdown(shutdown::Arguments),
    #[command(flatten)]
    Launchctl(launchctl::Verb),
}

/// The services a verb is about.
#[derive(Debug, Args)]
pub(crate) struct Labels {
    /// The services' labels
    #[arg(required = true, value_name = "LABEL")]
    pub(crate) labels: Vec<String>,
}

/// How a verb that changes something goes about it.
#[derive(Debug, Default, Args)]
pub(crate) struct Waiting {
    /// Return when it has begun, not when it is done
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Wait so long at most, like 90 or 1m30s; what was begun goes on
    #[arg(long, value_name = "TIME", value_parser = time::read, conflicts_with = "no_wait")]
    pub(crate) timeout: Option<Duration>,
    /// Why, for those who look at the history later
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// A `--timeout` as the wire has it.
pub(crate) fn milliseconds(timeout: Option<Duration>) -> Option<u64> {
    timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))
}

pub(crate) use time::read as read_time;
pub(crate) use when::read as read_when;
