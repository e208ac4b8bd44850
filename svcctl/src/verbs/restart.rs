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
