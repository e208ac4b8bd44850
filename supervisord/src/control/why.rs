//! Why a service is where it is, in one sentence. Pure: facts in, words out.

use std::time::Duration;

use supervisor_core::{
    Cause, Ended, Exit, Goal, KeepAlive, Level, Moment, Policy, RestartOn, Service, StartLimit,
    State,
};

use crate::os;

/// The sentence for a service as it is now.
#[must_use]
pub fn why(service: &Service, now: Moment) -> String {
    match service.state() {
        State::Up { .. } => started(service),
        State::Spawning { .. } => "its process is being made".to_owned(),
        State::Stopping { kill_at: Some(kill_at), .. } => {
            format!("told to end, killed in {}", length(kill_at - now))
        }
        State::Stopping { kill_at: None, .. } if service.policy().stop_timeout.is_none() => {
            "told to end, never killed (ExitTimeOut 0)".to_owned()
        }
        State::Stopping { kill_at: None, .. } => "killed, but not gone yet".to_owned(),
        State::Clearing { kill_at, .. } => {
            let last = ended(service.ended());
            match kill_at {
                Some(kill_at) => format!(
                    "{last}, but processes it started are left: told to end, killed in {}",
                    length(kill_at - now)
                ),
                None => format!("{last}, but processes it started are left: killed, not gone yet"),
            }
        }
        State::Backoff { until } => {
            format!("{}, again in {}", ended(service.ended()), length(until - now))
        }
        State::Failed => {
            match service.policy().start_limit.as_deref().filter(|_| service.is_given_up()) {
                Some(StartLimit { burst, interval }) => format!(
                    "{}, and was given up: more than {burst} starts within {} (StartLimit)",
                    ended(service.ended()),
                    length(*interval)
                ),
                None => ended(service.ended()),
            }
        }
        State::Waiting => "waiting".to_owned(),
        State::Down => down(service),
    }
}

fn started(service: &Service) -> String {
    match service.cause() {
        Cause::Load => "started when it was loaded".to_owned(),
        Cause::Asked => "started on request".to_owned(),
        Cause::KeepAlive => format!("started again after {}", ended(service.ended())),
        Cause::Before => "taken over from an earlier supervisord".to_owned(),
        Cause::Interval => "started by its StartInterval".to_owned(),
        Cause::Calendar => "started by its StartCalendarInterval".to_owned(),
        Cause::Watch => "started because one of its WatchPaths changed".to_owned(),
        Cause::Mount => "started because a file system was mounted".to_owned(),
        Cause::Socket => "started because someone connected to its socket".to_owned(),
        Cause::Level(place) => match service.levels().get(usize::from(place)) {
            Some(level) => format!("started because {}", condition(level)),
            None => "started by a condition it no longer has".to_owned(),
        },
    }
}

/// A level in words, as it is when it holds.
fn condition(level: &Level) -> String {
    match level {
        Level::Path { path, exists: true } => format!("{path} exists"),
        Level::Path { path, exists: false } => format!("{path} does not exist"),
        Level::Queue(path) => format!("{path} is not empty"),
        Level::Network(true) => "the network is up".to_owned(),
        Level::Network(false) => "the network is down".to_owned(),
        Level::OtherLoaded { label, value: true } => format!("{label} is loaded"),
        Level::OtherLoaded { label, value: false } => format!("{label} is not loaded"),
        Level::OtherActive { label, value: true } => format!("{label} runs"),
        Level::OtherActive { label, value: false } => format!("{label} does not run"),
    }
}

fn down(service: &Service) -> String {
    if service.is_leaving() {
        ended(service.ended())
    } else if !service.is_enabled() {
        "nothing starts it until it is enabled".to_owned()
    } else if service.goal() == Goal::Down {
        "its goal is down until someone starts it".to_owned()
    } else if *service.ended() == Ended::Never {
        "nothing starts it by itself (no RunAtLoad, no KeepAlive)".to_owned()
    } else {
        let rule = if service.policy().restart.is_some() { "Restart" } else { "KeepAlive" };
        format!("{}, and its {rule} does not start it again", ended(service.ended()))
    }
}

