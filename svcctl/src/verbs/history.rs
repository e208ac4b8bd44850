//! `svcctl history [LABEL…]`

use clap::Args;
use protocol::message::{Call, Events, Incoming, Reason, Refusal};

use super::events::show;
use super::task;
use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

/// Show what happened to services, and who asked for it
#[derive(Debug, Args)]
#[command(after_help = "\
Some megabytes of the past are kept, also of services that were removed. With --json each event is
an object in a line of its own.")]
pub(crate) struct Arguments {
    /// Only what is about these services
    #[arg(value_name = "LABEL")]
    labels: Vec<String>,
    /// Only the last N events
    #[arg(short = 'n', long, value_name = "N")]
    events: Option<u64>,
}

impl Arguments {
    /// Writes all events that are kept.
    pub(crate) fn run(self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let task = match self.labels.as_slice() {
            [] => "show the history".to_owned(),
            labels => task("show the history of", labels),
        };
        let mut client = Client::connect(place, task.as_str())?;
        let is_named = !self.labels.is_empty() && self.events != Some(0);
        let wanted = Events { labels: self.labels, last: self.events, ..Events::default() };
        let request = client.send(Call::Events(wanted))?;
        let mut is_empty = true;
        loop {
            match client.receive()? {
                Incoming::Event(event) => {
                    is_empty = false;
                    show(&task, event, output)?;
                }
                Incoming::Response(response) if response.id == request => {
                    client::settle(&task, response.outcome)?;
                    break;
                }
                Incoming::Response(response) => {
                    return Err(client::stray(&task, response.outcome.err()));
                }
                Incoming::Log(_) | Incoming::Waiting(_) => return Err(client::stray(&task, None)),
            }
        }
        if is_empty && is_named {
            let sentence = format!("cannot {task}: nothing about it is kept");
            return Err(Error::Refused(Refusal::new(Reason::NoSuchService, sentence)));
        }
        Ok(Exit::Done)
    }
}
