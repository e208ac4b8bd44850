//! `svcctl shutdown`

use std::time::Duration;

use clap::Args;
use protocol::message::{Call, Shutdown};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::arguments::read_time;
use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

const TASK: &str = "shut down supervisord";

/// Stop every service and end supervisord
#[derive(Debug, Args)]
#[command(after_help = "\
Goals stay as they are: what is up now is started again when supervisord is.")]
pub(crate) struct Arguments {
    /// Wait so long at most, like 90 or 1m30s; it goes on ending
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    timeout: Option<Duration>,
}

/// What the answer may tell.
#[derive(Deserialize)]
struct Ended {
    /// How many services were ended.
    #[serde(default)]
    services: Option<u64>,
}

impl Arguments {
    /// Returns when the daemon has closed the connection, for then it is gone.
    pub(crate) fn run(&self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let mut client = Client::connect(place, TASK)?;
        client.be_patient(self.timeout);
        let answer: &RawValue = client.ask(Call::Shutdown(Shutdown {}))?;
        let answer = answer.to_owned();
        client.await_end()?;
        if output.is_json() {
            output.line(answer.get())?;
            return Ok(Exit::Done);
        }
        match client::read::<Option<Ended>>(TASK, &answer)?.and_then(|ended| ended.services) {
            Some(1) => output.line("supervisord: stopped, 1 service ended")?,
            Some(services) => {
                output.line(format_args!("supervisord: stopped, {services} services ended"))?;
            }
            None => output.line("supervisord: stopped")?,
        }
        Ok(Exit::Done)
    }
}
