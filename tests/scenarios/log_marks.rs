//! Marks between runs, and the parts of a log that they and times tell apart.

use std::fs;

use harness::{Daemon, PATIENCE, wait_until};
use serde_json::{Value, json};

use super::logs::Follower;

/// A service that says which run it is, and ends with 3.
fn thrice(daemon: &Daemon) {
    let service = daemon.service("web").does(&["--env", "SUPERVISORD_RUN", "--exit", "3"]);
    service.add();
    for run in 1..=3 {
        if run != 1 {
            daemon.ctl(&["start", "web"]);
        }
        daemon.wait_logged("web", &format!("SUPERVISORD_RUN={run}\n"));
        daemon.wait_status("web", &json!(3));
        wait_until("the end to be noted", PATIENCE, || {
            daemon.done(&["logs", "--marks", "web"]).matches("ended: exit 3").count() == run
        });
    }
}

#[test]
fn marks_tell_runs_apart_and_are_no_part_of_the_log() {
    let daemon = Daemon::start();
    thrice(&daemon);
    let text = daemon.done(&["logs", "web"]);
    assert_eq!(text, "SUPERVISORD_RUN=1\nSUPERVISORD_RUN=2\nSUPERVISORD_RUN=3\n");
    let file = daemon.base().join("logs/web.log");
    assert_eq!(fs::read_to_string(file).unwrap(), text);
    let marked = daemon.done(&["logs", "--marks", "web"]);
    let lines: Vec<&str> = marked.lines().collect();
    assert_eq!(lines.len(), 9, "{marked}");
    for (run, lines) in (1..).zip(lines.chunks(3)) {
        assert!(lines[0].starts_with(&format!("— web: run {run} started, pid ")), "{marked}");
        assert_eq!(lines[1], format!("SUPERVISORD_RUN={run}"));
        assert!(lines[2].starts_with(&format!("— web: run {run} ended: exit 3, 20")), "{marked}");
    }
    let objects = daemon.done(&["logs", "--marks", "--json", "web"]);
    let objects: Vec<Value> =
        objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects[0]["mark"]["event"], "began");
    assert_eq!(objects[1], json!({ "label": "web", "line": "SUPERVISORD_RUN=1" }));
    assert_eq!(objects[2]["mark"]["how"], "exit 3");
}

#[test]
fn one_run_is_shown_alone() {
    let daemon = Daemon::start();
    thrice(&daemon);
    let run = |which: &str| daemon.done(&["logs", "--run", which, "web"]);
    assert_eq!(run("2"), "SUPERVISORD_RUN=2\n");
    assert_eq!(run("last"), "SUPERVISORD_RUN=3\n");
    assert_eq!(run("-2"), "SUPERVISORD_RUN=1\n");
    let complaint = daemon.refused(1, &["logs", "--run", "7", "web"]);
    assert!(complaint.contains("1 to 3"), "{complaint}");
    let marked = daemon.done(&["logs", "--run", "2", "--marks", "web"]);
    assert_eq!(marked.matches("— web: run 2").count(), 2, "{marked}");
    assert_eq!(marked.lines().count(), 3, "{marked}");
}

#[test]
fn marks_outlive_the_daemon_and_its_kills() {
    let mut daemon = Daemon::start();
    thrice(&daemon);
    let before = daemon.done(&["logs", "--marks", "web"]);
    daemon.kill9();
    daemon.start_again();
    assert_eq!(daemon.done(&["logs", "--marks", "web"]), before);
    daemon.shut_down();
    daemon.start_again();
    daemon.wait_logged("web", "RUN=1\nSUPERVISORD_RUN=2\nSUPERVISORD_RUN=3\nSUPERVISORD_RUN=1\n");
    let after = daemon.done(&["logs", "--marks", "web"]);
    assert!(after.starts_with(&before), "{after}");
    assert_eq!(daemon.done(&["logs", "--run", "1", "web"]), "SUPERVISORD_RUN=1\n", "the newest");
}

#[test]
fn a_run_that_ends_while_no_daemon_is_there_has_its_mark() {
    let mut daemon = Daemon::start();
    let go = daemon.base().join("go");
    let until = go.to_str().unwrap();
    daemon.service("web").does(&["--print", "said", "--until", until]).add();
    daemon.wait_logged("web", "said\n");
    daemon.kill9();
    fs::write(go, "").unwrap();
    daemon.wait_noted("web", "exit 0", 1);
    daemon.start_again();
    wait_until("the end to be noted", PATIENCE, || {
        let marked = daemon.done(&["logs", "--marks", "web"]);
        marked.contains("said\n— web: run 1 ended: ")
    });
}

