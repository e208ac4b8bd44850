//! `svcctl upgrade [PATH]`

use std::path::{self, PathBuf};

use clap::Args;
use protocol::message::{Call, Hello, HelloCall, Incoming, Pong, Upgrade};

use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

const TASK: &str = "upgrade supervisord";

/// Let supervisord become a new program, without any service noticing
#[derive(Debug, Args)]
#[command(after_help = "\
Without PATH it is the file that supervisord was started from, for when that was replaced. The new
program first proves that it can read what the old one keeps; if it can't, the old one goes on.")]
pub(crate) struct Arguments {
    /// The new program
    path: Option<PathBuf>,
    /// Why, for those who look at the history later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Arguments {
    /// Returns when the new program answers, or with the reason why there is none.
    pub(crate) fn run(&self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let program = self.path.as_ref().map(path::absolute).transpose().map_err(Error::Output)?;
        let program = program.map(|path| path.to_string_lossy().into_owned());
        let mut client = Client::connect(place, TASK)?;
        let old: Hello = client.ask(hello())?;
        client.send(Call::Upgrade(Upgrade { program, reason: self.reason.clone() }))?;
        match client.receive() {
            Err(Error::HungUp { .. }) => client.reconnect()?,
            Err(error) => return Err(error),
            Ok(Incoming::Response(response)) => {
                client::settle(TASK, response.outcome)?;
                return Err(client::stray(TASK, None));
            }
            Ok(Incoming::Log(_) | Incoming::Event(_) | Incoming::Waiting(_)) => {
                return Err(client::stray(TASK, None));
            }
        }
        let new: Hello = client.ask(hello())?;
        let pong: Pong = client.ask(Call::Ping)?;
        if output.is_json() {
            output.line(serde_json::json!({
                "pid": new.pid, "from": old.version, "to": new.version, "services": pong.services,
            }))?;
        } else {
            let versions = if old.version == new.version {
                format!("version {}, as before", new.version)
            } else {
                format!("version {}, before {}", new.version, old.version)
            };
            let how = if old.pid == new.pid { "upgraded" } else { "started anew" };
            let (pid, services) = (new.pid, pong.services);
            output
                .line(format!("supervisord: {how}, pid {pid}, {versions}, {services} services"))?;
        }
        Ok(Exit::Done)
    }
}

fn hello() -> Call {
    Call::Hello(HelloCall { client: concat!("svcctl ", env!("CARGO_PKG_VERSION")).to_owned() })
}
