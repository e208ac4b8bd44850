//! `svcctl upgrade`: the daemon becomes another program, and nobody notices.
//!
//! `SVC_UPGRADE_SERVICES=500` makes the crowd larger.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::{BINARIES, Daemon, PATIENCE, Until, Wire, observer, wait_until};
use serde_json::{Value, json};

const UPGRADES: usize = 20;

fn services() -> usize {
    let given = std::env::var("SVC_UPGRADE_SERVICES").ok();
    given.and_then(|number| number.parse().ok()).unwrap_or(60)
}

/// Label, process and number of runs of each service.
fn crowd(daemon: &Daemon) -> Vec<(String, Value, Value)> {
    let list = daemon.json(&["list"]);
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| {
        (row["label"].as_str().unwrap().to_owned(), row["pid"].clone(), row["restarts"].clone())
    })
    .collect()
}

#[test]
fn twenty_upgrades_in_a_row_change_nothing_that_anyone_sees() {
    let daemon = Daemon::start();
    let go = daemon.base().join("go");
    for number in 0..services() {
        daemon.service(&format!("web-{number:03}")).key("KeepAlive", true).place();
    }
    daemon.service("talker").does(&["--tick", "3"]).key("KeepAlive", true).place();
    let late = daemon.service("late").does(&["--until", go.to_str().unwrap(), "--exit", "37"]);
    late.place();
    daemon.done(&["apply"]);
    daemon.wait_logged("talker", "line 00000005");
    daemon.running("late");
    let before = crowd(&daemon);
    let mut follower = daemon.client(&["logs", "-f", "-n", "100000", "talker"]);
    let mut follower = follower.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let reader = thread::spawn(move || lines.map(Result::unwrap).collect::<Vec<_>>());
    let mut waiting = daemon.client(&["wait", "--until", "exited", "late"]);
    let waiting = waiting.stdout(Stdio::piped()).spawn().unwrap();
    let pid = daemon.pid();
    let mut descriptors = None;
    for round in 0..UPGRADES {
        daemon.done(&["upgrade", BINARIES.supervisord.to_str().unwrap()]);
        assert_eq!(daemon.json(&["ping"])["pid"], pid, "it is the same process");
        assert_eq!(crowd(&daemon), before, "upgrade {round}");
        wait_until("the descriptors to be as few as after the first", PATIENCE, || {
            let now = observer::descriptors(pid).len();
            now <= *descriptors.get_or_insert(now)
        });
    }
    observer::wait_collected(pid);
    fs::write(go, "").unwrap();
    daemon.wait_status("late", &json!(37));
    let waited = waiting.wait_with_output().unwrap();
    assert!(waited.status.success(), "{waited:?}");
    daemon.done(&["stop", "talker"]);
    daemon.done(&["remove", "talker"]);
    follower.wait().unwrap();
    let seen = reader.join().unwrap();
    let expected: Vec<String> = (1..=seen.len()).map(|n| format!("line {n:08}")).collect();
    assert!(seen == expected, "a line was lost or doubled: {} seen", seen.len());
    assert!(100 < seen.len(), "it went on to the end");
    for (label, ..) in before {
        assert_eq!(daemon.count(&label, "start main"), 1, "{label}");
    }
}

#[test]
fn ends_during_upgrades_have_exact_statuses() {
    let daemon = Daemon::start();
    let ends = 40;
    for number in 0..ends {
        let (code, after) = (number.to_string(), (20 * number).to_string());
        let service = daemon.service(&format!("end-{number:02}"));
        service.does(&["--exit", &code, "--exit-after", &after]).place();
    }
    let apply = daemon.client(&["apply"]).stdout(Stdio::null()).spawn();
    for _ in 0..8 {
        daemon.done(&["upgrade"]);
    }
    let _ = apply.unwrap().wait();
    daemon.done(&["apply"]);
    for number in 0..ends {
        let label = format!("end-{number:02}");
        daemon.wait_status(&label, &json!(number));
        assert_eq!(daemon.count(&label, "start main"), 1, "{label}");
    }
    observer::wait_collected(daemon.pid());
}

