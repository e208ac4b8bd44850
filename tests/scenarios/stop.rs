//! Ending services: the signal, the patience, and then the whole tree.

use std::time::{Duration, Instant};

use harness::{Daemon, PATIENCE, observer, skip, wait_until};
use serde_json::json;

#[test]
fn stop_asks_with_sigterm_and_waits_for_the_answer() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--term-after", "200", "--term-exit", "7"]).add();
    let pid = daemon.running("web");
    daemon.done(&["stop", "web"]);
    assert!(!observer::lives(pid), "stop answered while the process lived");
    let events: Vec<String> = daemon.journal("web").into_iter().map(|note| note.event).collect();
    assert_eq!(events, ["start main", "received TERM", "exit 7"]);
    assert_eq!(daemon.row("web")["status"], 7);
}

#[test]
#[cfg(unix)]
fn a_service_that_dies_of_the_signal_has_a_negative_status() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    daemon.running("web");
    daemon.done(&["stop", "web"]);
    assert_eq!(daemon.done(&["list"]), "PID\tStatus\tLabel\n-\t-15\tweb\n");
}

#[test]
fn a_deaf_service_is_killed_when_its_stop_timeout_passes() {
    let daemon = Daemon::start();
    daemon.service("deaf").does(&["--deaf"]).key("ExitTimeOut", 1).add();
    let pid = daemon.running("deaf");
    let begun = Instant::now();
    daemon.done(&["stop", "deaf"]);
    let taken = begun.elapsed();
    assert!(Duration::from_millis(950) < taken && taken < Duration::from_secs(5), "{taken:?}");
    assert!(!observer::lives(pid));
    assert_eq!(daemon.count("deaf", "received TERM"), 1);
    assert_eq!(daemon.row("deaf")["status"], if cfg!(windows) { 1 } else { -9 });
}

#[test]
fn while_it_is_asked_to_end_a_service_is_stopping() {
    let daemon = Daemon::start();
    daemon.service("deaf").does(&["--deaf"]).key("ExitTimeOut", 2).add();
    daemon.running("deaf");
    daemon.done(&["stop", "--no-wait", "deaf"]);
    let row = daemon.wait_state("deaf", "stopping");
    assert_eq!(row["goal"], "down", "{row}");
    daemon.wait_state("deaf", "down");
}

/// Starts a family and returns the pids it noted.
pub(crate) fn family(daemon: &Daemon, label: &str, members: usize) -> Vec<u32> {
    daemon.running(label);
    wait_until(&format!("all of {label} to be there"), PATIENCE, || {
        let notes = daemon.journal(label);
        notes.iter().filter(|note| is_lasting(&note.event)).count() == members
    });
    let notes = daemon.journal(label).into_iter().filter(|note| is_lasting(&note.event));
    notes.map(|note| note.pid).collect()
}

fn is_lasting(event: &str) -> bool {
    event.starts_with("start ") && event != "start helper"
}

#[test]
fn stop_ends_children_and_grandchildren() {
    let daemon = Daemon::start();
    daemon.service("tree").does(&["--children", "3", "--grandchildren"]).add();
    let pids = family(&daemon, "tree", 7);
    daemon.done(&["stop", "tree"]);
    for pid in pids {
        assert!(!observer::lives(pid), "{pid} lives on: {:?}", observer::process(pid));
    }
}

#[test]
fn the_whole_group_is_asked_at_once() {
    let daemon = Daemon::start();
    let service = daemon.service("tree").does(&["--children", "4", "--term-after", "500"]);
    service.does(&["--term-exit", "0"]).add();
    let main = daemon.running("tree");
    family(&daemon, "tree", 5);
    daemon.done(&["stop", "tree"]);
    let notes = daemon.journal("tree");
    let ended = notes.iter().find(|note| note.pid == main && note.event == "exit 0").unwrap();
    let asked = notes.iter().filter(|note| note.pid != main && note.event == "received TERM");
    let before: Vec<bool> = asked.map(|note| note.at < ended.at).collect();
    assert_eq!(before, [true; 4], "not all children were asked before the main process ended");
}

#[test]
fn stop_ends_a_tree_that_ignores_the_signal() {
    let daemon = Daemon::start();
    let service = daemon.service("tree").does(&["--deaf", "--children", "2", "--grandchildren"]);
    service.key("ExitTimeOut", 1).add();
    let pids = family(&daemon, "tree", 5);
    daemon.done(&["stop", "tree"]);
    for pid in pids {
        assert!(!observer::lives(pid), "{pid} lives on: {:?}", observer::process(pid));
    }
}

