//! The words for triggers, pasts and the clock on the wall.

use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use protocol::definition::Calendar;
use supervisor_core::{Cause, Ended, Left, Level, Memory, Moment, Past, Policy, Timers, Wall};

use crate::words;

/// Takes a setting about triggers; false when it is about something else.
pub(crate) fn set(policy: &mut Policy, key: &str, value: &str) -> bool {
    if key == "no-triggers" {
        policy.triggers = None;
        return true;
    }
    let mut triggers = policy.triggers.clone().unwrap_or_default();
    let (word, yes) = value.rsplit_once(' ').unwrap_or((value, ""));
    let (label, path): (Arc<str>, Arc<str>) = (word.into(), value.into());
    match key {
        "interval" => triggers.interval = Some(words::length(value)),
        "calendar" => triggers.calendar = value.split(" or ").map(calendar).collect(),
        "edges" => triggers.has_edges = true,
        "path" => triggers.levels.push(Level::Path { path, exists: true }),
        "queue" => triggers.levels.push(Level::Queue(path)),
        "network" => triggers.levels.push(Level::Network(is_yes(value))),
        "other-loaded" => triggers.levels.push(Level::OtherLoaded { label, value: is_yes(yes) }),
        "other-active" => triggers.levels.push(Level::OtherActive { label, value: is_yes(yes) }),
        "no-levels" => triggers.levels.clear(),
        "after-demand" => triggers.after_demand = true,
        "once" => triggers.once = true,
        _ => return false,
    }
    policy.triggers = Some(triggers);
    true
}

fn is_yes(word: &str) -> bool {
    match word {
        "yes" => true,
        "no" => false,
        _ => panic!("neither yes nor no: {word}"),
    }
}

/// `Hour 3 Minute 0`, or `always`.
fn calendar(words: &str) -> Calendar {
    let mut entry = Calendar::default();
    let words: Vec<&str> = words.split(' ').filter(|word| *word != "always").collect();
    for pair in words.chunks(2) {
        let value = Some(pair[1].parse().unwrap());
        match pair[0] {
            "Minute" => entry.minute = value,
            "Hour" => entry.hour = value,
            "Day" => entry.day = value,
            "Weekday" => entry.weekday = value,
            "Month" => entry.month = value,
            other => panic!("no field is called {other}"),
        }
    }
    entry
}

/// `3 gone code 1`: how many runs, what is left of the last one, and how the last to end ended.
/// `begun` and `begun-left` in place of `gone` and `left` when it is not known to have begun.
pub(crate) fn past(words: &str) -> Past {
    let (runs, rest) = words.split_once(' ').unwrap();
    let (left, ended) = rest.split_once(' ').unwrap_or((rest, "never"));
    let is_begun = left.starts_with("begun");
    let left = match left {
        "up" => Left::Main,
        "left" | "begun-left" => Left::Others,
        "gone" | "begun" => Left::Nothing,
        _ => panic!("nothing is left like that: {left}"),
    };
    let ended = match ended.split_once(' ') {
        Some(("not-made", cause)) => Ended::NotMade(cause.into()),
        None if ended == "never" => Ended::Never,
        Some(_) | None => Ended::Exit { exit: words::exit(ended), asked: false },
    };
    let runs: u32 = runs.parse().unwrap();
    let is_seen = left != Left::Main && !is_begun && ended != Ended::Never;
    let memory = Memory {
        runs,
        ended_run: if is_seen { runs } else { runs.saturating_sub(1) },
        ended,
        ended_at: None,
        tries: 0,
        is_given_up: false,
        is_begun,
        cause: Cause::Before,
        last_start: None,
        since: Moment::default(),
        owed: None,
        timers: Timers::default(),
    };
    Past { memory, left }
}

/// What else was noted, behind a [`past`]: `past-ended 2`, `past-end 7s`, `past-tries 3`,
/// `past-given-up`, `past-start 5s`, `past-owed watch`, `past-interval 40s`,
/// `past-calendar 1970-01-01T00:05:00Z`, `past-since 3s`.
pub(crate) fn remember(memory: &mut Memory, key: &str, value: &str) {
    match key {
        "past-ended" => memory.ended_run = value.parse().unwrap(),
        "past-end" => memory.ended_at = Some(words::moment(value)),
        "past-given-up" => memory.is_given_up = true,
        "past-tries" => memory.tries = value.parse().unwrap(),
        "past-start" => memory.last_start = Some(words::moment(value)),
        "past-since" => memory.since = words::moment(value),
        "past-owed" => memory.owed = Some(cause(value)),
        "past-interval" => memory.timers.interval = Some(words::moment(value)),
        "past-calendar" => memory.timers.calendar = Some(value.parse().unwrap()),
        _ => panic!("nothing of the past: {key}"),
    }
}

/// `watch`, `mount`, `socket`, and what else may be owed: `asked`, `load`, `interval`.
pub(crate) fn cause(word: &str) -> Cause {
    match word {
        "asked" => Cause::Asked,
        "load" => Cause::Load,
        "keep-alive" => Cause::KeepAlive,
        "interval" => Cause::Interval,
        "calendar" => Cause::Calendar,
        "level" => Cause::Level(0),
        "watch" => Cause::Watch,
        "mount" => Cause::Mount,
        "socket" => Cause::Socket,
        _ => panic!("no such trigger: {word}"),
    }
}

/// Why a run was started, where it is a trigger.
pub(crate) fn by(cause: Cause) -> String {
    match cause {
        Cause::Load | Cause::Asked | Cause::KeepAlive | Cause::Before => String::new(),
        Cause::Interval => " by interval".to_owned(),
        Cause::Calendar => " by calendar".to_owned(),
        Cause::Watch => " by watch".to_owned(),
        Cause::Mount => " by mount".to_owned(),
        Cause::Socket => " by socket".to_owned(),
        Cause::Level(level) => format!(" by level {level}"),
    }
}

/// The clock after `wall 2026-03-29T01:00` or `zone EST5EDT,M3.2.0,M11.1.0`, if that is the line.
pub(crate) fn wall(line: &str, now: Moment, old: &Wall) -> Option<Wall> {
    match line.split_once(' ')? {
        ("wall", shown) => {
            let shown: DateTime = shown.parse().unwrap();
            let shown = old.zone.to_ambiguous_zoned(shown).compatible().unwrap().timestamp();
            Some(Wall { zero: shown - now.elapsed(), zone: old.zone.clone() })
        }
        ("zone", words) => Some(Wall { zero: old.zero, zone: TimeZone::posix(words).unwrap() }),
        _ => None,
    }
}

/// What the clock shows.
pub(crate) fn shown(wall: &Wall, now: Moment) -> String {
    wall.at(now).to_zoned(wall.zone.clone()).strftime("%m-%d %H:%M %:z").to_string()
}
