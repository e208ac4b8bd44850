//! What outlives the daemon: definitions, goals, and who is disabled.

use harness::{Daemon, observer};
use serde_json::{Value, json};

#[test]
fn what_was_added_runs_again_after_a_restart_of_the_daemon() {
    let mut daemon = Daemon::start();
    daemon.service("web").add();
    daemon.service("idle").without("RunAtLoad").add();
    daemon.running("web");
    daemon.shut_down();
    daemon.start_again();
    daemon.running("web");
    let idle = daemon.row("idle");
    assert_eq!(idle["pid"], Value::Null, "{idle}");
    assert_eq!(daemon.count("idle", "start main"), 0);
    daemon.started("web", 2);
}

#[test]
fn a_stop_sticks_over_restarts_of_the_daemon_until_a_start() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 0).add();
    daemon.service("other").key("KeepAlive", true).add();
    daemon.running("web");
    daemon.done(&["stop", "web"]);
    for _ in 0..2 {
        daemon.shut_down();
        daemon.start_again();
        daemon.running("other");
        let row = daemon.row("web");
        assert_eq!((&row["state"], &row["goal"]), (&json!("down"), &json!("down")), "{row}");
    }
    daemon.started("web", 1);
    daemon.done(&["start", "web"]);
    daemon.running("web");
    daemon.shut_down();
    daemon.start_again();
    daemon.running("web");
    daemon.started("web", 3);
}

#[test]
fn a_stop_survives_a_daemon_that_was_killed() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    daemon.running("web");
    daemon.done(&["stop", "web"]);
    daemon.kill9();
    daemon.start_again();
    assert_eq!(daemon.row("web")["goal"], "down");
    daemon.started("web", 1);
}

#[test]
fn what_was_added_survives_a_daemon_that_was_killed_and_runs_once() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 1).add();
    let before = daemon.running("web");
    daemon.kill9();
    daemon.start_again();
    let after = daemon.running("web");
    assert_eq!(daemon.count("web", "double"), 0, "a second copy was started");
    // Found again, or ended and begun anew: never both.
    assert!(after == before || !observer::lives(before), "the run of before is still there");
}

#[test]
fn what_was_removed_does_not_come_back() {
    let mut daemon = Daemon::start();
    daemon.service("web").add();
    daemon.running("web");
    daemon.done(&["remove", "web"]);
    daemon.shut_down();
    daemon.start_again();
    assert_eq!(daemon.done(&["list"]), "PID\tStatus\tLabel\n");
    daemon.started("web", 1);
}

#[test]
fn added_anew_a_service_is_not_what_its_namesake_was() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    daemon.done(&["stop", "web"]);
    daemon.done(&["remove", "web"]);
    daemon.service("web").add();
    daemon.running("web");
    assert_eq!(daemon.row("web")["status"], Value::Null, "a new service has no past");
}

#[test]
fn disable_keeps_a_service_from_starting_until_enable_also_over_a_restart() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    let pid = daemon.running("web");
    let said = daemon.done(&["disable", "web"]);
    assert_eq!(said, format!("web: disabled, pid {pid} goes on until it ends\n"));
    assert!(observer::lives(pid), "disable ends nothing");
    daemon.shut_down();
    daemon.start_again();
    let row = daemon.row("web");
    assert_eq!((&row["state"], &row["pid"]), (&json!("disabled"), &Value::Null), "{row}");
    let complaint = daemon.refused(1, &["start", "web"]);
    assert!(complaint.contains("disabled") && complaint.contains("enable"), "{complaint}");
    let said = daemon.done(&["enable", "web"]);
    let pid = daemon.running("web");
    assert_eq!(said, format!("web: enabled, up, pid {pid}\n"));
    daemon.shut_down();
    daemon.start_again();
    daemon.running("web");
}

#[test]
fn a_definition_may_be_disabled_and_enable_overrides_it_for_good() {
    let mut daemon = Daemon::start();
    let service = daemon.service("web").key("KeepAlive", true).key("Disabled", true);
    let said = service.add();
    assert!(said.starts_with("web: disabled"), "{said}");
    assert_eq!(daemon.count("web", "start main"), 0);
    daemon.done(&["enable", "web"]);
    daemon.running("web");
    daemon.shut_down();
    daemon.start_again();
    daemon.running("web");
}

#[test]
fn a_disabled_service_that_ends_does_not_come_back() {
    let daemon = Daemon::start();
    let go = daemon.base().join("go");
    let service = daemon.service("web").does(&["--until", go.to_str().unwrap()]);
    service.key("KeepAlive", true).key("ThrottleInterval", 0).add();
    daemon.running("web");
    daemon.done(&["disable", "web"]);
    std::fs::write(go, "").unwrap();
    daemon.wait_state("web", "disabled");
    daemon.started("web", 1);
}

#[test]
fn a_label_with_any_printable_character_survives() {
    let mut daemon = Daemon::start();
    let labels = ["My Service", "50%", "grüße", "a:b*c?\"<>|", ".hidden", "-dash"];
    for label in labels {
        let service = daemon.service("puppet").key("Label", label).key("KeepAlive", true);
        let file = service.does(&["--log", "/dev/null"]).file();
        daemon.done(&["add", file.to_str().unwrap()]);
    }
    daemon.shut_down();
    daemon.start_again();
    let mut sorted = labels.to_vec();
    sorted.sort_unstable();
    let list = daemon.json(&["list"]);
    let listed: Vec<&str> =
        list.as_array().unwrap().iter().map(|row| row["label"].as_str().unwrap()).collect();
    assert_eq!(listed, sorted);
    for label in labels {
        daemon.done(&["remove", "--", label]);
    }
    let left = std::fs::read_dir(daemon.base().join("services")).unwrap().count();
    assert_eq!(left, 0, "definitions are left");
}
