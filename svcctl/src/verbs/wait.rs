//! `svcctl wait LABEL…`

use std::time::Duration;

use clap::{Args, ValueEnum};
use protocol::message::{Call, Until, Wait};

use super::change::patience;
use super::report::Report;
use super::task;
use crate::arguments::{Labels, Waiting, milliseconds, read_time};
use crate::client::Client;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show::Did;

/// Wait until services are up, down, or have exited
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    labels: Labels,
    /// Until they are up (and ready), down (nothing of them runs or is about to), or have exited
    #[arg(
        long,
        value_enum,
        default_value = "up",
        value_name = "STATE",
        hide_possible_values = true
    )]
    until: Where,
    /// Wait so long at most, like 90 or 1m30s
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    timeout: Option<Duration>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Where {
    Up,
    Down,
    Exited,
}

impl Arguments {
    /// Asks the daemon to answer when it is so.
    pub(crate) fn run(self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let Labels { labels } = self.labels;
        let task = task(Did::Wait.word(), &labels);
        let mut client = Client::connect(place, task.as_str())?;
        client.be_patient(patience(&Waiting { timeout: self.timeout, ..Waiting::default() }));
        let mut report = Report::begin(output, &task, labels.len());
        let until = match self.until {
            Where::Up => Until::Up,
            Where::Down => Until::Down,
            Where::Exited => Until::Exited,
        };
        let timeout_ms = milliseconds(self.timeout);
        let call = |label: &String| Call::Wait(Wait { label: label.clone(), until, timeout_ms });
        client.ask_all(labels.iter().map(call), |answer, _| {
            report.take_outcome(Did::Wait, true, answer)
        })?;
        report.end()
    }
}