#[test]
fn a_program_that_cannot_take_over_leaves_the_old_one_with_a_reason() {
    let daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    let web = daemon.running("web");
    let program = |name: &str, text: &str, mode: u32| -> PathBuf {
        let path = daemon.base().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let bad = [
        (PathBuf::from("/nowhere/supervisord"), "No such file"),
        (program("text", "hello", 0o644), "Permission denied"),
        (program("silent", "#!/bin/sh\nexit 0\n", 0o755), "no supervisord"),
        (program("angry", "#!/bin/sh\necho wrong moon >&2; exit 3\n", 0o755), "wrong moon"),
        (program("crash", "#!/bin/sh\nkill -SEGV $$\n", 0o755), "SIGSEGV"),
        // Whoever holds the pipe open must not hold the daemon up.
        (program("holder", "#!/bin/sh\nsleep 2 & exit 4\n", 0o755), "exit"),
        (program("slow", "#!/bin/sh\nexec sleep 60\n", 0o755), "10 s"),
    ];
    for (path, reason) in bad {
        let complaint = daemon.refused(1, &["upgrade", path.to_str().unwrap()]);
        assert!(complaint.contains(reason), "{}: {complaint}", path.display());
        assert!(complaint.contains("cannot upgrade"), "{complaint}");
        assert_eq!(daemon.json(&["ping"])["pid"], daemon.pid());
    }
    let goals = daemon.base().join("state/goals.jsonl");
    let good = fs::read(&goals).unwrap();
    fs::write(&goals, "{\"format\":99}\n").unwrap();
    let complaint = daemon.refused(1, &["upgrade"]);
    assert!(complaint.contains("99"), "it says what it can't read: {complaint}");
    fs::write(&goals, good).unwrap();
    daemon.done(&["upgrade"]);
    assert_eq!(daemon.running("web"), web);
}

#[test]
fn another_file_becomes_the_program_and_is_the_one_from_then_on() {
    let daemon = Daemon::start();
    let copy = daemon.base().join("supervisord-new");
    fs::copy(&BINARIES.supervisord, &copy).unwrap();
    daemon.done(&["upgrade", copy.to_str().unwrap()]);
    let exe = || fs::read_link(format!("/proc/{}/exe", daemon.pid())).unwrap();
    assert_eq!(exe(), copy);
    // As an installer does it.
    let next = daemon.base().join("next");
    fs::copy(&BINARIES.supervisord, &next).unwrap();
    fs::rename(&next, &copy).unwrap();
    assert!(exe().to_string_lossy().ends_with("(deleted)"));
    daemon.done(&["upgrade"]);
    assert_eq!(exe(), copy, "the file that was put in its place");
}

#[test]
fn a_daemon_in_the_background_is_upgraded_in_place() {
    let daemon = Daemon::prepare();
    daemon.service("web").key("KeepAlive", true).place();
    let begun = daemon.command().arg("--daemonize").output().unwrap();
    assert!(begun.status.success());
    let pid = || u32::try_from(daemon.json(&["ping"])["pid"].as_u64().unwrap()).unwrap();
    let (before, web) = (pid(), daemon.running("web"));
    let descriptors = observer::descriptors(before).len();
    for _ in 0..3 {
        daemon.done(&["upgrade"]);
        assert_eq!((pid(), daemon.running("web")), (before, web));
    }
    wait_until("no more descriptors than before", PATIENCE, || {
        observer::descriptors(before).len() <= descriptors
    });
    let log = fs::read_to_string(daemon.base().join("logs/supervisord.log")).unwrap();
    assert_eq!(log.matches("becoming ").count(), 3, "it goes on in the same log: {log}");
    daemon.done(&["shutdown"]);
    wait_until("the daemon to end", PATIENCE, || !observer::lives(before));
    assert_eq!(observer::services_below(daemon.base()), []);
}

/// Asks again and again, over a new connection whenever the old one was hung up.
fn pester(daemon: &Daemon, label: &str, is_over: &AtomicBool) -> (usize, usize) {
    let (mut wire, mut answered, mut hung_up) = (daemon.wire(), 0, 0);
    for verb in ["stop", "start", "status", "restart", "list"].iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let params = if *verb == "list" { json!({}) } else { json!({"label": label}) };
        let answer = try_ask(&mut wire, verb, &params);
        let Some(answer) = answer else {
            hung_up += 1;
            wire = daemon.wire();
            continue;
        };
        answered += 1;
        assert!(answer["error"].is_null(), "{verb} {label}: {answer}");
        if *verb == "stop" {
            assert_eq!(answer["result"]["state"], "down", "{answer}");
        }
    }
    (answered, hung_up)
}