/// What a process that waits for a debugger is, and how it goes on.
#[must_use]
pub fn held(pid: u32) -> String {
    format!(
        "stopped before its first instruction (WaitForDebugger): attach with `gdb -p {pid}`, or let \
         it go on with `kill -CONT {pid}`"
    )
}

/// How a run ended, in words like `exit 1` and `killed by SIGSEGV, core dumped`.
#[must_use]
pub fn ended(ended: &Ended) -> String {
    match ended {
        Ended::Never => "never run".to_owned(),
        Ended::NotMade(cause) => format!("could not start: {cause}"),
        Ended::Exit { exit, .. } => self::exit(*exit),
    }
}

/// How a process ended, in words.
#[must_use]
pub fn exit(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => protocol::exit::words(code),
        Exit::Signal { number, core, .. } => {
            let core = if core { ", core dumped" } else { "" };
            match os::signal_name(number) {
                Some(name) => format!("killed by {name}{core}"),
                None => format!("killed by signal {number}{core}"),
            }
        }
        Exit::Unknown => "ended, nobody saw how".to_owned(),
    }
}

/// The restart rule in words, with its pauses where they grow.
#[must_use]
pub fn restarts(policy: &Policy) -> String {
    let rule = rule(policy);
    match &policy.backoff {
        Some(backoff) => {
            let (first, longest) = (length(backoff.initial), length(backoff.max));
            format!("{rule}, after a pause of {first} at first and {longest} at most")
        }
        None => rule,
    }
}

fn rule(policy: &Policy) -> String {
    use supervisor_core::Condition::{Crashed, SuccessfulExit};
    if let Some(restart) = &policy.restart {
        let rule = match restart.on {
            RestartOn::Always => "always",
            RestartOn::Failure => "after failure",
            RestartOn::Success => "after success",
            RestartOn::Abnormal => "after a signal or crash",
            RestartOn::Never => "never",
        };
        return rule.to_owned();
    }
    match &policy.keep_alive {
        KeepAlive::Never => "never".to_owned(),
        KeepAlive::Always => "always".to_owned(),
        KeepAlive::When(conditions) => {
            let words: Vec<&str> = conditions
                .iter()
                .map(|condition| match condition {
                    SuccessfulExit(true) => "after success",
                    SuccessfulExit(false) => "after failure",
                    Crashed(true) => "after a crash",
                    Crashed(false) => "unless it crashed",
                })
                .collect();
            words.join(" or ")
        }
    }
}

/// A length of time as people say it: `0.4 s`, `9 s`, `3 min 5 s`, `2 h 3 min`, `4 d 2 h`.
#[must_use]
pub fn length(length: Duration) -> String {
    let seconds = length.as_secs_f64().round();
    match length.as_millis() {
        0 => "0 s".to_owned(),
        1..1000 => format!("{:.1} s", length.as_secs_f64().max(0.1)),
        1000..60_000 => format!("{seconds:.0} s"),
        _ => match length.as_secs() {
            seconds @ ..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
            seconds @ 3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
            seconds => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_like_speech() {
        let cases =
            [(0, "0 s"), (40, "0.1 s"), (400, "0.4 s"), (9400, "9 s"), (185_000, "3 min 5 s")];
        let cases = cases.into_iter().chain([(7_380_000, "2 h 3 min"), (353_000_000, "4 d 2 h")]);
        for (milliseconds, words) in cases {
            assert_eq!(length(Duration::from_millis(milliseconds)), words);
        }
    }

    #[test]
    fn ends_name_signals_and_status_codes() {
        let exit = |exit| ended(&Ended::Exit { exit, asked: false });
        assert_eq!(exit(Exit::Code(3)), "exit 3");
        assert_eq!(exit(Exit::Code(0xC000_0005)), "exit 0xc0000005 (STATUS_ACCESS_VIOLATION)");
        assert_eq!(
            exit(Exit::Signal { number: 11, core: true, crash: true }),
            "killed by SIGSEGV, core dumped"
        );
        assert_eq!(
            ended(&Ended::NotMade("exec /x: gone".into())),
            "could not start: exec /x: gone"
        );
    }
}
