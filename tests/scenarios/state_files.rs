//! What the daemon keeps in files: every format ever written is read for ever, a newer one is
//! refused, and damage to one file is told, set aside and survived.

use std::fs;
use std::path::PathBuf;

use harness::{Daemon, PATIENCE, observer, wait_until, workspace};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

const GOALS: &str = "state/goals.jsonl";
const RUNS: &str = "run/runs.jsonl";
const HISTORY: &str = "state/history.jsonl";

fn golden(file: &str) -> Vec<String> {
    let mut versions: Vec<PathBuf> = fs::read_dir(workspace().join("tests/golden-state"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    versions.sort();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let read = |version: PathBuf| fs::read_to_string(version.join(file)).unwrap();
    versions.into_iter().map(|version| read(version).replace("BOOT", boot.trim())).collect()
}

/// Puts a file in place before the daemon begins.
fn put(daemon: &Daemon, file: &str, bytes: impl AsRef<[u8]>) {
    let path = daemon.base().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Starts a daemon that must refuse to begin; its complaint.
fn refuses(daemon: &Daemon) -> String {
    let output = daemon.command().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn goals_of_every_format_are_read_for_ever() {
    for text in golden("goals.jsonl") {
        let mut daemon = Daemon::prepare();
        put(&daemon, GOALS, text);
        for label in ["up", "stopped", "off", "both", "again"] {
            daemon.service(label).key("KeepAlive", true).place();
        }
        daemon.service("on").key("KeepAlive", true).key("Disabled", true).place();
        daemon.start_again();
        let state =
            |label: &str| (daemon.row(label)["state"].clone(), daemon.row(label)["goal"].clone());
        for label in ["up", "on", "again"] {
            daemon.running(label);
        }
        assert_eq!(state("stopped"), (json!("down"), json!("down")));
        assert_eq!(state("off"), (json!("disabled"), json!("up")));
        assert_eq!(state("both").1, json!("down"));
        for label in ["stopped", "off", "both"] {
            assert_eq!(daemon.count(label, "start main"), 0, "{label}");
        }
    }
}

#[test]
fn runs_of_every_format_are_read_for_ever() {
    for text in golden("runs.jsonl") {
        let mut daemon = Daemon::prepare();
        put(&daemon, RUNS, text);
        let labels = ["code", "signal", "unknown", "not-made", "alive", "abandons", "begun"];
        for label in labels {
            daemon.service(label).place();
        }
        daemon.start_again();
        daemon.running("begun");
        let statuses = [json!(7), json!(-11), Value::Null, json!(78), Value::Null, json!(0)];
        for (label, status) in labels.iter().zip(statuses) {
            let row = daemon.row(label);
            assert_eq!((&row["status"], &row["pid"]), (&status, &Value::Null), "{label}: {row}");
            assert_eq!(daemon.count(label, "start main"), 0, "{label} is over");
        }
        assert!(daemon.ctl(&["status", "not-made"]).stdout.contains("exec /nowhere"));
    }
}

#[test]
fn histories_of_every_format_are_read_for_ever() {
    for text in golden("history.jsonl") {
        let mut daemon = Daemon::prepare();
        put(&daemon, HISTORY, &text);
        daemon.service("web").without("RunAtLoad").place();
        daemon.start_again();
        let told = daemon.done(&["history", "--json"]);
        let kept: Vec<&str> = text.lines().skip(1).collect();
        let lines: Vec<Value> =
            told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for (line, old) in lines.iter().zip(&kept) {
            assert_eq!(*line, serde_json::from_str::<Value>(old).unwrap());
        }
        let last: Value = serde_json::from_str(kept[kept.len() - 1]).unwrap();
        assert_eq!(lines[kept.len()]["seq"], last["seq"].as_u64().unwrap() + 1, "it goes on");
        assert_eq!(daemon.json_of("web")["asked"]["reason"], "disk swap");
    }
}

#[test]
fn a_damaged_history_is_told_set_aside_and_survived() {
    let good = golden("history.jsonl").pop().unwrap();
    let damaged =
        [format!("{good}garbage\n"), good.replacen("{\"format\"", "{\"form", 1), "\0\n".to_owned()];
    for text in damaged {
        let mut daemon = Daemon::prepare();
        put(&daemon, HISTORY, &text);
        daemon.service("web").key("KeepAlive", true).place();
        daemon.start_again();
        daemon.running("web");
        assert!(daemon.log().contains("history.jsonl"), "{text:?}: {}", daemon.log());
        let aside = daemon.base().join("state/history.damaged");
        assert_eq!(fs::read_to_string(&aside).unwrap(), text);
        assert!(daemon.done(&["history", "web"]).contains("web: up"));
        fs::remove_file(&aside).unwrap();
        daemon.kill9();
        daemon.start_again();
        daemon.running("web");
        assert!(!aside.exists(), "it was mended");
    }
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    for file in [GOALS, RUNS, HISTORY] {
        let mut daemon = Daemon::prepare();
        let text = "{\"format\":99,\"boot\":\"x\"}\n{\"label\":\"web\"}\n";
        put(&daemon, file, text);
        let complaint = refuses(&daemon);
        assert!(complaint.contains(file) && complaint.contains("99"), "{complaint}");
        assert_eq!(fs::read_to_string(daemon.base().join(file)).unwrap(), text);
        fs::remove_file(daemon.base().join(file)).unwrap();
        daemon.start_again();
    }
}

#[test]
fn damaged_goals_are_told_set_aside_and_survived() {
    let whole = "{\"format\":1}\n{\"label\":\"web\",\"goal\":\"down\"}\n";
    let zeros = "\0".repeat(64);
    let damaged = [
        (format!("{whole}garbage\n"), "down", true),
        (format!("{whole}{zeros}\n{{\"label\":\"db\",\"goal\":\"down\"}}\n"), "down", true),
        (whole.replace("{\"format\":1}", "{\"form"), "down", true),
        (format!("{whole}{{\"label\":\"web\",\"go"), "down", false),
        (zeros, "up", true),
        (String::new(), "up", false),
    ];
    for (text, goal, is_told) in damaged {
        let mut daemon = Daemon::prepare();
        put(&daemon, GOALS, &text);
        daemon.service("web").key("KeepAlive", true).place();
        daemon.service("other").key("KeepAlive", true).place();
        daemon.start_again();
        daemon.running("other");
        assert_eq!(daemon.row("web")["goal"], goal, "{text:?}");
        let aside = daemon.base().join("state/goals.damaged");
        assert_eq!(daemon.log().contains("goals.jsonl"), is_told, "{text:?}: {}", daemon.log());
        assert_eq!(aside.exists(), is_told, "{text:?}");
        if is_told {
            assert_eq!(fs::read_to_string(aside).unwrap(), text);
        }
        daemon.done(&["stop", "other"]);
        daemon.kill9();
        daemon.start_again();
        assert_eq!(daemon.row("other")["goal"], "down", "after {text:?} nothing more is stored");
        assert_eq!(daemon.row("web")["goal"], goal, "{text:?}");
    }
}

#[test]
fn a_damaged_record_of_runs_costs_a_restart_but_never_a_second_copy() {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let header = format!("{{\"format\":1,\"boot\":\"{}\"}}\n", boot.trim());
    let garbage = [String::new(), "\0".repeat(64), "garbage\n".to_owned(), header + "garbage\n"];
    for text in garbage {
        let mut daemon = Daemon::start();
        daemon.service("web").key("KeepAlive", true).key("ExitTimeOut", 1).add();
        let before = daemon.running("web");
        daemon.kill9();
        put(&daemon, RUNS, &text);
        daemon.start_again();
        wait_until("the unknown process to end", PATIENCE, || !observer::lives(before));
        daemon.started("web", 2);
        daemon.running("web");
        assert_eq!(daemon.count("web", "double"), 0, "{text:?}");
        assert!(daemon.log().contains("runs.jsonl"), "{text:?}: {}", daemon.log());
    }
}

#[test]
fn a_lock_and_a_pid_file_full_of_rubbish_are_no_hindrance() {
    let mut daemon = Daemon::prepare();
    put(&daemon, "run/lock", "\0\0rubbish");
    put(&daemon, "run/pid", "999999999999999999999\n");
    daemon.start_again();
    let pid = fs::read_to_string(daemon.base().join("run/pid")).unwrap();
    assert_eq!(pid.trim(), daemon.pid().to_string());
    put(&daemon, "run/pid", "\u{1f980}");
    assert!(refuses(&daemon).contains("cannot lock"));
}

#[test]
fn files_a_killed_daemon_was_still_writing_are_taken_away_and_no_others() {
    let mut daemon = Daemon::prepare();
    put(&daemon, "services/.supervisord-abc", "half");
    put(&daemon, "state/.supervisord-xyz", "half");
    put(&daemon, "services/.mine.plist", "kept");
    daemon.start_again();
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(daemon.base().join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("services"), [".mine.plist"]);
    let mut state = names("state");
    state.sort();
    assert_eq!(state, ["goals.jsonl", "history.jsonl"]);
}

#[test]
fn the_journal_of_goals_does_not_grow_for_ever() {
    let daemon = Daemon::start();
    daemon.service("web").without("RunAtLoad").add();
    let mut wire = daemon.wire();
    // A label as long as may be makes the journal reach its bound in few changes.
    let label = "x".repeat(255);
    let service = daemon.service("long").key("Label", label.as_str()).without("RunAtLoad");
    wire.ask("add", json!({"definition": service.json()}));
    let file = daemon.base().join(GOALS);
    let mut longest = 0;
    for _ in 0..2000 {
        for verb in ["disable", "enable"] {
            wire.ask(verb, json!({"label": label}));
        }
        longest = longest.max(fs::metadata(&file).unwrap().len());
        if fs::metadata(&file).unwrap().len() < longest {
            return;
        }
    }
    panic!("the journal has grown to {longest} bytes");
}

#[test]
fn a_run_that_ends_while_the_daemon_is_killed_again_and_again_is_told_once() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 0).add();
    for round in 1..=3 {
        let pid = daemon.running("web");
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
        daemon.kill9();
        daemon.start_again();
        daemon.started("web", round + 1);
        daemon.running("web");
    }
    assert_eq!(daemon.count("web", "double"), 0);
}