#[test]
fn stop_ends_those_that_ran_away_to_a_session_of_their_own() {
    let daemon = Daemon::start();
    daemon.service("wild").does(&["--escape", "--children", "1"]).key("ExitTimeOut", 1).add();
    let pids = family(&daemon, "wild", 3);
    daemon.done(&["stop", "wild"]);
    for pid in pids {
        assert!(!observer::lives(pid), "{pid} lives on: {:?}", observer::process(pid));
    }
}

#[test]
fn what_a_service_starts_while_it_ends_is_told_to_end_too() {
    let daemon = Daemon::start();
    let service = daemon.service("web").does(&["--term-child", "--term-exit", "0"]);
    service.key("ExitTimeOut", 15).add();
    daemon.running("web");
    let begun = Instant::now();
    daemon.done(&["stop", "web"]);
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(8), "the late child was not told, but killed: {taken:?}");
    assert_eq!(observer::services_below(daemon.base()), []);
}

#[test]
fn when_the_main_process_ends_its_leftovers_end_before_the_next_run() {
    let daemon = Daemon::start();
    let go = daemon.base().join("go");
    let go_name = go.to_str().unwrap();
    let service = daemon.service("wild").does(&["--escape", "--until", go_name]);
    service.key("KeepAlive", true).key("ThrottleInterval", 0).key("ExitTimeOut", 1).add();
    let first = family(&daemon, "wild", 2);
    std::fs::write(&go, "").unwrap();
    daemon.wait_noted("wild", "exit 0", 1);
    std::fs::remove_file(&go).unwrap();
    daemon.wait_noted("wild", "start escapee", 2);
    for pid in first {
        assert!(!observer::lives(pid), "{pid} of the first run lives beside the second");
    }
}

#[test]
fn stop_of_one_service_leaves_the_others_alone() {
    let daemon = Daemon::start();
    daemon.service("one").add();
    daemon.service("other").add();
    let other = daemon.running("other");
    daemon.done(&["stop", "one"]);
    assert_eq!(daemon.running("other"), other);
    assert_eq!(daemon.count("other", "received TERM"), 0);
}

#[test]
fn a_kept_alive_service_that_was_stopped_stays_down() {
    let daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 0).add();
    daemon.running("web");
    daemon.done(&["stop", "web"]);
    let row = daemon.row("web");
    assert_eq!((&row["state"], &row["goal"]), (&json!("down"), &json!("down")), "{row}");
    // A second round trip through the daemon's loop, in which a wrong restart would have come.
    daemon.service("later").add();
    daemon.running("later");
    daemon.started("web", 1);
}

#[test]
fn start_while_stopping_begins_a_new_run_when_the_old_one_is_gone() {
    let daemon = Daemon::start();
    // Long enough to be seen on a busy machine, where wine takes its time.
    let patience = if cfg!(windows) { "4000" } else { "500" };
    daemon.service("web").does(&["--term-after", patience]).add();
    let before = daemon.running("web");
    daemon.done(&["stop", "--no-wait", "web"]);
    daemon.wait_state("web", "stopping");
    daemon.done(&["start", "web"]);
    let after = daemon.running("web");
    assert_ne!(before, after);
    assert!(!observer::lives(before));
    assert_eq!(daemon.count("web", "double"), 0);
}

#[test]
fn remove_ends_a_deaf_tree_and_leaves_no_cgroup() {
    let daemon = Daemon::start();
    let service = daemon.service("wild").does(&["--deaf", "--escape", "--children", "2"]);
    service.key("ExitTimeOut", 1).add();
    let pids = family(&daemon, "wild", 4);
    let own = observer::cgroup(daemon.pid());
    let group = observer::cgroup(pids[0]).filter(|group| Some(group) != own.as_ref());
    daemon.done(&["remove", "wild"]);
    for pid in pids {
        assert!(!observer::lives(pid), "{pid} lives on: {:?}", observer::process(pid));
    }
    match group {
        Some(group) => assert!(!group.exists(), "{} is left", group.display()),
        None => skip("cgroups", "no writable cgroup2 here, so none could be left"),
    }
}
