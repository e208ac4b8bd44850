//! Which ends a service comes back from: launchd's table, with real exits and real signals.

use std::time::Duration;

use harness::{Daemon, PATIENCE, observer, wait_until};
use serde_json::{Value, json};

/// How a run may end, as the puppet is told.
const EXIT_0: &[&str] = &["--exit", "0"];
const EXIT_1: &[&str] = &["--exit", "1"];
const SEGV: &[&str] = &["--signal", "SEGV"];
const KILL: &[&str] = &["--signal", "KILL"];

/// One daemon runs a service for each of the four ends; `comes_back` tells for each whether a
/// second run follows the first.
#[track_caller]
fn check(keep_alive: Option<Value>, comes_back: [bool; 4]) {
    let daemon = Daemon::start();
    let cases = [("exit-0", EXIT_0), ("exit-1", EXIT_1), ("segv", SEGV), ("kill", KILL)];
    for (label, end) in cases {
        let mut service = daemon.service(label).does(end).does(&["--stay-from", "2"]);
        service = service.key("ThrottleInterval", 0);
        if let Some(keep_alive) = &keep_alive {
            service = service.key("KeepAlive", keep_alive.clone());
        }
        service.add_in_any_case();
    }
    for ((label, _), expected) in cases.into_iter().zip(comes_back) {
        if expected {
            daemon.wait_noted(label, "start main", 2);
            let row = daemon.wait_state(label, "up");
            assert_eq!(row["restarts"], 1, "{label}: {row}");
        } else {
            wait_until(&format!("{label} to rest"), PATIENCE, || {
                ["down", "waiting", "failed"]
                    .contains(&daemon.row(label)["state"].as_str().unwrap())
                    && daemon.count(label, "start main") == 1
            });
        }
    }
    // Those that rest had all the time the others needed to come back.
    for ((label, _), expected) in cases.into_iter().zip(comes_back) {
        let starts = daemon.count(label, "start main");
        assert_eq!(starts, 1 + usize::from(expected), "{label} started {starts} times");
    }
}

#[test]
fn without_the_key_nothing_comes_back() {
    check(None, [false, false, false, false]);
}

#[test]
fn false_brings_nothing_back() {
    check(Some(json!(false)), [false, false, false, false]);
}

#[test]
fn on_demand_is_keep_alive_turned_round_and_loses_to_it() {
    let daemon = Daemon::start();
    let brief = |label| daemon.service(label).does(EXIT_0).without("RunAtLoad");
    let brief = |label| brief(label).key("ThrottleInterval", 0);
    brief("kept").key("OnDemand", false).add_in_any_case();
    brief("idle").key("OnDemand", true).add();
    brief("beside").key("OnDemand", false).key("KeepAlive", false).add_in_any_case();
    daemon.wait_noted("kept", "start main", 3);
    for label in ["idle", "beside"] {
        assert_eq!(
            (&daemon.row(label)["state"], daemon.count(label, "start main")),
            (&json!("down"), 0)
        );
    }
}

#[test]
fn true_brings_everything_back() {
    check(Some(json!(true)), [true, true, true, true]);
}

#[test]
fn successful_exit_true_brings_back_what_succeeded() {
    check(Some(json!({"SuccessfulExit": true})), [true, false, false, false]);
}

#[test]
fn successful_exit_false_brings_back_what_did_not_succeed() {
    check(Some(json!({"SuccessfulExit": false})), [false, true, true, true]);
}

#[test]
fn crashed_true_brings_back_what_crashed_and_a_kill_is_no_crash() {
    check(Some(json!({"Crashed": true})), [false, false, true, false]);
}

#[test]
fn crashed_false_brings_back_what_did_not_crash() {
    check(Some(json!({"Crashed": false})), [true, true, false, true]);
}

#[test]
fn conditions_together_mean_either() {
    let either = json!({"SuccessfulExit": false, "Crashed": true});
    check(Some(either), [false, true, true, true]);
}

