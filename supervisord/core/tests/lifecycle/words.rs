//! The words of the case files, both ways.
//!
//! Settings: `keep-alive always|never|{}|success|failure|crash|no-crash` (several of the last four
//! are alternatives), `restart always|failure|success|abnormal|never` (with `ok 3`, `never 4,5`,
//! `signal 15` behind it), `no-restart`, `backoff 1s x2 to 60s reset 60s jitter 0.5`, `no-backoff`, `start-limit 5 in 60s`, `no-start-limit`, `throttle 10s`, `stop-timeout 20s|never`, `run-at-load`, `disabled`,
//! `goal down`, `past 3 up|left|gone code 1` and what [`triggers::remember`] has; of triggers `interval 60s`, `edges`, `after-demand`,
//! `once`, `calendar Hour 3 Minute 0 or Weekday 1`, the levels `path P`, `queue P`, `network yes`,
//! `other-loaded b yes`, `other-active b no`, and to be rid of them `no-levels`, `no-triggers`.
//!
//! Events: `start stop restart enable disable remove watch`, `replace SETTINGS`, `renew SETTINGS`,
//! `load SETTINGS`, `expect LABELS`, `shutdown`, `shutdown 5s`,
//! `cancel 7`, `timeout`, `wake` (a timeout after a
//! sleep), and the news `spawned 1`, `not-made 1 cause`, `lacking 1 cause` (what
//! comes back), `exited 1 HOW`, `cleared 1`,
//! `level 0 on|off`, `trigger watch|mount|socket`. A request that waits says `(7 wants up)`; other
//! services than the first, whose label is `a`, stand before a colon: `b: start`.
//!
//! The clock on the wall, at the beginning and later: `zone CET-1CEST,M3.5.0,M10.5.0/3`,
//! `wall 2026-03-29T01:00`.

use std::time::Duration;

use supervisor_core::{
    Answer, Backoff, Cause, Change, Condition, Event, Exit, Goal, KeepAlive, Load, Moment, Past,
    Policy, RequestId, Restart, RestartOn, Run, Service, ServiceId, StartLimit, State, Want,
};

use crate::triggers;

/// Who waits for an answer, and for what.
pub(crate) type Asked = Option<(RequestId, Want)>;

/// How a service is loaded.
pub(crate) struct Settings {
    pub(crate) policy: Policy,
    goal: Goal,
    enabled: bool,
    past: Option<Past>,
}

impl Default for Settings {
    fn default() -> Self {
        let policy = Policy {
            run_at_load: false,
            keep_alive: KeepAlive::Never,
            restart: None,
            throttle: Duration::from_secs(10),
            backoff: None,
            start_limit: None,
            stop_timeout: Some(Duration::from_secs(20)),
            triggers: None,
        };
        Self { policy, goal: Goal::Up, enabled: true, past: None }
    }
}

impl Settings {
    pub(crate) fn set(&mut self, line: &str) {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("disabled", _) => self.enabled = false,
            ("goal", "down") => self.goal = Goal::Down,
            ("past", past) => self.past = Some(triggers::past(past)),
            (key, value) if key.starts_with("past-") => {
                let past = self.past.as_mut().expect("a past before what was noted of it");
                triggers::remember(&mut past.memory, key, value);
            }
            _ => set(&mut self.policy, line),
        }
    }

    pub(crate) fn load(self, service: ServiceId, name: &str, asked: Asked) -> Load {
        let Self { policy, goal, enabled, past } = self;
        let (request, want) = split(asked);
        Load {
            service,
            label: if name.is_empty() { "a" } else { name }.into(),
            policy,
            goal,
            enabled,
            past,
            seed: 0,
            request,
            want,
        }
    }
}

fn set(policy: &mut Policy, line: &str) {
    let (key, value) = line.split_once(' ').unwrap_or((line, ""));
    match key {
        "run-at-load" => policy.run_at_load = true,
        "keep-alive" => policy.keep_alive = keep_alive(value),
        "restart" => policy.restart = Some(Box::new(restart(value))),
        "no-restart" => policy.restart = None,
        "backoff" => policy.backoff = Some(Box::new(backoff(value))),
        "start-limit" => {
            let (burst, interval) = value.split_once(" in ").unwrap();
            let (burst, interval) = (burst.parse().unwrap(), length(interval));
            policy.start_limit = Some(Box::new(StartLimit { burst, interval }));
        }
        "no-start-limit" => policy.start_limit = None,
        "no-backoff" => policy.backoff = None,
        "throttle" => policy.throttle = length(value),
        "stop-timeout" => policy.stop_timeout = (value != "never").then(|| length(value)),
        _ => assert!(triggers::set(policy, key, value), "no such setting: {line}"),
    }
}