#[test]
#[cfg(unix)]
fn followers_see_marks_as_they_come_over_kills_and_upgrades() {
    let mut daemon = Daemon::start();
    let service = daemon.service("web").does(&["--env", "SUPERVISORD_RUN"]);
    service.key("ThrottleInterval", 0).add();
    daemon.wait_logged("web", "SUPERVISORD_RUN=1\n");
    let follower = Follower::start(&daemon, &["logs", "-f", "--marks", "web"]);
    let starts = |run: u32| {
        let mark = follower.line();
        let wanted = format!("— web: run {run} started, pid ");
        assert!(mark.starts_with(&wanted), "{mark}");
        assert_eq!(follower.line(), format!("SUPERVISORD_RUN={run}"));
    };
    starts(1);
    for run in 2..=5 {
        match run {
            3 => {
                daemon.done(&["upgrade"]);
            }
            4 => {
                daemon.kill9();
                daemon.start_again();
            }
            _ => {}
        }
        daemon.done(&["restart", "web"]);
        let mark = follower.line();
        assert!(
            mark.starts_with(&format!("— web: run {} ended: killed by SIG", run - 1)),
            "{mark}"
        );
        starts(run);
    }
    daemon.done(&["remove", "web"]);
    assert!(follower.line().contains("run 5 ended"));
    assert_eq!(follower.ended(), Some(0));
}

#[test]
fn several_logs_stand_behind_their_names() {
    let daemon = Daemon::start();
    for label in ["web-1", "web-2", "db"] {
        daemon.service(label).does(&["--print", &format!("{label} said")]).add();
        daemon.wait_logged(label, "said\n");
    }
    let text = daemon.done(&["logs", "web-*", "db"]);
    assert_eq!(text, "web-1 | web-1 said\nweb-2 | web-2 said\ndb    | db said\n");
    let output = daemon.ctl(&["logs", "db", "nix", "web-1"]);
    assert_eq!(output.code, 4, "{output:?}");
    assert_eq!(output.stdout, "web-1 | web-1 said\ndb    | db said\n");
    assert!(output.stderr.contains("no such service"), "{output:?}");
    assert!(daemon.refused(4, &["logs", "x*"]).contains("x*"));
    let follower = Follower::start(&daemon, &["logs", "-f", "web-1", "d*"]);
    let mut seen = [follower.line(), follower.line()];
    seen.sort();
    assert_eq!(seen, ["db    | db said", "web-1 | web-1 said"]);
    daemon.done(&["restart", "db"]);
    assert_eq!(follower.line(), "db    | db said");
    daemon.done(&["remove", "db", "web-1"]);
    assert_eq!(follower.ended(), Some(0));
}

#[test]
fn times_are_exact_where_lines_begin_with_one() {
    let daemon = Daemon::start();
    let service = daemon.service("web");
    let lines = (1..=9).map(|hour| format!("2099-01-02T0{hour}:00:00Z hour {hour}"));
    let lines: Vec<String> = lines.collect();
    let words = lines.iter().flat_map(|line| ["--print", line]).collect::<Vec<_>>();
    service.does(&words).add();
    daemon.wait_logged("web", "hour 9\n");
    let logs = |words: &[&str]| daemon.done(&[&["logs", "web"], words].concat());
    assert_eq!(logs(&["--since", "2099-01-02T07:30:00Z"]).lines().count(), 2);
    assert_eq!(logs(&["--until", "2099-01-02T02:00:00Z"]).lines().count(), 2);
    let both = ["--since", "2099-01-02T03:00:00Z", "--until", "2099-01-02T05:00:00Z"];
    assert_eq!(logs(&both), lines[2..5].join("\n") + "\n");
    assert_eq!(logs(&[&both[..], &["-n", "1"]].concat()), lines[4].clone() + "\n");
    assert_eq!(logs(&["--since", "2100-01-01"]), "", "no line begins with a later time");
    assert!(daemon.refused(2, &["logs", "web", "--since", "soon"]).contains("is no time"));
}

#[test]
fn times_are_those_of_runs_where_lines_have_none() {
    let daemon = Daemon::start();
    thrice(&daemon);
    let marks = daemon.done(&["logs", "--marks", "--json", "web"]);
    let marks = marks.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let began: Vec<String> = marks
        .filter(|object| object["mark"]["event"] == "began")
        .map(|object| object["mark"]["at"].as_str().unwrap().to_owned())
        .collect();
    let logs = |words: &[&str]| daemon.done(&[&["logs", "web"], words].concat());
    let since = logs(&["--since", &began[1]]);
    assert_eq!(since, "SUPERVISORD_RUN=2\nSUPERVISORD_RUN=3\n");
    assert_eq!(logs(&["--until", &began[1]]), "SUPERVISORD_RUN=1\n");
}
