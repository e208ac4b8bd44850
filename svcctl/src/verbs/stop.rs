//! `svcctl stop LABEL…`

use clap::Args;
use protocol::message::Call;

use super::change;
use crate::arguments::{Labels, Waiting};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show::Did;

/// Stop services; they stay down until started again, also over a reboot
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
        change::each((place, output), (Did::Stop, Call::Stop), &self.labels, &self.waiting)
    }
}
