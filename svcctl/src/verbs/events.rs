//! `svcctl events [LABEL…]`

use clap::Args;
use protocol::message::{Call, Events, EventsEnd, Incoming};
use serde_json::value::RawValue;

use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::os;
use crate::output::Output;
use crate::place::Place;
use crate::show::{self, Event};

const TASK: &str = "follow events";

/// Follow what happens to services
#[derive(Debug, Args)]
#[command(after_help = "\
Every event has a number, one higher than the one before. Following goes on over a kill or an
upgrade of supervisord, misses nothing and tells nothing twice; it ends when supervisord is shut
down. With --json each event is an object in a line of its own.")]
pub(crate) struct Arguments {
    /// Only what is about these services
    #[arg(value_name = "LABEL")]
    labels: Vec<String>,
    /// Begin behind the event with this number, as far as it is kept; 0 is the first one
    #[arg(long, value_name = "SEQ")]
    since: Option<u64>,
}

impl Arguments {
    /// Passes events on as they come.
    pub(crate) fn run(self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let mut client = Client::connect(place, TASK)?;
        let present = Call::Events(Events { last: Some(0), ..Events::default() });
        let EventsEnd { next } = client.ask(present)?;
        let mut after = self.since.unwrap_or(next.saturating_sub(1));
        let call = |after| {
            let labels = self.labels.clone();
            Call::Events(Events { after: Some(after), labels, follow: true, last: None })
        };
        let mut request = client.send(call(after))?;
        client.be_patient(None);
        loop {
            match client.receive() {
                Err(Error::HungUp { .. }) => {
                    client.reconnect()?;
                    request = client.send(call(after))?;
                }
                Err(error) => return Err(error),
                Ok(Incoming::Event(event)) => after = show(TASK, event, output)?,
                Ok(Incoming::Response(response)) if response.id == request => {
                    client::settle(TASK, response.outcome)?;
                    return Ok(Exit::Done);
                }
                Ok(Incoming::Response(response)) => {
                    return Err(client::stray(TASK, response.outcome.err()));
                }
                Ok(Incoming::Log(_) | Incoming::Waiting(_)) => {
                    return Err(client::stray(TASK, None));
                }
            }
            output.flush()?;
        }
    }
}

/// Writes one event; its number.
pub(super) fn show(task: &str, event: &RawValue, output: &mut Output) -> Result<u64, Error> {
    let known: Event<'_> = client::read(task, event)?;
    if output.is_json() {
        let mut object: serde_json::Map<String, serde_json::Value> = client::read(task, event)?;
        object.remove("request");
        output.line(serde_json::Value::Object(object))?;
    } else {
        output.line(show::event(&known, os::user_name))?;
    }
    Ok(known.seq)
}