pub(crate) fn keep_alive(words: &str) -> KeepAlive {
    match words {
        "never" => KeepAlive::Never,
        "always" => KeepAlive::Always,
        "{}" => KeepAlive::When(Box::default()),
        _ => KeepAlive::When(words.split(' ').map(condition).collect()),
    }
}

/// `failure ok 3 never 4,5 signal 15`: on what, and which ends are special.
pub(crate) fn restart(words: &str) -> Restart {
    let (on, special) = words.split_once(' ').unwrap_or((words, ""));
    let on = match on {
        "always" => RestartOn::Always,
        "failure" => RestartOn::Failure,
        "success" => RestartOn::Success,
        "abnormal" => RestartOn::Abnormal,
        "never" => RestartOn::Never,
        _ => panic!("nothing restarts on {on}"),
    };
    let (successes, never, signals) = Default::default();
    let mut restart = Restart { on, successes, never, signals };
    let special: Vec<&str> = special.split_whitespace().collect();
    for pair in special.chunks(2) {
        let codes = || pair[1].split(',').map(|code| code.parse().unwrap()).collect();
        match pair[0] {
            "ok" => restart.successes = codes(),
            "never" => restart.never = codes(),
            "signal" => {
                restart.signals = pair[1].split(',').map(|one| one.parse().unwrap()).collect();
            }
            other => panic!("no ends are called {other}"),
        }
    }
    restart
}

/// `1s x2 to 60s reset 60s jitter 0.5`, the first of them at least.
fn backoff(words: &str) -> Backoff {
    let mut words = words.split(' ');
    let mut backoff = Backoff {
        initial: length(words.next().unwrap()),
        factor: 2.0,
        max: Duration::from_secs(60),
        jitter: 0.0,
        reset_after: Duration::from_secs(60),
    };
    while let Some(word) = words.next() {
        match (word, word.strip_prefix('x')) {
            (_, Some(factor)) => backoff.factor = factor.parse().unwrap(),
            ("to", _) => backoff.max = length(words.next().unwrap()),
            ("reset", _) => backoff.reset_after = length(words.next().unwrap()),
            ("jitter", _) => backoff.jitter = words.next().unwrap().parse().unwrap(),
            _ => panic!("no part of a backoff: {word}"),
        }
    }
    backoff
}

fn condition(word: &str) -> Condition {
    match word {
        "success" => Condition::SuccessfulExit(true),
        "failure" => Condition::SuccessfulExit(false),
        "crash" => Condition::Crashed(true),
        "no-crash" => Condition::Crashed(false),
        _ => panic!("no such condition: {word}"),
    }
}

pub(crate) fn length(word: &str) -> Duration {
    let (number, unit) = match word.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (word.strip_suffix('s').unwrap(), 1.0),
    };
    Duration::from_secs_f64(number.parse::<f64>().unwrap() * unit)
}

pub(crate) fn moment(word: &str) -> Moment {
    Moment::after(length(word))
}

pub(crate) fn time(moment: Moment) -> String {
    if moment == Moment::default() { "0s".to_owned() } else { moment.to_string() }
}

/// Takes `(7 wants up)` off a line.
pub(crate) fn asked(line: &str) -> (&str, Asked) {
    let Some((line, asked)) = line.split_once(" (") else { return (line, None) };
    let (request, want) = asked.strip_suffix(')').unwrap().split_once(" wants ").unwrap();
    let want = match want.split_once(' ').unwrap_or((want, "")) {
        ("nothing", _) => Want::Nothing,
        ("started", _) => Want::Started,
        ("up", _) => Want::Up,
        ("stopped", _) => Want::Stopped,
        ("down", _) => Want::Down,
        ("ended", run) => Want::Ended(run.parse().unwrap()),
        _ => panic!("no such want: {want}"),
    };
    (line, Some((RequestId(request.parse().unwrap()), want)))
}

