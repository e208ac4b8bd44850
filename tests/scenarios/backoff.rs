//! Pauses that grow, and giving up: our own rules for what fails again and again.

use std::fs;
use std::time::Duration;

use harness::{Daemon, PATIENCE, Service, wait_until};
use serde_json::{Value, json};

/// It fails at once, whenever it is started.
fn failing<'a>(daemon: &'a Daemon, supervisor: Value) -> Service<'a> {
    let service = daemon.service("web").does(&["--exit", "3"]).key("KeepAlive", true);
    service.key("Supervisor", supervisor)
}

fn starts(daemon: &Daemon) -> Vec<Duration> {
    let notes = daemon.journal("web").into_iter().filter(|note| note.event == "start main");
    notes.map(|note| Duration::from_nanos(note.at.try_into().unwrap())).collect()
}

#[test]
fn pauses_grow_and_a_person_ends_them() {
    let daemon = Daemon::start();
    let backoff = json!({"Initial": 1, "Factor": 100, "Max": 600});
    failing(&daemon, json!({"Backoff": backoff})).add_in_any_case();
    daemon.wait_noted("web", "start main", 2);
    let starts = starts(&daemon);
    assert!(Duration::from_millis(900) < starts[1] - starts[0], "{starts:?}");
    wait_until("the long pause", PATIENCE, || {
        let status = daemon.json_of("web");
        status["state"] == "backoff" && status["why"].as_str().unwrap().contains(" min ")
    });
    let status = daemon.json_of("web");
    let rule = "always, after a pause of 1 s at first and 10 min 0 s at most";
    assert_eq!((&status["keep_alive"], &status["throttle_ms"]), (&json!(rule), &json!(0)));
    daemon.ctl(&["start", "--no-wait", "web"]);
    // The one that was asked for, and after a pause that is the first again, one more.
    daemon.wait_noted("web", "start main", 4);
}

#[test]
fn what_is_started_too_often_is_given_up_until_someone_starts_it() {
    let mut daemon = Daemon::start();
    let limit = json!({"Backoff": {"Initial": 0}, "StartLimit": {"Burst": 3, "Interval": 600}});
    let path = daemon.base().join("path");
    let watch = json!([path.to_str().unwrap()]);
    failing(&daemon, limit).key("WatchPaths", watch).add_in_any_case();
    let given_up = |daemon: &Daemon| {
        daemon.wait_state("web", "failed");
        let why = "exit 3, and was given up: more than 3 starts within 10 min 0 s (StartLimit)";
        assert_eq!(daemon.json_of("web")["why"], why);
    };
    given_up(&daemon);
    daemon.started("web", 3);
    // Neither a trigger nor another daemon gives it another chance.
    let fence = daemon.service("fence").does(&["--exit", "0"]).key("ThrottleInterval", 0);
    fence.without("RunAtLoad").key("WatchPaths", json!([path.to_str().unwrap()])).add();
    fs::write(&path, "").unwrap();
    daemon.wait_noted("fence", "start main", 1);
    given_up(&daemon);
    daemon.started("web", 3);
    daemon.kill9();
    daemon.start_again();
    given_up(&daemon);
    daemon.started("web", 3);
    daemon.ctl(&["start", "web"]);
    given_up(&daemon);
    daemon.started("web", 6);
}

#[test]
fn a_definition_that_is_mended_is_given_another_chance() {
    let daemon = Daemon::start();
    let limit = json!({"Backoff": {"Initial": 0}, "StartLimit": {"Burst": 1}});
    failing(&daemon, limit.clone()).place();
    daemon.ctl(&["apply"]);
    daemon.wait_state("web", "failed");
    daemon.service("web").key("KeepAlive", true).key("Supervisor", limit).place();
    daemon.ctl(&["apply"]);
    daemon.running("web");
}