#[test]
fn an_empty_dictionary_brings_nothing_back() {
    check(Some(json!({})), [false, false, false, false]);
}

#[test]
fn keep_alive_starts_a_service_without_run_at_load() {
    let daemon = Daemon::start();
    for (label, keep_alive) in [
        ("always", json!(true)),
        ("success", json!({"SuccessfulExit": true})),
        ("failure", json!({"SuccessfulExit": false})),
        ("crash", json!({"Crashed": true})),
    ] {
        daemon.service(label).key("RunAtLoad", false).key("KeepAlive", keep_alive).add();
        daemon.running(label);
    }
}

#[test]
fn a_service_with_no_reason_to_start_waits_for_someone() {
    let daemon = Daemon::start();
    daemon.service("idle").without("RunAtLoad").add();
    let row = daemon.row("idle");
    assert_eq!((&row["pid"], &row["status"]), (&Value::Null, &Value::Null), "{row}");
    daemon.done(&["start", "idle"]);
    daemon.running("idle");
    daemon.started("idle", 1);
}

#[test]
fn a_kept_alive_service_killed_from_outside_comes_back_at_once_after_its_throttle_time() {
    let daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 1).add();
    let before = daemon.running("web");
    let started = daemon.journal("web")[0].at;
    observer::kill(before);
    daemon.wait_noted("web", "start main", 2);
    let after = daemon.running("web");
    assert_ne!(before, after);
    let again = daemon.journal("web").last().unwrap().at;
    let pause = Duration::from_nanos(u64::try_from(again - started).unwrap());
    // The first start may have been noted late.
    assert!(Duration::from_millis(500) < pause, "throttled for {pause:?} only");
    assert!(pause < Duration::from_secs(4), "throttled for {pause:?}");
    let row = daemon.row("web");
    assert_eq!(
        (&row["status"], &row["restarts"]),
        (&json!(if cfg!(windows) { 1 } else { -9 }), &json!(1)),
        "{row}"
    );
}

#[test]
fn during_the_throttle_time_the_service_is_in_backoff_and_says_until_when() {
    let daemon = Daemon::start();
    let service = daemon.service("web").does(&["--exit", "3"]).key("KeepAlive", true);
    service.key("ThrottleInterval", 60).add_in_any_case();
    let row = daemon.wait_state("web", "backoff");
    assert_eq!((&row["status"], &row["goal"]), (&json!(3), &json!("up")), "{row}");
    let status = daemon.json_of("web");
    assert!(status["next_start"].is_string(), "{status}");
    assert_eq!(status["throttle_ms"], 60_000, "{status}");
    daemon.started("web", 1);
}

#[test]
fn a_person_s_start_does_not_wait_for_the_throttle_time() {
    let daemon = Daemon::start();
    let service = daemon.service("web").does(&["--exit", "3", "--stay-from", "2"]);
    service.key("KeepAlive", true).key("ThrottleInterval", 60).add_in_any_case();
    daemon.wait_state("web", "backoff");
    daemon.done(&["start", "web"]);
    daemon.running("web");
    daemon.started("web", 2);
}

#[test]
fn stop_during_the_throttle_time_cancels_the_restart() {
    let daemon = Daemon::start();
    let service = daemon.service("web").does(&["--exit", "3"]).key("KeepAlive", true);
    service.key("ThrottleInterval", 1).add_in_any_case();
    daemon.wait_state("web", "backoff");
    daemon.done(&["stop", "web"]);
    let starts = daemon.count("web", "start main");
    // Another service throttled as long shows that the time is over.
    let clock = daemon.service("clock").does(&["--exit", "0", "--stay-from", "2"]);
    clock.key("KeepAlive", true).key("ThrottleInterval", 1).add_in_any_case();
    daemon.wait_noted("clock", "start main", 2);
    assert_eq!(daemon.count("web", "start main"), starts);
    assert_eq!(daemon.row("web")["state"], "down");
}
