//! How a service is asked to end, and whom that reaches: StopSignal, KillMode, AbandonProcessGroup.

use harness::{Daemon, PATIENCE, Service, observer, wait_until};
use serde_json::{Value, json};

use crate::stop::family;

/// Where the child of a service with one child stands after it was stopped.
#[derive(Debug, PartialEq)]
enum Child {
    Ended,
    Lives,
}

/// Stops a service with a child, and says what became of both; what lives on is ended then.
#[track_caller]
fn stopped(daemon: &Daemon, service: &Service<'_>) -> (Value, Child) {
    service.add();
    let main = daemon.running("web");
    let pids = family(daemon, "web", 2);
    let child = *pids.iter().find(|pid| **pid != main).unwrap();
    daemon.done(&["stop", "web"]);
    assert!(!observer::lives(main));
    let status = daemon.row("web")["status"].clone();
    if !observer::lives(child) {
        return (status, Child::Ended);
    }
    let target = nix::unistd::Pid::from_raw(child.cast_signed());
    nix::sys::signal::kill(target, nix::sys::signal::Signal::SIGKILL).unwrap();
    wait_until("the abandoned child to end", PATIENCE, || !observer::lives(child));
    (status, Child::Lives)
}

fn parent(daemon: &Daemon) -> Service<'_> {
    daemon.service("web").does(&["--children", "1"]).key("ExitTimeOut", 2)
}

#[test]
fn the_stop_signal_is_the_definitions_and_is_taken_over_while_it_runs() {
    let daemon = Daemon::start();
    let service =
        |signal: &str| daemon.service("web").key("Supervisor", json!({"StopSignal": signal}));
    service("HUP").add();
    daemon.running("web");
    daemon.done(&["stop", "web"]);
    assert_eq!(
        (daemon.row("web")["status"].clone(), daemon.count("web", "received HUP")),
        (json!(-1), 1)
    );
    daemon.done(&["start", "web"]);
    let pid = daemon.running("web");
    service("SIGINT").place();
    let planned = daemon.done(&["apply"]);
    assert_eq!(planned, "web: changed while it runs, StopSignal changed\n");
    assert_eq!(daemon.running("web"), pid);
    daemon.done(&["stop", "web"]);
    assert_eq!(daemon.row("web")["status"], -2);
}

#[test]
fn a_deaf_tree_is_killed_as_far_as_stopping_reaches() {
    let deaf = |daemon: &Daemon, keys: Value| {
        let service = parent(daemon).does(&["--deaf"]).key("ExitTimeOut", 1);
        let outcome = stopped(daemon, &service.key("Supervisor", keys));
        let asked =
            daemon.journal("web").iter().filter(|note| note.event == "received TERM").count();
        (outcome, asked)
    };
    for (mode, child, asked) in
        [("Tree", Child::Ended, 2), ("Mixed", Child::Ended, 1), ("Process", Child::Lives, 1)]
    {
        let daemon = Daemon::start();
        let found = deaf(&daemon, json!({"KillMode": mode}));
        assert_eq!(found, ((json!(-9), child), asked), "{mode}");
    }
}

/// With Mixed what the main process leaves behind is still ended.
#[test]
fn what_is_left_behind_is_ended_unless_it_is_left_alone() {
    for (mode, child) in [("Mixed", Child::Ended), ("Process", Child::Lives)] {
        let daemon = Daemon::start();
        let service = parent(&daemon).key("Supervisor", json!({"KillMode": mode}));
        assert_eq!(stopped(&daemon, &service), (json!(-15), child), "{mode}");
    }
}

#[test]
fn abandon_process_group_lets_the_rest_of_the_tree_live() {
    let daemon = Daemon::start();
    let service = parent(&daemon).key("AbandonProcessGroup", true);
    assert_eq!(stopped(&daemon, &service), (json!(-15), Child::Lives));
}

#[test]
fn whom_stopping_reaches_is_taken_over_while_the_service_runs() {
    let daemon = Daemon::start();
    parent(&daemon).place();
    daemon.done(&["apply"]);
    daemon.running("web");
    let service = parent(&daemon).key("AbandonProcessGroup", true);
    service.place();
    assert_eq!(
        daemon.done(&["apply"]),
        "web: changed while it runs, AbandonProcessGroup changed\n"
    );
    assert_eq!(stopped(&daemon, &service), (json!(-15), Child::Lives));
}
