//! Scripted worlds: what is written down of a service's life when its runs go as told.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fmt::Write as _;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use protocol::definition::from_json;
use serde_json::{Value, json};
use supervisor_core::simulation::{Fate, Over, Script, Simulation, What};
use supervisor_core::{Exit, Moment, Policy, State, Wall};

/// Central Europe: forward on the last Sunday of March at 2:00, back in October at 3:00.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

fn script(keys: Value, runs: Vec<Fate>) -> Script {
    let mut definition = json!({ "Label": "web", "Program": "/bin/web" });
    definition.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    let definition = from_json(&definition).definition.unwrap();
    Script {
        label: definition.label.as_str().into(),
        policy: Policy::of(&definition, |_| None),
        enabled: !definition.disabled,
        asked: false,
        wall: Wall::default(),
        runs,
        until: None,
    }
}

fn ends(seconds: u64, code: u32) -> Fate {
    Fate::Ends { after: Duration::from_secs(seconds), exit: Exit::Code(code) }
}

fn at(seconds: u64) -> Moment {
    Moment::after(Duration::from_secs(seconds))
}

/// The story, a step a line.
fn story(script: Script) -> String {
    let mut text = String::new();
    for step in Simulation::new(script) {
        let what = match step.what {
            What::Loaded => "loaded".to_owned(),
            What::Began { run, cause, .. } => format!("run {run} by {cause:?}"),
            What::NotMade { run, reason, .. } => format!("no run {run}: {reason}"),
            What::Ended { run, lived, .. } => format!("run {run} ends after {lived:?}"),
            What::Fired { timer, counts } => format!("{timer:?} counts {counts}"),
            What::Over(over) => {
                writeln!(text, "{} over: {over:?}", step.at).unwrap();
                continue;
            }
        };
        let state = match step.state {
            State::Backoff { until } => format!("backoff until {until}"),
            State::Up { .. } => "up".to_owned(),
            State::Down => "down".to_owned(),
            State::Waiting => "waiting".to_owned(),
            State::Failed => "failed".to_owned(),
            State::Spawning { .. } => "spawning".to_owned(),
            State::Stopping { .. } | State::Clearing { .. } => unreachable!("nobody stops it"),
        };
        writeln!(text, "{} {what}, {state}", step.at).unwrap();
    }
    text
}

#[test]
fn each_run_goes_as_told_and_the_last_one_ends_the_story() {
    let runs = vec![ends(1, 1), ends(10, 1), Fate::NotMade("gone".into()), ends(1, 0)];
    assert_eq!(
        story(script(json!({ "KeepAlive": { "SuccessfulExit": false } }), runs)),
        "\
0ns run 1 by Load, up
1s run 1 ends after 1s, backoff until 10s
10s run 2 by KeepAlive, up
20s run 2 ends after 10s, spawning
20s no run 3: gone, backoff until 30s
30s run 4 by KeepAlive, up
31s run 4 ends after 1s, down
31s over: UsedUp
"
    );
}

#[test]
fn a_timer_that_overlaps_counts_once() {
    let runs = vec![ends(25, 0), ends(1, 0)];
    assert_eq!(
        story(script(json!({ "StartInterval": 10 }), runs)),
        "\
0ns loaded, waiting
10s run 1 by Interval, up
20s Some(Interval) counts true, up
30s Some(Interval) counts false, up
35s run 1 ends after 25s, spawning
35s run 2 by Interval, up
36s run 2 ends after 1s, waiting
36s over: UsedUp
"
    );
}

#[test]
fn a_story_ends_when_nothing_can_happen_any_more() {
    let over = |keys, runs| Simulation::new(script(keys, runs)).last().unwrap().what;
    assert_eq!(over(json!({}), vec![ends(1, 0)]), What::Over(Over::AtRest));
    assert_eq!(over(json!({ "Disabled": true }), vec![ends(1, 0)]), What::Over(Over::AtRest));
    let watched = json!({ "WatchPaths": ["/x"] });
    assert_eq!(over(watched, vec![ends(1, 0)]), What::Over(Over::AtRest));
    let interval = json!({ "StartInterval": 5, "RunAtLoad": true });
    assert_eq!(over(interval, vec![Fate::Stays]), What::Over(Over::RunsOn));
    assert_eq!(over(json!({ "KeepAlive": true }), vec![]), What::Over(Over::RunsOn));
}

#[test]
fn with_an_end_of_time_the_last_run_is_repeated() {
    let mut crash = script(json!({ "KeepAlive": true, "ThrottleInterval": 5 }), vec![ends(1, 1)]);
    crash.until = Some(at(60));
    let steps: Vec<_> = Simulation::new(crash).collect();
    let begun = steps.iter().filter(|step| matches!(step.what, What::Began { .. })).count();
    assert_eq!(begun, 13);
    assert_eq!(
        steps.last().map(|step| (step.at, &step.what)),
        Some((at(60), &What::Over(Over::Time)))
    );
}

#[test]
fn a_start_asked_for_passes_what_holds_the_service_back() {
    let keys = json!({ "KeepAlive": { "AfterInitialDemand": true } });
    let mut asked = script(keys, vec![ends(1, 1), ends(1, 1)]);
    assert_eq!(story(asked.clone()), "0ns loaded, waiting\n0ns over: AtRest\n");
    asked.asked = true;
    assert_eq!(
        story(asked),
        "\
0ns loaded, waiting
0ns run 1 by Asked, up
1s run 1 ends after 1s, backoff until 10s
10s run 2 by KeepAlive, up
11s run 2 ends after 1s, backoff until 20s
11s over: UsedUp
"
    );
}

#[test]
fn calendars_follow_the_clock_on_the_wall() {
    let zone = TimeZone::posix(BERLIN).unwrap();
    let from: DateTime = "2026-03-28T02:00".parse().unwrap();
    let keys = json!({ "StartCalendarInterval": { "Hour": 2, "Minute": 30 } });
    let mut nightly = script(keys, vec![ends(60, 0); 3]);
    nightly.wall = Wall { zero: from.to_zoned(zone.clone()).unwrap().timestamp(), zone };
    let wall = nightly.wall.clone();
    let begun = Simulation::new(nightly).filter(|step| matches!(step.what, What::Began { .. }));
    let shown = |at| wall.at(at).to_zoned(wall.zone.clone()).strftime("%d %H:%M %Z").to_string();
    let begun: Vec<String> = begun.map(|step| shown(step.at)).collect();
    assert_eq!(begun, ["28 02:30 CET", "29 03:30 CEST", "30 02:30 CEST"]);
}
