//! A simulated life of a service, a decision a line. Says what the core decided, and why.

mod words;

use jiff::Zoned;
use protocol::definition::{Definition, KeepAlive};
use serde_json::{Value, json};
use supervisor_core::simulation::{Over, Script, Step, What};
use supervisor_core::{Cause, Moment, State, Wall};

use super::duration::{clock, length};
use words::{began, ended, name, outside, state};

/// What lines need to know beside the step they are about.
#[derive(Debug)]
pub(crate) struct Story {
    wall: Wall,
    shows_wall: bool,
    enabled: bool,
    rule: String,
    restarts: String,
    rule_name: &'static str,
    has_backoff: bool,
    is_conditional: bool,
    is_once: bool,
    label: String,
    outside: Vec<&'static str>,
}

impl Story {
    /// The story of that script.
    pub(crate) fn new(script: &Script, definition: &Definition, shows_wall: bool) -> Self {
        Self {
            wall: script.wall.clone(),
            shows_wall,
            enabled: script.enabled,
            rule: words::rule(definition),
            restarts: words::restarts(definition),
            rule_name: words::rule_name(definition),
            has_backoff: definition.rare.supervisor.backoff.is_some(),
            is_conditional: definition.restart().is_some()
                || matches!(definition.keep_alive, KeepAlive::When(_)),
            is_once: definition.rare.launch_only_once,
            label: definition.label.clone(),
            outside: outside(definition),
        }
    }

    /// Names the columns and the rule by which the service is started again.
    pub(crate) fn header(&self) -> String {
        let wall = if self.shows_wall { format!("{:<30}", "CLOCK") } else { String::new() };
        format!("{:<12}{wall}{:<9}{}: {}\n", "TIME", "STATE", self.label, self.rule)
    }

    /// The step as a line; the time is left out where it is still that of the one before.
    pub(crate) fn line(&self, step: &Step, last: Option<Moment>) -> String {
        let is_new = last != Some(step.at);
        let time = if is_new { clock(step.at.elapsed()) } else { String::new() };
        let wall = match (self.shows_wall, is_new) {
            (false, _) => String::new(),
            (true, false) => format!("{:<30}", ""),
            (true, true) => format!("{:<30}", self.shown(step.at)),
        };
        format!("{time:<12}{wall}{:<9}{}\n", state(step), self.sentence(step))
    }

    /// The step for a program.
    pub(crate) fn json(&self, step: &Step) -> Value {
        let mut object = json!({
            "at_ms": milliseconds(step.at),
            "state": state(step),
            "what": self.sentence(step),
        });
        if self.shows_wall {
            object["wall"] = json!(self.wall_at(step.at).to_string());
        }
        let (event, run) = match &step.what {
            What::Loaded => ("loaded", None),
            What::Began { run, .. } => ("began", Some(run)),
            What::NotMade { run, .. } => ("not_made", Some(run)),
            What::Ended { run, .. } => ("ended", Some(run)),
            What::Fired { .. } => ("fired", None),
            What::Over(_) => ("over", None),
        };
        object["event"] = json!(event);
        object["run"] = json!(run);
        if let What::Ended { exit, .. } = &step.what {
            object["status"] = json!(exit.status());
        }
        if let State::Backoff { until } = step.state {
            object["until_ms"] = json!(milliseconds(until));
        }
        object["next_timer_ms"] = json!(step.next_timer.map(milliseconds));
        object
    }

    fn sentence(&self, step: &Step) -> String {
        match &step.what {
            What::Loaded => format!("loaded; {}", self.outlook(step)),
            What::Began { run, cause, last } => {
                format!("run {run} starts: {}", began(*cause, last, self.rule_name))
            }
            What::NotMade { run, reason, .. } => {
                format!("run {run} can't start: {reason}; {}", self.outlook(step))
            }
            What::Ended { run, exit, lived } => {
                let lived = length(*lived);
                format!("run {run} ends: {} after {lived}; {}", ended(*exit), self.outlook(step))
            }
            What::Fired { timer, counts } => {
                let timer = timer.map_or("a timer", name);
                let is_throttled = matches!(step.state, State::Backoff { .. });
                let next = match counts {
                    true if is_throttled => self.outlook(step),
                    true => "it starts again once this run has ended".to_owned(),
                    false if step.owed.is_some() => "that start is owed already".to_owned(),
                    false => "nothing comes of it".to_owned(),
                };
                format!("{timer} falls due; {next}")
            }
            What::Over(over) => self.over(*over, step),
        }
    }

