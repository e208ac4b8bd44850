//! `svcctl ping`

use clap::Args;
use protocol::message::{Call, Pong};
use serde_json::value::RawValue;

use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

const TASK: &str = "ping supervisord";

/// Ask supervisord whether it is alive
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

impl Arguments {
    /// One question, one line.
    pub(crate) fn run(&self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let mut client = Client::connect(place, TASK)?;
        let answer: &RawValue = client.ask(Call::Ping)?;
        let Pong { pid, services } = client::read(TASK, answer)?;
        if output.is_json() {
            output.line(answer.get())?;
        } else {
            let plural = if services == 1 { "" } else { "s" };
            output
                .line(format_args!("supervisord: alive, pid {pid}, {services} service{plural}"))?;
        }
        Ok(Exit::Done)
    }
}
