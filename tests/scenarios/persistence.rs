//! What outlives the daemon: definitions, goals, and who is disabled.

use harness::{Daemon, PATIENCE, observer, wait_until};
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
fn a_run_outlives_a_daemon_that_was_killed_and_is_found_again() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 0).add();
    daemon.service("tree").does(&["--children", "2"]).key("KeepAlive", true).add();
    let before = ["web", "tree"].map(|label| daemon.running(label));
    for _ in 0..3 {
        daemon.kill9();
        assert!(before.iter().all(|pid| observer::lives(*pid)), "a run ended with the daemon");
        daemon.start_again();
        assert_eq!(["web", "tree"].map(|label| daemon.running(label)), before);
    }
    for label in ["web", "tree"] {
        daemon.started(label, 1);
        assert_eq!(daemon.count(label, "double"), 0, "a second copy of {label} was started");
    }
    daemon.done(&["stop", "web", "tree"]);
    assert_eq!(observer::services_below(daemon.base()), [], "stop ends what was found again");
}

#[test]
fn a_run_found_again_is_kept_alive() {
    let mut daemon = Daemon::start();
    let go = daemon.base().join("go");
    let service = daemon.service("web").does(&["--until", go.to_str().unwrap()]);
    service.does(&["--stay-from", "2"]).key("KeepAlive", true).key("ThrottleInterval", 0).add();
    let before = daemon.running("web");
    daemon.kill9();
    daemon.start_again();
    assert_eq!(daemon.running("web"), before);
    std::fs::write(&go, "").unwrap();
    daemon.wait_noted("web", "exit 0", 1);
    std::fs::remove_file(&go).unwrap();
    daemon.wait_noted("web", "start main", 2);
    assert_eq!(daemon.count("web", "double"), 0);
}

#[test]
fn a_run_that_ended_while_no_daemon_was_there_is_started_again() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 0).add();
    let before = daemon.running("web");
    daemon.kill9();
    observer::kill(before);
    wait_until("the run to end", PATIENCE, || !observer::lives(before));
    daemon.start_again();
    daemon.started("web", 2);
    assert_ne!(daemon.running("web"), before);
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
        let file = service.does(&["--log", if cfg!(windows) { "NUL" } else { "/dev/null" }]).file();
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
