//! `svcctl shutdown`

use std::time::Duration;

use clap::Args;
use protocol::message::{Call, Incoming, Shutdown};
use serde::Deserialize;

use crate::arguments::{milliseconds, read_time};
use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show;

const TASK: &str = "shut down supervisord";

/// Stop every service and end supervisord
#[derive(Debug, Args)]
#[command(after_help = "\
Goals stay as they are: what is up now is started again when supervisord is. What it waits for is
told after a second, and from then on every ten.")]
pub(crate) struct Arguments {
    /// Kill what has not ended by then, like 90 or 1m30s, whatever its ExitTimeOut
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    timeout: Option<Duration>,
    /// Why, for those who look at the history later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// What the answer may tell.
#[derive(Deserialize)]
struct Ended {
    /// How many services were ended.
    #[serde(default)]
    services: Option<u64>,
    /// Those that could not be.
    #[serde(default)]
    left: Vec<String>,
}

impl Arguments {
    /// Returns when the daemon has closed the connection, for then it is gone.
    pub(crate) fn run(self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let mut client = Client::connect(place, TASK)?;
        client.be_patient(None);
        let timeout_ms = milliseconds(self.timeout);
        let call = Call::Shutdown(Shutdown { timeout_ms, reason: self.reason });
        let mut request = client.send(call.clone())?;
        let answer = loop {
            match client.receive() {
                Err(Error::HungUp { .. }) => {
                    client.reconnect()?;
                    request = client.send(call.clone())?;
                }
                Err(error) => return Err(error),
                Ok(Incoming::Waiting(waiting)) => output.remark(show::waiting(&waiting)),
                Ok(Incoming::Response(response)) if response.id == request => {
                    break client::settle(TASK, response.outcome)?.to_owned();
                }
                Ok(Incoming::Response(response)) => {
                    return Err(client::stray(TASK, response.outcome.err()));
                }
                Ok(Incoming::Log(_) | Incoming::Event(_)) => {
                    return Err(client::stray(TASK, None));
                }
            }
        };
        client.await_end()?;
        let Ended { services, left } = client::read(TASK, &answer)?;
        if output.is_json() {
            output.line(answer.get())?;
        } else {
            match services {
                Some(1) => output.line("supervisord: stopped, 1 service ended")?,
                Some(services) => {
                    output.line(format_args!("supervisord: stopped, {services} services ended"))?;
                }
                None => output.line("supervisord: stopped")?,
            }
        }
        for label in &left {
            output.remark(format_args!("cannot end {label}: it outlived being killed"));
        }
        Ok(if left.is_empty() { Exit::Done } else { Exit::Failed })
    }
}
