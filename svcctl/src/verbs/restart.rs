//! `svcctl restart LABEL…`

use clap::Args;
use protocol::message::Call;

use super::change;
use crate::arguments::{Labels, Waiting};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show::Did;

/// End the present run of services and begin a new one
#[derive(Debug, Args)]
#[command(after_help = "\
The new run begins by the definition that is loaded, whatever its file says by now. What was
edited since is taken in by svcctl apply, which restarts what can't be changed otherwise.

Examples:
  svcctl restart web
  svcctl apply --dry-run        does a file differ from what is loaded?")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) labels: Labels,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

impl Arguments {
    /// Asks the daemon for it.
    pub(crate) fn run(&self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        change::each((place, output), (Did::Restart, Call::Restart), &self.labels, &self.waiting)
    }
}