fn split(asked: Asked) -> (Option<RequestId>, Want) {
    asked.map_or((None, Want::Nothing), |(request, want)| (Some(request), want))
}

/// The event of a line; new settings are kept, so that the next `replace` adds to them.
pub(crate) fn event(service: ServiceId, line: &str, asked: Asked, policy: &mut Policy) -> Event {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (number, how) = rest.split_once(' ').unwrap_or((rest, ""));
    let run = || Run { service, number: number.parse().unwrap() };
    let change = match verb {
        "start" => Change::Start,
        "stop" => Change::Stop,
        "restart" => Change::Restart,
        "enable" => Change::Enable,
        "disable" => Change::Disable,
        "remove" => Change::Remove,
        "watch" => Change::Watch,
        "await" => Change::Await,
        "replace" | "renew" => {
            rest.split(';').map(str::trim).for_each(|line| set(policy, line));
            Change::Replace { policy: policy.clone(), renew: verb == "renew" }
        }
        "shutdown" => return Event::Shutdown((!rest.is_empty()).then(|| length(rest))),
        "timeout" | "wake" => return Event::Timeout,
        "trigger" => return Event::Trigger { service, cause: triggers::cause(rest) },
        "level" => {
            let level = number.parse().unwrap();
            return Event::Level { service, level, holds: how == "on" };
        }
        "cancel" => return Event::Cancel(RequestId(rest.parse().unwrap())),
        "spawned" => return Event::Spawned(run()),
        "not-made" | "lacking" => {
            let is_passing = verb == "lacking";
            return Event::SpawnFailed { run: run(), cause: how.into(), is_passing };
        }
        "cleared" => return Event::Cleared(run()),
        "exited" => {
            let (how, tree_empty) =
                how.strip_suffix(", leaving some").map_or((how, true), |how| (how, false));
            return Event::Exited { run: run(), exit: exit(how), tree_empty };
        }
        _ => panic!("no such event: {line}"),
    };
    let (request, want) = split(asked);
    Event::Ask { service, change, request, want }
}

/// `code 1`, `signal 9`, `crash 11`, `unknown`.
pub(crate) fn exit(how: &str) -> Exit {
    let (kind, number) = how.split_once(' ').unwrap_or((how, ""));
    let signal = |crash| Exit::Signal { number: number.parse().unwrap(), core: false, crash };
    match kind {
        "code" => Exit::Code(number.parse().unwrap()),
        "signal" => signal(false),
        "crash" => signal(true),
        "unknown" => Exit::Unknown,
        _ => panic!("no such end: {how}"),
    }
}

pub(crate) fn state(service: &Service) -> String {
    let at = |kill_at: Option<Moment>| {
        kill_at.map_or_else(String::new, |moment| format!(", kill at {}", time(moment)))
    };
    let state = match service.state() {
        State::Down => "down".to_owned(),
        State::Waiting => "waiting".to_owned(),
        State::Spawning { .. } => "spawning".to_owned(),
        State::Up { .. } if service.cause() == Cause::Before => "up as before".to_owned(),
        State::Up { .. } => "up".to_owned(),
        State::Stopping { kill_at, .. } => format!("stopping{}", at(kill_at)),
        State::Clearing { kill_at, .. } => format!("clearing{}", at(kill_at)),
        State::Backoff { until } => format!("backoff until {}", time(until)),
        State::Failed if service.is_given_up() => "failed, given up".to_owned(),
        State::Failed => "failed".to_owned(),
    };
    if service.is_enabled() { state } else { format!("{state}, disabled") }
}

pub(crate) fn stored(service: &Service) -> String {
    let goal = match service.goal() {
        Goal::Up => "up",
        Goal::Down => "down",
    };
    let disabled = if service.is_enabled() { "" } else { ", disabled" };
    format!("store {goal}{disabled}")
}

pub(crate) fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Done { changed: true } => "done",
        Answer::Done { changed: false } => "done, as it was",
        Answer::Failed => "failed",
        Answer::Superseded => "superseded",
        Answer::Disabled => "disabled",
        Answer::ShuttingDown => "shutting down",
    }
}
