//! The words of a simulated life: states, causes, ends, and the rule of a definition.

use protocol::definition::{Definition, KeepAlive};
use supervisor_core::simulation::Step;
use supervisor_core::{Cause, Ended, Exit, State};

use super::super::duration::length;
use crate::os;

pub(super) fn state(step: &Step) -> &'static str {
    match step.state {
        State::Down => "down",
        State::Waiting => "waiting",
        State::Spawning { .. } => "starting",
        State::Up { .. } => "up",
        State::Stopping { .. } | State::Clearing { .. } => "stopping",
        State::Backoff { .. } => "backoff",
        State::Failed => "failed",
    }
}

pub(super) fn began(cause: Cause, last: &Ended, rule: &str) -> String {
    match (cause, last) {
        (Cause::Load, _) => "it was loaded".to_owned(),
        (Cause::Asked, _) => "svcctl start".to_owned(),
        (Cause::KeepAlive, Ended::Exit { exit, .. }) => {
            format!("{rule}, after {}", ended(*exit))
        }
        (Cause::KeepAlive, Ended::NotMade(_)) => format!("{rule}, tried again"),
        (cause, _) => name(cause).to_owned(),
    }
}

/// What starts it, by the name of its key.
pub(super) fn name(cause: Cause) -> &'static str {
    match cause {
        Cause::Load => "RunAtLoad",
        Cause::Asked => "svcctl start",
        Cause::Before => "it ran before",
        Cause::KeepAlive => "KeepAlive",
        Cause::Interval => "StartInterval",
        Cause::Calendar => "StartCalendarInterval",
        Cause::Watch => "WatchPaths",
        Cause::Mount => "StartOnMount",
        Cause::Socket => "Sockets",
        Cause::Level(_) => "a condition that holds",
    }
}

pub(super) fn ended(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => protocol::exit::words(code),
        Exit::Signal { number, .. } => match os::signal_name(number) {
            Some(name) => name.to_owned(),
            None => format!("signal {number}"),
        },
        Exit::Unknown => "an unknown end".to_owned(),
    }
}

/// Keys that start it on what is not simulated.
pub(super) fn outside(definition: &Definition) -> Vec<&'static str> {
    let rare = &definition.rare;
    let mut outside = Vec::new();
    let mut add = |is_given: bool, name| {
        if is_given {
            outside.push(name);
        }
    };
    add(!rare.watch_paths.is_empty(), "WatchPaths");
    add(!rare.queue_directories.is_empty(), "QueueDirectories");
    add(rare.start_on_mount, "StartOnMount");
    add(!rare.sockets.is_empty(), "Sockets");
    outside.extend(levels(definition));
    outside
}

/// Conditions of KeepAlive that are about something else than the service itself.
fn levels(definition: &Definition) -> Vec<&'static str> {
    let KeepAlive::When(conditions) = &definition.keep_alive else { return Vec::new() };
    let levels = [
        (!conditions.path_state.is_empty(), "PathState"),
        (conditions.network_state.is_some(), "NetworkState"),
        (!conditions.other_job_enabled.is_empty(), "OtherJobEnabled"),
        (!conditions.other_job_active.is_empty(), "OtherJobActive"),
    ];
    levels.into_iter().filter_map(|(is_given, name)| is_given.then_some(name)).collect()
}

/// When it is started again, by the names of the keys.
pub(super) fn rule(definition: &Definition) -> String {
    let ours = &definition.rare.supervisor;
    let pause = match &ours.backoff {
        Some(backoff) => format!("Backoff {} to {}", length(backoff.initial), length(backoff.max)),
        None => format!("ThrottleInterval {}", length(definition.throttle_interval)),
    };
    let limit = ours
        .start_limit
        .as_ref()
        .map(|limit| format!(", StartLimit {} in {}", limit.burst, length(limit.interval)));
    format!("{}, {pause}{}", restarts(definition), limit.unwrap_or_default())
}

/// The key that decides about restarts.
pub(super) fn rule_name(definition: &Definition) -> &'static str {
    if definition.restart().is_some() { "Restart" } else { "KeepAlive" }
}

/// What decides about restarts, as far as its own runs do.
pub(super) fn restarts(definition: &Definition) -> String {
    match definition.restart() {
        Some(restart) => format!("Restart On {}", restart.on.word()),
        None => keep_alive(definition),
    }
}

/// Its KeepAlive.
fn keep_alive(definition: &Definition) -> String {
    let conditions = match &definition.keep_alive {
        KeepAlive::Never => return "no KeepAlive".to_owned(),
        KeepAlive::Always => return "KeepAlive true".to_owned(),
        KeepAlive::When(conditions) => conditions,
    };
    let after_exit = [
        ("SuccessfulExit", conditions.successful_exit),
        ("Crashed", conditions.crashed),
        ("AfterInitialDemand", conditions.after_initial_demand.then_some(true)),
    ];
    let given = after_exit.iter().filter_map(|(name, value)| Some(format!("{name} {}", (*value)?)));
    let mut given: Vec<String> = given.collect();
    given.extend(levels(definition).into_iter().map(str::to_owned));
    format!("KeepAlive {{{}}}", given.join(", "))
}
