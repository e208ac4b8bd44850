//! `svcctl why LABEL…`

use clap::Args;
use jiff::Timestamp;
use protocol::message::{Call, Status, Target};

use super::report::Report;
use super::task;
use crate::arguments::Labels;
use crate::client::Client;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show;

/// Tell why services are where they are
#[derive(Debug, Args)]
#[command(after_help = "\
One answer: how the last run ended and what that commonly means, its last lines, when the next start
is, and who asked last for a change. With --json it is the object that status has.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    labels: Labels,
}

impl Arguments {
    /// Tells it of each.
    pub(crate) fn run(&self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let Labels { labels } = &self.labels;
        let task = task("explain", labels);
        let mut client = Client::connect(place, task.as_str())?;
        let mut report = Report::begin(output, &task, labels.len());
        let now = Timestamp::now();
        let calls = labels.iter().map(|label| Call::Status(Target { label: label.clone() }));
        client.ask_all(calls, |answer, _| {
            report.take(answer, |output, status: Status| {
                if !output.is_json() {
                    output.line(show::why(&status, now))?;
                }
                Ok(Exit::Done)
            })
        })?;
        report.end()
    }
}
