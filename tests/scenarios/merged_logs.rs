//! `svcctl logs` of several services: one text, in order of time.

#[cfg(target_os = "linux")]
use std::process::Command;

use harness::{Daemon, PATIENCE, wait_until};
use serde_json::{Value, json};

#[test]
fn several_logs_are_one_in_order_of_time() {
    let daemon = Daemon::start();
    let add = |label: &str, lines: &[&str]| {
        let words = lines.iter().flat_map(|line| ["--print", line]).collect::<Vec<_>>();
        daemon.service(label).does(&[&words, &["--part", "end"][..]].concat()).add();
        daemon.wait_logged(label, "\nend");
    };
    add(
        "web",
        &[
            "2099-01-02T01:00:00Z one",
            "  its trace",
            "2099-01-02T03:00:00Z three",
            "2099-01-02T02:30:00Z late",
            "2099-01-02T06:00:00+01:00 five",
        ],
    );
    add(
        "db",
        &[
            r#"{"time":"2099-01-02T02:00:00Z","text":"two"}"#,
            "[2099-01-02T04:00:00Z] four",
            "2099-01-02T05:00:00Z five",
        ],
    );
    let texts = |words: &[&str]| {
        let shown = daemon.done(&[&["logs", "web", "db"], words].concat());
        let text = |line: &str| line[line.rfind([' ', ':']).unwrap() + 1..].to_owned();
        shown.lines().map(text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(texts(&[]), r#"one trace "two"} three late four five end five end"#);
    assert_eq!(texts(&["-n", "3"]), "late four five end five end", "three of each");
    let objects = daemon.done(&["logs", "--json", "db", "web"]);
    let objects = objects.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let labels: Vec<String> =
        objects.map(|object| object["label"].as_str().unwrap().to_owned()).collect();
    assert_eq!(labels.join(" "), "web web db web web db db db web web");
}

#[test]
fn logs_without_times_are_in_order_of_their_runs() {
    let daemon = Daemon::start();
    for label in ["web", "db"] {
        let service = daemon.service(label).without("RunAtLoad");
        service.does(&["--env", "SUPERVISORD_RUN", "--print", "said", "--exit", "0"]).add();
    }
    let turns = ["web", "db", "db", "web", "db", "web", "web"];
    let mut expected = String::new();
    for (turn, label) in turns.into_iter().enumerate() {
        daemon.done(&["start", label]);
        let run = turns[..=turn].iter().filter(|other| **other == label).count();
        daemon.wait_logged(label, &format!("SUPERVISORD_RUN={run}\nsaid\n"));
        wait_until("the run to end", PATIENCE, || daemon.row(label)["pid"].is_null());
        expected += &format!("{label:<3} | SUPERVISORD_RUN={run}\n{label:<3} | said\n");
    }
    assert_eq!(daemon.done(&["logs", "web", "db"]), expected);
    // The marks before these are not shown, and still tell when they were.
    let last = daemon.done(&["logs", "-n", "1", "web", "db"]);
    assert_eq!(last, "db  | said\nweb | said\n");
    let marked = daemon.done(&["logs", "--marks", "web", "db"]);
    let marks = marked.lines().filter_map(|line| line.strip_prefix("— ")?.split_once(" started"));
    let begun: Vec<&str> = marks.map(|(run, _)| &run[..run.find(':').unwrap()]).collect();
    assert_eq!(begun, turns, "{marked}");
}

#[test]
fn long_logs_of_several_services_are_one_in_order_of_time() {
    let daemon = Daemon::start();
    let log = json!({ "Log": { "Mode": "Pipe", "Timestamps": true } });
    let labels = ["web", "db", "job"];
    for label in labels {
        let service = daemon.service(label).key("Supervisor", log.clone());
        service.does(&["--lines", "30000"]).add_in_any_case();
    }
    labels.iter().for_each(|label| drop(daemon.wait_logged(label, "line 00030000\n")));
    let shown = daemon.done(&["logs", "web", "db", "job"]);
    assert_eq!(shown.lines().count(), 90_000);
    let times = shown.lines().map(|line| &line["web | ".len()..][..27]);
    assert!(times.is_sorted(), "{}", &shown[..200]);
    for label in labels {
        let name = format!("{label:<3} | ");
        let own = shown.lines().filter_map(|line| line.strip_prefix(&name));
        assert!(own.map(|line| &line[28..]).is_sorted());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn long_logs_are_never_held_whole() {
    let daemon = Daemon::start();
    let labels = ["web", "db"];
    for label in labels {
        // The lines of one are all before those of the other.
        daemon.service(label).does(&["--flood", "24", "--exit", "0"]).add();
        daemon.wait_status(label, &json!(0));
    }
    let command = daemon.client(&["logs", "db", "web"]);
    let mut bounded = Command::new("/bin/sh");
    bounded.args(["-c", "ulimit -v 40000; exec \"$0\" \"$@\""]).arg(command.get_program());
    bounded.args(command.get_args()).env_clear();
    let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let output = bounded.envs(set).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (first, second) = output.stdout.split_at(output.stdout.len() / 2);
    assert!(first.starts_with(b"web | line 0000000001 ") && first.ends_with(b"\n"));
    assert!(second.starts_with(b"db  | line 0000000001 "));
}

#[test]
fn of_many_logs_only_some_may_be_long() {
    let mut daemon = Daemon::prepare();
    let log = daemon.base().join("log");
    std::fs::write(&log, "2099-01-02T01:00:00Z said\n".repeat(4000)).unwrap();
    for number in 0..101 {
        let service = daemon.service(&format!("web{number}")).without("RunAtLoad");
        service.key("StandardOutPath", log.to_str().unwrap()).place();
    }
    daemon.start_again();
    let complaint = daemon.refused(2, &["logs", "web*"]);
    assert!(complaint.contains("101 services") && complaint.contains("-n"), "{complaint}");
    assert_eq!(daemon.done(&["logs", "-n", "5", "web*"]).lines().count(), 505);
    assert_eq!(daemon.done(&["logs", "web?", "web1?"]).lines().count(), 80_000);
}
