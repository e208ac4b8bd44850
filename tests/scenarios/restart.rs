//! Our own rule for restarts, with real ends; launchd's is in `keep_alive`.

use harness::{Daemon, PATIENCE, wait_until};
use serde_json::{Value, json};

/// One daemon runs a service for each end; those named come back, the others rest.
#[track_caller]
fn check(restart: &Value, come_back: &[&str]) {
    let daemon = Daemon::start();
    let ends: [(&str, &[&str]); 6] = [
        ("exit-0", &["--exit", "0"]),
        ("exit-1", &["--exit", "1"]),
        ("exit-3", &["--exit", "3"]),
        ("segv", &["--signal", "SEGV"]),
        ("term", &["--signal", "TERM"]),
        ("gone", &[]),
    ];
    for (label, end) in ends {
        let service = daemon.service(label).does(end).does(&["--stay-from", "2"]);
        let service = service.key("Supervisor", json!({"Restart": restart})).without("RunAtLoad");
        let service = service.key("ThrottleInterval", 0).key("KeepAlive", true);
        match label {
            "gone" => service.key("Program", "/nowhere/web").add_in_any_case(),
            _ => service.add_in_any_case(),
        };
    }
    for (label, _) in ends {
        wait_until(&format!("{label} to be where it belongs"), PATIENCE, || {
            let row = daemon.row(label);
            let is_tried = row["restarts"].as_u64().is_some_and(|restarts| 0 < restarts);
            let is_back = if label == "gone" { is_tried } else { row["state"] == "up" && is_tried };
            let is_at_rest = ["down", "failed"].contains(&row["state"].as_str().unwrap());
            if come_back.contains(&label) { is_back } else { is_at_rest }
        });
    }
    // Those that rest had all the time the others needed to come back.
    for (label, _) in ends.iter().filter(|(label, _)| !come_back.contains(label)) {
        assert_eq!(daemon.row(label)["restarts"], 0, "{label} with {restart}");
    }
}

#[test]
fn always_brings_everything_back() {
    check(&json!({"On": "Always"}), &["exit-0", "exit-1", "exit-3", "segv", "term", "gone"]);
}

#[test]
fn failure_brings_back_what_did_not_succeed() {
    check(&json!({"On": "Failure"}), &["exit-1", "exit-3", "segv", "term", "gone"]);
}

#[test]
fn success_brings_back_what_did() {
    check(&json!({"On": "Success"}), &["exit-0"]);
}

#[test]
#[cfg(unix)]
fn abnormal_brings_back_what_said_nothing_itself() {
    check(&json!({"On": "Abnormal"}), &["segv", "term"]);
}

#[test]
#[cfg(unix)]
fn other_codes_and_signals_may_be_successes_and_others_final() {
    let special = json!({"On": "Failure", "SuccessExitCodes": [3], "Signals": ["TERM"]});
    check(&special, &["exit-1", "segv", "gone"]);
    let final_code = json!({"On": "Always", "NeverExitCodes": [1, 3]});
    check(&final_code, &["exit-0", "segv", "term", "gone"]);
}

#[test]
fn never_keeps_keep_alive_from_starting_it_and_says_so() {
    let daemon = Daemon::start();
    let service = daemon.service("web").key("KeepAlive", true).without("RunAtLoad");
    let service = service.key("Supervisor", json!({"Restart": {"On": "Never"}}));
    assert!(service.add().starts_with("web: down, "));
    let status = daemon.json_of("web");
    assert_eq!(status["keep_alive"], "never", "{status}");
    daemon.done(&["start", "web"]);
    daemon.running("web");
    let checked = daemon.ctl(&["check", service.file().to_str().unwrap()]).stdout;
    assert!(checked.contains("nothing starts it by itself"), "{checked}");
}

#[test]
fn the_rule_is_taken_over_while_the_service_runs() {
    let daemon = Daemon::start();
    let go = daemon.base().join("go");
    let service = |on: &str| {
        let service = daemon.service("web").does(&["--until", go.to_str().unwrap()]);
        let service = service.key("ThrottleInterval", 0);
        service.key("Supervisor", json!({"Restart": {"On": on}}))
    };
    service("Always").add();
    let pid = daemon.running("web");
    service("Failure").place();
    assert_eq!(daemon.done(&["apply"]), "web: changed while it runs, Restart changed\n");
    assert_eq!(daemon.running("web"), pid);
    std::fs::write(&go, "").unwrap();
    let row = daemon.wait_state("web", "down");
    assert_eq!((&row["status"], &row["restarts"]), (&json!(0), &json!(0)), "{row}");
    let why = daemon.json_of("web")["why"].clone();
    assert_eq!(why, "exit 0, and its Restart does not start it again");
}
