//! simulate: what a person sees of the supervisor's decisions, letter by letter.

use std::path::Path;

use serde_json::{Value, json};

use crate::folder::Folder;

/// Central Europe, and New York, whatever this machine knows of time zones.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";

/// Compares a story with the one kept; `UPDATE=1` rewrites it, for the difference to be reviewed.
#[track_caller]
fn tells(name: &str, keys: Value, words: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offline/stories");
    let file = folder.join(name).with_extension("txt");
    let story = story(keys, words);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, story).unwrap();
    } else {
        let kept = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        // Each system has its own words for error 2.
        let missing = std::io::Error::from_raw_os_error(2).to_string().replace(" (os error 2)", "");
        let story = story.replace(&missing, "No such file or directory");
        assert_eq!(story, kept, "{} tells otherwise; UPDATE=1 rewrites it", file.display());
    }
}

/// The story of a service with these keys.
#[track_caller]
fn story(keys: Value, words: &[&str]) -> String {
    let mut definition = json!({ "Label": "web", "Program": "/bin/web" });
    definition.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    let folder = Folder::with(&[("web.json", &definition.to_string())]);
    folder.said(&[&["simulate", "web.json"], words].concat())
}

#[test]
fn keep_alive_is_throttled_from_start_to_start() {
    tells(
        "keep_alive",
        json!({ "KeepAlive": true }),
        &["--exits", "1,sigSEGV,fail,0", "--run-for", "1s,12s,500ms"],
    );
}

#[test]
fn successful_exit_false_stays_down_after_a_success() {
    let keys = json!({ "KeepAlive": { "SuccessfulExit": false }, "ThrottleInterval": 5 });
    tells("successful_exit", keys, &["--exits", "3,sig9,ok,1"]);
}

#[test]
fn restart_decides_in_the_place_of_keep_alive() {
    let restart = json!({ "On": "Failure", "SuccessExitCodes": [3] });
    let keys = json!({ "KeepAlive": true, "Supervisor": { "Restart": restart } });
    tells("restart", keys, &["--exits", "1,sigTERM,3"]);
}

#[test]
fn pauses_grow_until_it_is_given_up() {
    let backoff = json!({ "Initial": 0.5, "Factor": 3, "Max": 10, "ResetAfter": 30 });
    let limit = json!({ "Burst": 5, "Interval": 60 });
    let keys =
        json!({ "KeepAlive": true, "Supervisor": { "Backoff": backoff, "StartLimit": limit } });
    tells("backoff", keys, &["--exits", "1", "--run-for", "1s,1s,1s,1s,1s", "--for", "5m"]);
}

#[test]
fn a_start_interval_that_overlaps_counts_once() {
    tells("overlap", json!({ "StartInterval": 10 }), &["--exits", "0,1", "--run-for", "25s,1s"]);
}

#[test]
fn a_short_interval_is_stretched_by_the_throttle() {
    tells("short_interval", json!({ "StartInterval": 4 }), &["--for", "16s"]);
}

/// In Berlin 02:30 is left out in March and comes twice in October.
#[test]
fn a_calendar_over_both_clock_changes_in_berlin() {
    let nightly = json!({ "StartCalendarInterval": { "Hour": 2, "Minute": 30 } });
    let from = |date| ["--zone", BERLIN, "--exits", "0,0", "--from", date];
    tells("berlin", nightly.clone(), &from("2026-03-29 01:00"));
    let october = story(nightly, &from("2026-10-25 01:00"));
    let starts: Vec<&str> = october.lines().filter(|line| line.contains(" starts: ")).collect();
    assert_eq!(
        starts,
        [
            "1:30:00     Sun 2026-10-25 02:30:00 CEST  up       run 1 starts: StartCalendarInterval",
            "1d 2:30:00  Mon 2026-10-26 02:30:00 CET   up       run 2 starts: StartCalendarInterval",
        ]
    );
}

/// With every hour wanted, the one that New York repeats comes twice.
#[test]
fn an_hourly_calendar_over_the_repeated_hour_in_new_york() {
    let hourly = json!({ "StartCalendarInterval": { "Minute": 0 } });
    let story = story(hourly, &["--zone", NEW_YORK, "--from", "2026-11-01 00:30", "--for", "3h"]);
    let starts: Vec<&str> = story.lines().filter(|line| line.contains(" starts: ")).collect();
    assert_eq!(
        starts,
        [
            "0:30:00     Sun 2026-11-01 01:00:00 EDT   up       run 1 starts: StartCalendarInterval",
            "1:30:00     Sun 2026-11-01 01:00:00 EST   up       run 2 starts: StartCalendarInterval",
            "2:30:00     Sun 2026-11-01 02:00:00 EST   up       run 3 starts: StartCalendarInterval",
        ]
    );
}

#[test]
fn what_is_not_simulated_is_said() {
    let watching = json!({ "WatchPaths": ["/x"], "StartOnMount": true });
    assert!(story(watching, &[]).ends_with("the end: WatchPaths, StartOnMount is not simulated\n"));
    assert!(
        story(json!({ "WatchPaths": ["/x"] }), &["--start"]).contains("run 1 starts: svcctl start")
    );
    assert!(story(json!({}), &[]).contains("stays down: no RunAtLoad, no KeepAlive, no timer\n"));
    assert!(
        story(json!({ "Disabled": true }), &["--start"]).contains("only svcctl enable web lets it")
    );
    let once = story(json!({ "RunAtLoad": true, "LaunchOnlyOnce": true }), &[]);
    assert!(once.contains("stays down: LaunchOnlyOnce\n"), "{once}");
    assert!(
        story(json!({ "KeepAlive": true }), &["--exits", "stays"])
            .ends_with("it runs on for ever\n")
    );
}

#[test]
fn programs_get_each_step_as_json() {
    let words = ["--json", "--exits", "1", "--from", "2026-01-02T03:04:05Z", "--zone", "UTC0"];
    let steps: Value = serde_json::from_str(&story(json!({ "KeepAlive": true }), &words)).unwrap();
    let events: Vec<&Value> = steps.as_array().unwrap().iter().map(|step| &step["event"]).collect();
    assert_eq!(events, ["began", "ended", "over"]);
    let ended = &steps[1];
    assert_eq!((&ended["at_ms"], &ended["until_ms"]), (&json!(1000), &json!(10_000)));
    assert_eq!((&ended["run"], &ended["status"]), (&json!(1), &json!(1)));
    assert!(ended["wall"].as_str().unwrap().starts_with("2026-01-02T03:04:06+00:00"), "{ended}");
}

#[test]
fn wrong_words_and_files_are_told() {
    let folder = Folder::with(&[("web.json", "{\"Label\": \"web\", \"Program\": \"/bin/web\"}")]);
    for (words, part) in [
        (["--exits", "boom"], "write 0, 1, ok, sig9, sigSEGV, fail:2 or stays"),
        (["--run-for", "0"], "a run lasts a millisecond at least"),
        (["--from", "tomorrow"], "cannot begin at 'tomorrow': write it like '2026-03-29 01:00'"),
        (["--zone", "Middle-earth"], "'Middle-earth' is no time zone known here"),
    ] {
        let ran = folder.svcctl(&[&["simulate", "web.json"], &words[..]].concat());
        assert_eq!(ran.code, Some(2), "{words:?}");
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    folder.file("bad.json", "{\"Label\": \"web\"}");
    let ran = folder.svcctl(&["simulate", "bad.json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.starts_with("cannot read bad.json: ProgramArguments is missing"));
}
