//! Journals of the daemon: however much happens they stay small, and a kill costs nothing new.

use std::fs;
use std::time::{Duration, Instant};

use harness::{Daemon, PATIENCE, Wire, wait_until};
use serde_json::{Value, json};

const MIB: u64 = 1 << 20;

/// Files with the bytes they are written anew at; what one turn of the daemon adds comes on top.
const JOURNALS: [(&str, u64); 4] = [
    ("state/goals.jsonl", MIB),
    ("run/runs.jsonl", 4 * MIB),
    ("state/history.jsonl", 4 * MIB),
    ("state/history.old.jsonl", 4 * MIB),
];

/// What one turn of the daemon may add.
const TURN: u64 = MIB / 4;

/// How long it may take until each of them was written anew; it does nothing else meanwhile.
const LONG: Duration = Duration::from_secs(300);

/// Services that are started and stopped, with the goal each was given last.
struct Quick {
    labels: Vec<String>,
    starts: u64,
    goal: &'static str,
}

impl Quick {
    /// Starts all, or stops all, in requests that do not wait for one another.
    fn ask(&mut self, wire: &mut Wire, verb: &str) {
        for label in &self.labels {
            let params = json!({ "label": label });
            let call = json!({ "jsonrpc": "2.0", "id": label, "method": verb, "params": params });
            assert!(wire.send(format!("{call}\n")));
        }
        for _ in &self.labels {
            let answer = wire.answer();
            assert!(answer["result"].is_object(), "{answer}");
        }
        match verb {
            "start" => (self.starts, self.goal) = (self.starts + 1, "up"),
            _ => self.goal = "down",
        }
    }

    /// All is as it was acknowledged.
    fn check(&self, daemon: &Daemon) {
        for label in &self.labels {
            let status = daemon.json_of(label);
            assert_eq!(status["runs"], self.starts, "{status}");
            assert_eq!(status["goal"], self.goal, "{status}");
        }
    }
}

fn size(daemon: &Daemon, file: &str) -> u64 {
    fs::metadata(daemon.base().join(file)).map_or(0, |found| found.len())
}

/// The numbers of the latest events, which must have no gap.
fn latest(daemon: &Daemon) -> u64 {
    let told = daemon.done(&["history", "--json", "-n", "500"]);
    let events = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let numbers: Vec<u64> = events.map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
    *numbers.last().unwrap()
}

#[test]
fn journals_stay_small_and_a_kill_loses_nothing_of_them() {
    let mut daemon = Daemon::start();
    let own = |label: &str| {
        let service = daemon.service(label).key("ProgramArguments", json!(["/usr/bin/true"]));
        service.key("ThrottleInterval", 0)
    };
    // Long labels fill journals soon.
    let label = |number: usize| format!("quick{number:02}-{}", "x".repeat(160));
    let labels: Vec<String> = (0..16).map(label).collect();
    labels.iter().for_each(|label| drop(own(label).without("RunAtLoad").add()));
    let restless = ["r".repeat(160), "s".repeat(160)];
    restless.iter().for_each(|label| drop(own(label).key("KeepAlive", true).add_in_any_case()));
    let mut quick = Quick { labels, starts: 0, goal: "up" };
    let (mut wire, begin) = (daemon.wire(), Instant::now());
    let (mut before, mut renewed) = ([0; JOURNALS.len()], [false; JOURNALS.len()]);
    // A set-aside history is there at once or never.
    while !renewed[..3].iter().all(|is_renewed| *is_renewed) {
        assert!(begin.elapsed() < LONG, "{before:?}, written anew: {renewed:?}");
        quick.ask(&mut wire, "start");
        quick.ask(&mut wire, "stop");
        for (number, (file, most)) in JOURNALS.into_iter().enumerate() {
            let size = size(&daemon, file);
            assert!(size <= most + TURN, "{file} has {size} bytes");
            renewed[number] |= size < before[number];
            before[number] = size;
        }
    }
    assert!(0 < before[3], "an older history is kept");
    for verb in ["stop", "start", "stop"] {
        quick.ask(&mut wire, verb);
        let runs = restless.each_ref().map(|label| daemon.json_of(label)["runs"].as_u64().unwrap());
        let told = latest(&daemon);
        daemon.kill9();
        daemon.start_again();
        wire = daemon.wire();
        assert!(told < latest(&daemon), "numbers go on");
        wait_until("all runs to be over", PATIENCE, || {
            quick.labels.iter().all(|label| daemon.row(label)["pid"].is_null())
        });
        quick.check(&daemon);
        for (label, runs) in restless.iter().zip(runs) {
            wait_until("it to go on", PATIENCE, || {
                runs < daemon.json_of(label)["runs"].as_u64().unwrap()
            });
        }
        for (file, most) in JOURNALS {
            assert!(size(&daemon, file) <= most + TURN, "{file}");
        }
    }
}