fn try_ask(wire: &mut Wire, verb: &str, params: &Value) -> Option<Value> {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": verb, "params": params});
    if !wire.send(format!("{request}\n")) {
        return None;
    }
    let line = wire.line()?;
    Some(serde_json::from_str(&line).unwrap())
}

#[test]
fn upgrades_under_a_storm_of_requests_lose_no_service_and_no_answer_is_false() {
    const CLIENTS: usize = 6;
    let daemon = Daemon::start();
    let label = |client: usize| format!("web-{client}");
    for client in 0..CLIENTS {
        let service = daemon.service(&label(client)).key("KeepAlive", true);
        service.key("ThrottleInterval", 0).add();
        daemon.running(&label(client));
    }
    let is_over = AtomicBool::new(false);
    let totals = thread::scope(|scope| {
        let (daemon, is_over) = (&daemon, &is_over);
        let until = Until(is_over);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || pester(daemon, &label(client), is_over)))
            .collect();
        for _ in 0..10 {
            daemon.done(&["upgrade"]);
        }
        drop(until);
        clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(totals.iter().all(|(answered, _)| 20 < *answered), "(answered, hung up): {totals:?}");
    for client in 0..CLIENTS {
        daemon.done(&["start", &label(client)]);
        daemon.running(&label(client));
        assert_eq!(daemon.count(&label(client), "double"), 0);
    }
    assert_eq!(observer::services_below(daemon.base()).len(), CLIENTS);
}

#[test]
fn nobody_who_changes_something_sees_an_upgrade() {
    let daemon = Daemon::start();
    let is_over = AtomicBool::new(false);
    let loops: [&[&[&str]]; 5] = [
        &[&["stop", "a"], &["start", "a"]],
        &[&["restart", "b"]],
        &[&["disable", "c"], &["enable", "c"], &["wait", "c"]],
        &[&["remove", "d"], &["add", "FILE"]],
        &[&["stop", "e", "f"], &["apply", "--dry-run"], &["start", "e", "f"], &["list"]],
    ];
    for label in ["a", "b", "c", "d", "e", "f"] {
        daemon.service(label).key("KeepAlive", true).key("ThrottleInterval", 0).add();
    }
    let file = daemon.service("d").key("KeepAlive", true).key("ThrottleInterval", 0).file();
    let file = file.to_str().unwrap();
    let rounds: Vec<usize> = thread::scope(|scope| {
        let (daemon, is_over) = (&daemon, &is_over);
        let until = Until(is_over);
        let client = |verbs: &'static [&'static [&'static str]]| {
            let mut rounds = 0;
            while !is_over.load(Ordering::Relaxed) {
                for words in verbs {
                    let word = |word: &&'static str| if *word == "FILE" { file } else { word };
                    let _ = daemon.done(&words.iter().map(word).collect::<Vec<_>>());
                }
                rounds += 1;
            }
            rounds
        };
        let clients: Vec<_> =
            loops.into_iter().map(|verbs| scope.spawn(move || client(verbs))).collect();
        for _ in 0..UPGRADES {
            daemon.done(&["upgrade"]);
        }
        drop(until);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert!(rounds.iter().all(|rounds| 0 < *rounds), "{rounds:?}");
    for label in ["a", "b", "c", "d", "e", "f"] {
        daemon.running(label);
        assert_eq!(daemon.count(label, "double"), 0);
    }
}

#[test]
fn a_change_that_a_kill_interrupts_is_asked_for_again() {
    let mut daemon = Daemon::start();
    let deaf = daemon.service("deaf").does(&["--deaf"]).key("KeepAlive", true);
    deaf.key("ExitTimeOut", 2).add();
    daemon.running("deaf");
    for (verb, event) in [("stop", "asked"), ("remove", "asked")] {
        let mut client = daemon.client(&[verb, "deaf"]);
        let client = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("the request to be read", PATIENCE, || {
            let history = daemon.done(&["history", "deaf"]);
            history.contains(&format!("{verb} {event}"))
        });
        daemon.kill9();
        daemon.start_again();
        let output = client.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{verb}: {output:?}");
        if verb == "stop" {
            assert_eq!(daemon.row("deaf")["goal"], "down");
        }
    }
    assert!(daemon.row("deaf").is_null());
}