    /// What comes next, as things stand.
    fn outlook(&self, step: &Step) -> String {
        match step.state {
            State::Up { .. } => "it runs".to_owned(),
            State::Spawning { .. } => "starts again at once".to_owned(),
            State::Backoff { until } => {
                let (wait, at) = (length(until - step.at), self.named(until));
                let owed = step.owed.filter(|cause| *cause != Cause::KeepAlive);
                let owed = owed.map(|cause| format!(" for {}", name(cause))).unwrap_or_default();
                match &step.what {
                    What::NotMade { .. } => format!("tries again{owed} in {wait}, at {at}"),
                    What::Loaded
                    | What::Began { .. }
                    | What::Ended { .. }
                    | What::Fired { .. }
                    | What::Over(_) => {
                        let waits = if self.has_backoff { "pauses" } else { "throttled" };
                        format!("{waits} for {wait}, starts again{owed} at {at}")
                    }
                }
            }
            State::Waiting => format!("waits{}", self.awaited(step)),
            State::Failed => "gives up: only svcctl start tries again".to_owned(),
            State::Down => format!("stays down: {}", self.why_down(step)),
            State::Stopping { .. } | State::Clearing { .. } => "it is being ended".to_owned(),
        }
    }

    fn awaited(&self, step: &Step) -> String {
        let timer = step.next_timer.map(|at| {
            let wait = length(at - step.at);
            format!(" for {wait}, next start at {}", self.named(at))
        });
        timer.unwrap_or_else(|| match self.outside.as_slice() {
            [] => " for svcctl start".to_owned(),
            outside => format!(" for {}", outside.join(", ")),
        })
    }

    fn why_down(&self, step: &Step) -> String {
        if !self.enabled {
            return "it is Disabled".to_owned();
        }
        match &step.what {
            What::Loaded => format!("no RunAtLoad, {}, no timer", self.restarts),
            _ if self.is_once => "LaunchOnlyOnce".to_owned(),
            What::Ended { exit, .. } if self.is_conditional => {
                format!("{} does not hold after {}", self.rule_name, ended(*exit))
            }
            What::Began { .. }
            | What::NotMade { .. }
            | What::Ended { .. }
            | What::Fired { .. }
            | What::Over(_) => self.restarts.clone(),
        }
    }

    fn over(&self, over: Over, step: &Step) -> String {
        match over {
            Over::UsedUp => "the end: all of --exits are used up".to_owned(),
            Over::RunsOn => "the end: it runs on for ever".to_owned(),
            Over::Time => format!("the end: {} have passed", length(step.at.elapsed())),
            Over::AtRest if !self.enabled => {
                format!("the end: only svcctl enable {} lets it start", self.label)
            }
            Over::AtRest if self.outside.is_empty() || step.state != State::Waiting => {
                format!("the end: only svcctl start {} starts it now", self.label)
            }
            Over::AtRest => {
                format!("the end: {} is not simulated", self.outside.join(", "))
            }
        }
    }

    /// A moment as the lines have it.
    fn named(&self, at: Moment) -> String {
        if self.shows_wall { self.shown(at) } else { clock(at.elapsed()) }
    }

    fn wall_at(&self, at: Moment) -> Zoned {
        self.wall.at(at).to_zoned(self.wall.zone.clone())
    }

    fn shown(&self, at: Moment) -> String {
        self.wall_at(at).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
    }
}

fn milliseconds(at: Moment) -> u64 {
    u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX)
}
