//! `svcctl status LABEL…`

use clap::Args;
use jiff::Timestamp;
use protocol::message::{Call, State, Status, Target};

use super::report::Report;
use super::task;
use crate::arguments::Labels;
use crate::client::Client;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show;

/// Show all that is known about services
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 when it is up, 3 when it is not, 4 when there is none.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) labels: Labels,
}

impl Arguments {
    /// Shows each; the exit code tells whether they are up.
    pub(crate) fn run(&self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let Labels { labels } = &self.labels;
        let task = task("show", labels);
        let mut client = Client::connect(place, task.as_str())?;
        let mut report = Report::begin(output, &task, labels.len());
        let now = Timestamp::now();
        let calls = labels.iter().map(|label| Call::Status(Target { label: label.clone() }));
        client.ask_all(calls, |answer, _| {
            report.take(answer, |output, status: Status| {
                if !output.is_json() {
                    output.line(show::status(&status, now))?;
                }
                let up = status.row.state == State::Up;
                Ok(if up { Exit::Done } else { Exit::NotRunning })
            })
        })?;
        report.end()
    }
}
