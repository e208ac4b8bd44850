//! What a daemon that was killed had in mind, the next one has: times, timers, and starts owed.

use harness::{Daemon, PATIENCE, observer, wait_until};
use jiff::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Clocks are read at different moments, so that times differ by their rounding.
const ROUNDING_MS: i64 = 5;

fn end(pid: u32, by: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), by).unwrap();
    wait_until("a process to end", PATIENCE, || !observer::lives(pid));
}

fn is_same(one: &Value, other: &Value) -> bool {
    let time = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let between = time(one).duration_since(time(other));
    between.as_millis().abs() <= i128::from(ROUNDING_MS)
}

#[test]
fn times_and_reasons_are_those_of_the_services_not_of_the_daemon() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    daemon.service("tick").without("RunAtLoad").key("StartInterval", 3600).add();
    let monday = json!({"Weekday": 1, "Hour": 3, "Minute": 0});
    daemon.service("weekly").without("RunAtLoad").key("StartCalendarInterval", monday).add();
    daemon.service("done").does(&["--exit", "0"]).add_in_any_case();
    daemon.wait_status("done", &json!(0));
    let labels = ["web", "tick", "weekly", "done"];
    let before = labels.map(|label| daemon.json_of(label));
    daemon.kill9();
    daemon.start_again();
    for (label, before) in labels.iter().zip(before) {
        let after = daemon.json_of(label);
        if *label != "weekly" {
            assert!(is_same(&after["since"], &before["since"]), "{before}\n{after}");
        }
        assert_eq!(after["runs"], before["runs"], "{after}");
        if !before["next_start"].is_null() {
            assert!(is_same(&after["next_start"], &before["next_start"]), "{before}\n{after}");
        } else {
            assert_eq!(after["why"], before["why"], "{after}");
        }
    }
}

#[test]
fn a_restart_that_was_under_way_is_finished_by_the_next_daemon() {
    let mut daemon = Daemon::start();
    let [alive, ended] = ["alive", "ended"].map(|label| {
        let deaf = daemon.service(label).does(&["--deaf"]);
        deaf.key("KeepAlive", false).key("ExitTimeOut", 3600).add();
        let pid = daemon.running(label);
        daemon.done(&["restart", label, "--no-wait"]);
        daemon.wait_noted(label, "received TERM", 1);
        pid
    });
    daemon.kill9();
    end(ended, Signal::SIGKILL);
    daemon.start_again();
    daemon.wait_noted("alive", "received TERM", 2);
    end(alive, Signal::SIGKILL);
    for label in ["alive", "ended"] {
        daemon.wait_noted(label, "start main", 2);
        daemon.running(label);
        daemon.started(label, 2);
        end(daemon.pid_of(label), Signal::SIGKILL);
    }
}

#[test]
fn the_throttle_counts_from_the_last_start_whoever_made_it() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 3600).add();
    let pid = daemon.running("web");
    daemon.kill9();
    end(pid, Signal::SIGKILL);
    daemon.start_again();
    daemon.wait_state("web", "backoff");
    daemon.started("web", 1);
    daemon.done(&["start", "web"]);
    daemon.started("web", 2);
}

#[test]
fn an_interval_that_passed_without_a_daemon_is_made_up_for_once() {
    let mut daemon = Daemon::start();
    let service = daemon.service("tick").does(&["--exit", "0"]).key("ThrottleInterval", 0);
    service.without("RunAtLoad").key("StartInterval", 1).add();
    // Time in which no daemon is there can only pass.
    daemon.wait_noted("tick", "start main", 1);
    wait_until("its first run to end", PATIENCE, || daemon.row("tick")["state"] == "waiting");
    let due = daemon.json_of("tick")["next_start"].as_str().unwrap().parse::<Timestamp>().unwrap();
    daemon.kill9();
    let before = daemon.count("tick", "start main");
    wait_until("several times to pass", PATIENCE, || {
        3500 < Timestamp::now().duration_since(due).as_millis()
    });
    daemon.start_again();
    daemon.wait_noted("tick", "start main", before + 1);
    let next = daemon.json_of("tick")["next_start"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let phase = next.duration_since(due).as_millis() % 1000;
    assert!(phase <= 5 || 995 <= phase, "it keeps its beat: {phase} ms off");
}

#[test]
fn an_end_that_was_seen_stays_known_while_leftovers_are_cleared() {
    let mut daemon = Daemon::start();
    let service = daemon.service("web").does(&["--children", "1", "--deaf", "--exit", "7"]);
    service.key("ExitTimeOut", 30).add_in_any_case();
    daemon.wait_status("web", &json!(7));
    daemon.kill9();
    daemon.start_again();
    assert_eq!(daemon.row("web")["status"], 7, "{}", daemon.log());
    for process in observer::services_below(daemon.base()) {
        end(process.pid, Signal::SIGKILL);
    }
    daemon.wait_state("web", "down");
    assert_eq!(daemon.row("web")["status"], 7);
}
