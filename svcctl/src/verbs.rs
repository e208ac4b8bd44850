//! The verbs, one file each: options, request, what to show. `change` and `report` they share.

pub(crate) mod add;
pub(crate) mod apply;
mod change;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod disable;
pub(crate) mod enable;
pub(crate) mod events;
pub(crate) mod export;
mod files;
pub(crate) mod history;
pub(crate) mod launchctl;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod ping;
pub(crate) mod remove;
mod report;
pub(crate) mod restart;
pub(crate) mod schema;
pub(crate) mod shutdown;
pub(crate) mod simulate;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod upgrade;
pub(crate) mod wait;
pub(crate) mod why;

use protocol::message::{Call, Hello, HelloCall, Refusal};

use crate::arguments::{Arguments, Verb};
use crate::client::Client;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

/// Does what the command line says.
pub(crate) fn run(arguments: Arguments, output: &mut Output) -> Result<Exit, Error> {
    let mut place = Place::choose(&arguments.place);
    let result = match arguments.verb {
        Verb::List(list) => list.run(&place, output),
        Verb::Status(status) => status.run(&place, output),
        Verb::Why(why) => why.run(&place, output),
        Verb::Logs(logs) => logs.run(&place, output),
        Verb::Events(events) => events.run(&place, output),
        Verb::History(history) => history.run(&place, output),
        Verb::Wait(wait) => wait.run(&place, output),
        Verb::Add(add) => add.run(&place, output),
        Verb::Remove(remove) => remove.run(&place, output),
        Verb::Start(start) => start.run(&place, output),
        Verb::Stop(stop) => stop.run(&place, output),
        Verb::Restart(restart) => restart.run(&place, output),
        Verb::Enable(enable) => enable.run(&place, output),
        Verb::Disable(disable) => disable.run(&place, output),
        Verb::Apply(apply) => apply.run(&place, output),
        Verb::Check(check) => check.run(output),
        Verb::Simulate(simulate) => simulate.run(output),
        Verb::Export(export) => export.run(&place, output),
        Verb::Schema(schema) => schema.run(output),
        Verb::Completions(completions) => completions.run(output),
        Verb::Ping(ping) => ping.run(&place, output),
        Verb::Upgrade(upgrade) => upgrade.run(&place, output),
        Verb::Shutdown(shutdown) => shutdown.run(&place, output),
        Verb::Launchctl(verb) => verb.run(&mut place, output),
    };
    match result {
        Err(Error::NotUnderstood { task, refusal }) => Err(compare_versions(&place, task, refusal)),
        result => result,
    }
}

/// A daemon that can't make sense of our request most likely is another version.
fn compare_versions(place: &Place, task: String, refusal: Refusal) -> Error {
    let client = format!("svcctl {}", env!("CARGO_PKG_VERSION"));
    let hello = Client::connect(place, task.as_str())
        .and_then(|mut daemon| daemon.ask::<Hello>(Call::Hello(HelloCall { client })));
    let daemon = match hello {
        Ok(hello) if hello.version == env!("CARGO_PKG_VERSION") => {
            return Error::NotUnderstood { task, refusal };
        }
        Ok(hello) => format!("version {}", hello.version),
        Err(_) => "of an unknown version".to_owned(),
    };
    Error::OtherVersion { task, daemon, sentence: refusal.sentence }
}

/// What is tried, for errors that concern the connection: `stop web`, `stop 3 services`.
fn task(verb: &str, labels: &[String]) -> String {
    match labels {
        [label] => format!("{verb} {label}"),
        labels => format!("{verb} {} services", labels.len()),
    }
}
