//! What happened is told: once, in order, with who asked for it, over kills and upgrades.
//!
//! `SVC_HISTORY_SERVICES=300` makes the crowd larger.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use harness::{BINARIES, Daemon, PATIENCE, Until, number, wait_until};
use serde_json::{Value, json};

/// Everything that is kept, oldest first.
fn history(daemon: &Daemon, more: &[&str]) -> Vec<Value> {
    let text = daemon.done(&[&["history", "--json"], more].concat());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is told of a service, in words.
fn story(daemon: &Daemon, label: &str) -> Vec<String> {
    let tell = |event: &Value| match event["event"].as_str().unwrap() {
        "asked" => format!("{} asked", event["by"]["verb"].as_str().unwrap()),
        word if event["run"].is_null() => word.to_owned(),
        word => format!("{word} {}", event["run"]),
    };
    history(daemon, &[label]).iter().map(tell).collect()
}

/// Every number is there once, and no run of a service came up or ended twice.
fn is_whole(events: &[Value]) {
    let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (1..).take(numbers.len()).collect();
    assert_eq!(numbers, expected);
    let mut seen = BTreeSet::new();
    for event in events {
        let word = event["event"].as_str().unwrap();
        if ["up", "stopping", "exited"].contains(&word) {
            let key = (event["label"].to_string(), event["run"].as_u64(), word);
            assert!(seen.insert(key), "told twice: {event}");
        }
    }
    for (label, run, word) in &seen {
        // One that was made in vain is stopped at once.
        let began = |word| seen.contains(&(label.clone(), *run, word));
        let is_told = *word != "exited" || began("up") || began("stopping");
        assert!(is_told, "{label} ended in run {run:?} without a beginning");
    }
}

struct Follower {
    client: Child,
    seen: Arc<Mutex<Vec<Value>>>,
    reader: JoinHandle<()>,
}

impl Follower {
    fn start(daemon: &Daemon, since: &str) -> Self {
        let mut child = daemon.client(&["events", "--json", "--since", since]);
        let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let read = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let put = Arc::clone(&seen);
        let reader = thread::spawn(move || read.for_each(|event| put.lock().unwrap().push(event)));
        Self { client: child, seen, reader }
    }

    /// Waits until it follows a daemon that has told something: one that ends at once it would not
    /// find.
    fn catch_up(&self, daemon: &Daemon) {
        let last = history(daemon, &[]).last().unwrap()["seq"].clone();
        wait_until("the follower to see what is kept", PATIENCE, || {
            self.seen.lock().unwrap().iter().any(|event| event["seq"] == last)
        });
    }

    /// Everything it saw, once the daemon has been shut down.
    fn end(mut self) -> Vec<Value> {
        self.reader.join().unwrap();
        assert!(self.client.wait().unwrap().success(), "following ends with the daemon");
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

#[test]
fn the_life_of_a_service_is_told_with_who_asked_and_why() {
    let daemon = Daemon::start();
    let file = daemon.service("web").file();
    daemon.done(&["add", file.to_str().unwrap(), "--reason", "release 7"]);
    let pid = daemon.running("web");
    daemon.done(&["stop", "web", "--reason", "disk\nswap"]);
    let events = history(&daemon, &["web"]);
    let asked = |event: &Value| event["by"].clone();
    let by = asked(&events[0]);
    assert_eq!((&by["verb"], &by["reason"]), (&json!("add"), &json!("release 7")));
    assert_eq!(by["uid"], nix::unistd::geteuid().as_raw());
    assert_eq!(by["program"], "svcctl");
    assert!(by["pid"].as_u64().is_some_and(|pid| 1 < pid), "{by}");
    assert_eq!(events[1]["pid"], pid);
    let ended = events.iter().find(|event| event["event"] == "exited").unwrap();
    assert_eq!((&ended["pid"], &ended["run"]), (&json!(pid), &json!(1)));
    let expected = ["add asked", "up 1", "stop asked", "stopping 1", "exited 1", "down 1"];
    assert_eq!(story(&daemon, "web"), expected);
    let status = daemon.ctl(&["status", "web"]).stdout;
    assert!(status.contains("asked       stop by "), "{status}");
    assert!(status.contains("(svcctl, pid ") && status.contains("ago: disk swap"), "{status}");
    let lines = daemon.done(&["history", "web", "-n", "1"]);
    assert!(lines.contains("web: down, run 1: ") && lines.lines().count() == 1, "{lines}");
    daemon.done(&["start", "web"]);
    daemon.done(&["disable", "web"]);
    daemon.done(&["remove", "web"]);
    assert_eq!(story(&daemon, "web").last().unwrap(), "removed");
    let complaint = daemon.refused(4, &["history", "nobody"]);
    assert!(complaint.contains("nothing about it is kept"), "{complaint}");
}

#[test]
fn what_the_daemon_does_by_itself_is_told_too() {
    let daemon = Daemon::start();
    let often = daemon.service("often").does(&["--exit", "3", "--stay-from", "2"]);
    often.key("KeepAlive", true).key("ThrottleInterval", 1).add_in_any_case();
    daemon.started("often", 2);
    daemon.running("often");
    let expected = ["add asked", "up 1", "exited 1", "backoff 1", "up 2"];
    assert_eq!(story(&daemon, "often"), expected);
    let exited = &history(&daemon, &["often"])[2];
    assert_eq!((&exited["status"], &exited["why"]), (&json!(3), &json!("exit 3")));
    let nowhere = json!(["/nowhere/program"]);
    daemon.service("missing").key("ProgramArguments", nowhere).add_in_any_case();
    daemon.wait_state("missing", "failed");
    let failed = history(&daemon, &["missing"]).pop().unwrap();
    assert!(failed["why"].as_str().unwrap().contains("/nowhere/program"), "{failed}");
    daemon.service("by-hand").without("RunAtLoad").place();
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    daemon.wait_state("by-hand", "down");
    let by = history(&daemon, &["by-hand"])[0]["by"].clone();
    assert_eq!(by, json!({"verb": "apply", "reason": "SIGHUP"}));
}

#[test]
fn who_asked_last_is_known_over_a_kill_and_an_end() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    daemon.done(&["stop", "web", "--reason", "holidays"]);
    for is_killed in [true, false] {
        if is_killed {
            daemon.kill9();
        } else {
            daemon.shut_down();
        }
        daemon.start_again();
        let status = daemon.ctl(&["status", "web"]).stdout;
        assert!(status.contains("stop by ") && status.contains("holidays"), "{status}");
        let asked = daemon.json_of("web")["asked"].clone();
        assert_eq!((&asked["verb"], &asked["reason"]), (&json!("stop"), &json!("holidays")));
    }
}

#[test]
fn a_daemon_that_is_killed_again_and_again_tells_everything_once() {
    let mut daemon = Daemon::start();
    daemon.service("steady").key("KeepAlive", true).add();
    for label in ["a", "b", "c"] {
        let service = daemon.service(label).does(&["--exit", "1", "--exit-after", "20"]);
        service.key("KeepAlive", true).key("ThrottleInterval", 0).add_in_any_case();
    }
    let follower = Follower::start(&daemon, "0");
    for round in 1..=6 {
        let some = daemon.count("a", "start main") + 3 + round;
        wait_until("some runs", PATIENCE, || some <= daemon.count("a", "start main"));
        daemon.kill9();
        daemon.start_again();
    }
    let before = daemon.count("a", "start main");
    wait_until("a run of this daemon", PATIENCE, || before + 1 < daemon.count("a", "start main"));
    follower.catch_up(&daemon);
    daemon.shut_down();
    let seen = follower.end();
    daemon.start_again();
    let kept = history(&daemon, &[]);
    // A daemon that begins anew counts runs anew.
    is_whole(&seen);
    assert_eq!(seen, kept[..seen.len()], "what was followed is what is kept");
    let of_steady = |event: &&Value| event["label"] == "steady" && event["event"] == "up";
    assert_eq!(seen.iter().filter(of_steady).count(), 1, "found again is no news");
    let last = seen.last().unwrap();
    assert_eq!(last["event"], "down", "it saw the end: {last}");
    for label in ["a", "b", "c", "steady"] {
        daemon.done(&["remove", label]);
    }
}

#[test]
fn twenty_upgrades_under_load_lose_no_event_and_no_line() {
    let daemon = Daemon::start();
    let crowd = usize::try_from(number("SVC_HISTORY_SERVICES", 12)).unwrap();
    let steady: Vec<String> = (0..crowd).map(|number| format!("web-{number:03}")).collect();
    for label in &steady {
        daemon.service(label).key("KeepAlive", true).place();
    }
    for label in ["crash-1", "crash-2"] {
        let service = daemon.service(label).does(&["--exit", "1", "--exit-after", "15"]);
        service.key("KeepAlive", true).key("ThrottleInterval", 0).place();
    }
    daemon.service("talker").does(&["--tick", "3"]).key("KeepAlive", true).place();
    let follower = Follower::start(&daemon, "0");
    daemon.done(&["apply"]);
    daemon.wait_logged("talker", "line 00000005");
    let mut log = daemon.client(&["logs", "-f", "-n", "100000", "talker"]);
    let mut log = log.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(log.stdout.take().unwrap()).lines();
    let log_reader = thread::spawn(move || lines.map(Result::unwrap).collect::<Vec<_>>());
    let is_over = AtomicBool::new(false);
    let runs = |daemon: &Daemon| -> Vec<Value> {
        steady.iter().map(|label| daemon.json_of(label)["runs"].clone()).collect()
    };
    let before = runs(&daemon);
    let changed = thread::scope(|scope| {
        let (daemon, is_over) = (&daemon, &is_over);
        let until = Until(is_over);
        let clients: Vec<_> = (0..3)
            .map(|client| scope.spawn(move || change_again_and_again(daemon, client, is_over)))
            .collect();
        for _ in 0..20 {
            daemon.done(&["upgrade", BINARIES.supervisord.to_str().unwrap()]);
        }
        drop(until);
        clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<usize>>()
    });
    assert!(changed.iter().all(|count| 3 < *count), "changes of each client: {changed:?}");
    assert_eq!(runs(&daemon), before, "no run number changes");
    daemon.done(&["stop", "talker"]);
    daemon.done(&["remove", "talker"]);
    assert!(log.wait().unwrap().success());
    let lines = log_reader.join().unwrap();
    for (number, line) in (1..).zip(&lines) {
        assert!(line.contains(&format!("line {number:08}")), "{number}: {line}");
    }
    follower.catch_up(&daemon);
    let mut daemon = daemon;
    daemon.shut_down();
    let seen = follower.end();
    daemon.start_again();
    let kept = history(&daemon, &[]);
    // A daemon that begins anew counts runs anew.
    is_whole(&seen);
    assert_eq!(seen, kept[..seen.len()]);
    let asked = |verb: &str| {
        let is_it = |event: &&Value| event["by"]["verb"] == *verb;
        seen.iter().filter(is_it).count()
    };
    assert_eq!(asked("upgrade"), 20);
    assert!(changed.iter().sum::<usize>() <= asked("start") + asked("stop"));
    for label in ["crash-1", "crash-2"] {
        daemon.done(&["remove", label]);
    }
}

/// Stops and starts a service of its own; how often.
fn change_again_and_again(daemon: &Daemon, client: usize, is_over: &AtomicBool) -> usize {
    let label = format!("mine-{client}");
    daemon.service(&label).key("KeepAlive", true).key("ThrottleInterval", 0).add();
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        daemon.done(&["stop", &label]);
        daemon.done(&["start", &label]);
        count += 2;
    }
    count
}

#[test]
fn followers_are_told_only_what_they_asked_for() {
    let daemon = Daemon::start();
    daemon.service("a").key("KeepAlive", true).add();
    daemon.service("b").key("KeepAlive", true).add();
    let mut wire = daemon.wire();
    let follow = json!({"jsonrpc": "2.0", "id": 1, "method": "events",
        "params": {"labels": ["b"], "last": 1, "follow": true}});
    assert!(wire.send(format!("{follow}\n")));
    let first = wire.answer();
    assert_eq!((&first["method"], &first["params"]["request"]), (&json!("event"), &json!(1)));
    assert_eq!((&first["params"]["label"], &first["params"]["event"]), (&json!("b"), &json!("up")));
    daemon.done(&["stop", "a"]);
    daemon.done(&["stop", "b"]);
    assert_eq!(wire.answer()["params"]["by"]["verb"], "stop");
    let seq = history(&daemon, &[]).last().unwrap()["seq"].as_u64().unwrap();
    let mut other = daemon.wire();
    let end = other.ask("events", json!({"after": seq - 1}));
    assert_eq!(end["result"], json!({"next": seq + 1}));
    // A number that no event has yet is of another history.
    let end = other.ask("events", json!({"after": 1_000_000}));
    assert_eq!(end["result"], json!({"next": seq + 1}));
}
