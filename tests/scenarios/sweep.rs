//! A kill, a full disk or a broken one at any system call of any verb: what is found afterwards is
//! the old or the new, never something torn, and never a service twice.
//!
//! By default a sample of the points by `SVC_SEED`; `SVC_SWEEP=all` takes every one.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use harness::fault::{self, Point};
use harness::{BINARIES, Daemon, Dice, PATIENCE, number, observer, skip, wait_for, wait_until};
use serde_json::Value;

/// How many points of each verb are tried by default.
const SAMPLE: usize = 5;

const LABEL: &str = "web";

/// A verb, and what brings the service to where the verb finds something to do.
struct Operation {
    name: &'static str,
    before: &'static [&'static [&'static str]],
    act: &'static [&'static str],
}

const FIRST: &[&str] = &["add", "--replace", "FIRST"];

const OPERATIONS: [Operation; 9] = [
    Operation { name: "add", before: &[&["remove", LABEL]], act: &["add", "FIRST"] },
    Operation { name: "replace", before: &[FIRST], act: &["add", "--replace", "SECOND"] },
    Operation { name: "remove", before: &[FIRST], act: &["remove", LABEL] },
    Operation { name: "start", before: &[FIRST, &["stop", LABEL]], act: &["start", LABEL] },
    Operation { name: "stop", before: &[FIRST, &["start", LABEL]], act: &["stop", LABEL] },
    Operation { name: "disable", before: &[FIRST, &["enable", LABEL]], act: &["disable", LABEL] },
    Operation { name: "enable", before: &[FIRST, &["disable", LABEL]], act: &["enable", LABEL] },
    Operation { name: "apply", before: &[FIRST, &["EDIT"]], act: &["apply"] },
    Operation { name: "upgrade", before: &[FIRST], act: &["upgrade", "PROGRAM"] },
];

/// What is durable of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sight {
    definition: Option<String>,
    goal: Value,
    is_disabled: bool,
}

struct Bench {
    daemon: Daemon,
    files: [PathBuf; 2],
}

impl Bench {
    fn new() -> Self {
        let daemon = Daemon::start();
        let service = || {
            let service = daemon.service(LABEL).key("KeepAlive", true);
            service.key("ThrottleInterval", 0).key("ExitTimeOut", 2)
        };
        let first = service().file();
        let second = first.with_file_name("second.plist");
        fs::write(&second, service().does(&["--children", "1"]).text()).unwrap();
        let other = daemon.service("other").key("KeepAlive", true);
        other.add();
        Self { files: [first, second], daemon }
    }

    fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        let word = |word: &&'a str| match *word {
            "FIRST" => self.files[0].to_str().unwrap(),
            "SECOND" => self.files[1].to_str().unwrap(),
            "PROGRAM" => BINARIES.supervisord.to_str().unwrap(),
            word => word,
        };
        words.iter().map(word).collect()
    }

    fn place(&self) -> PathBuf {
        self.daemon.base().join("services/web.plist")
    }

    /// Brings the service to where the operation begins; what is there then.
    fn begin(&self, operation: &Operation) -> Sight {
        for words in operation.before {
            if *words == ["EDIT"] {
                fs::copy(&self.files[1], self.place()).unwrap();
            } else {
                let output = self.daemon.ctl(&self.words(words));
                assert!([0, 4].contains(&output.code), "{words:?}: {output:?}");
            }
        }
        self.settled()
    }

    /// What is there, once the service's process agrees with it.
    fn settled(&self) -> Sight {
        wait_for("the service to settle", PATIENCE, || {
            let row = self.daemon.row(LABEL);
            let pid = row["pid"].as_u64().map(|pid| u32::try_from(pid).unwrap());
            let is_disabled = row["state"] == "disabled";
            let is_settled = match row["state"].as_str() {
                Some("up") => pid.is_some_and(observer::lives),
                Some("down" | "disabled") => pid.is_none(),
                None => true,
                Some(_) => false,
            };
            // One that was told to end before the kill may end only now.
            let other = self.daemon.pid_of("other");
            let mut expected: Vec<u32> = pid.into_iter().chain([other]).collect();
            expected.sort_unstable();
            let mut mains = self.mains();
            mains.sort_unstable();
            let is_settled = is_settled && mains == expected;
            let is_wanted = row["goal"] == "up" && !is_disabled;
            (is_settled && (row["state"] == "up" || row.is_null() || !is_wanted)).then(|| Sight {
                definition: fs::read_to_string(self.place()).ok(),
                goal: row["goal"].clone(),
                is_disabled: is_disabled || self.is_disabled(&row),
            })
        })
    }

    /// The main processes there are, by the system's own word.
    fn mains(&self) -> Vec<u32> {
        let all = observer::services_below(self.daemon.base());
        let mains = all.iter().filter(|process| !process.command.contains("--role"));
        mains.map(|process| process.pid).collect()
    }

    /// A disabled service that still runs says so only in words.
    fn is_disabled(&self, row: &Value) -> bool {
        row["state"] == "up" && self.daemon.ctl(&["status", LABEL]).stdout.contains("disabled")
    }

    /// Runs the verb while a fault lies in wait; its code and words, `None` when it never ended.
    fn act(&mut self, operation: &Operation) -> Option<(i32, String)> {
        let words = self.words(operation.act);
        let mut client = self.daemon.client(&words);
        let mut client = client.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut dead_since = None;
        let ended = wait_for("the verb to end", PATIENCE * 2, || {
            if let Some(status) = client.try_wait().unwrap() {
                return Some(Some(status));
            }
            if self.daemon.has_died() {
                let since = *dead_since.get_or_insert_with(Instant::now);
                return (Duration::from_millis(300) < since.elapsed()).then_some(None);
            }
            None
        });
        let _ = client.kill();
        let output = client.wait_with_output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        ended.map(|status| (status.code().unwrap_or(-1), words))
    }

    fn nothing_is_torn(&self, what: &str) {
        for folder in ["services", "state", "state/logs", "run"] {
            for entry in fs::read_dir(self.daemon.base().join(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let is_known = name.ends_with(".plist")
                    || ["goals.jsonl", "history.jsonl", "runs.jsonl"].contains(&&*name)
                    || ["lock", "logs", "pid", "socket"].contains(&&*name)
                    || folder == "state/logs" && name.ends_with(".jsonl");
                assert!(is_known, "{what}: {folder}/{name} is left");
            }
        }
        for label in [LABEL, "other"] {
            assert_eq!(self.daemon.count(label, "double"), 0, "{what}");
        }
    }

    /// Where the operation makes system calls, and what it leads to.
    fn explore(&self, operation: &Operation) -> (Vec<Point>, Sight) {
        self.begin(operation);
        let file = self.daemon.base().join("strace");
        let pid = self.daemon.pid();
        let threads = fault::threads(pid);
        let recording = fault::record(pid, &file);
        self.daemon.done(&self.words(operation.act));
        drop(recording);
        (fault::points(&file, &threads), self.settled())
    }
}

/// Some of the points by seed, or all.
fn chosen(mut points: Vec<Point>, dice: &mut Dice) -> Vec<Point> {
    if std::env::var("SVC_SWEEP").is_ok_and(|which| which == "all") {
        return points;
    }
    let mut chosen = Vec::new();
    while chosen.len() < SAMPLE && !points.is_empty() {
        chosen.push(points.swap_remove(dice.below(points.len())));
    }
    chosen
}

fn is_skipped(what: &str) -> bool {
    let why = fault::unavailable();
    why.inspect(|why| skip(what, why)).is_some()
}

#[test]
fn a_kill_at_any_system_call_leaves_the_old_or_the_new() {
    if is_skipped("kills at system calls") {
        return;
    }
    let mut dice = Dice::new(number("SVC_SEED", 20_260_101));
    let mut bench = Bench::new();
    let mut kills = 0;
    for operation in &OPERATIONS {
        let (points, new) = bench.explore(operation);
        for point in chosen(points, &mut dice) {
            let old = bench.begin(operation);
            let what = format!("{} killed at {point:?}", operation.name);
            let pid = bench.daemon.pid();
            let Some(waiting) = fault::inject(pid, &point, "signal=KILL") else { continue };
            let ended = bench.act(operation);
            drop(waiting);
            wait_until("the daemon to be dead or alive", PATIENCE, || {
                bench.daemon.has_died() || bench.daemon.ctl(&["ping"]).code == 0
            });
            if bench.daemon.has_died() {
                kills += 1;
                bench.daemon.start_again();
            }
            let now = bench.settled();
            if matches!(ended, Some((0, _))) {
                assert_eq!(now, new, "{what}: it was said to be done\n{}", bench.daemon.log());
            }
            assert!(now == old || now == new, "{what}: {now:?}\n{}", bench.daemon.log());
            bench.nothing_is_torn(&what);
        }
    }
    assert!(OPERATIONS.len() < kills, "only {kills} kills happened");
    eprintln!("{kills} kills");
}

#[test]
fn a_full_or_broken_disk_at_any_system_call_is_told_and_costs_nothing() {
    if is_skipped("errors at system calls") {
        return;
    }
    let mut dice = Dice::new(number("SVC_SEED", 20_260_101));
    let mut bench = Bench::new();
    let mut faults = 0;
    for operation in &OPERATIONS {
        let (points, new) = bench.explore(operation);
        // A thread's writes may also be those of a signal's handler, which are not about disks.
        let is_of_disk = |point: &Point| {
            point.thread == "disk" && !["sendto", "write"].contains(&point.call.as_str())
        };
        let file = Some(bench.daemon.base().join("state/goals.jsonl"));
        let (thread, call) = ("disk".to_owned(), "write".to_owned());
        let mut points: Vec<Point> = points.into_iter().filter(is_of_disk).collect();
        points.push(Point { thread, call, number: 1, file });
        for point in chosen(points, &mut dice) {
            let old = bench.begin(operation);
            let (error, words) =
                [("ENOSPC", "No space left"), ("EIO", "Input/output error")][dice.below(2)];
            let what = format!("{} with {error} at {point:?}", operation.name);
            let pid = bench.daemon.pid();
            let Some(waiting) = fault::inject(pid, &point, &format!("error={error}")) else {
                continue;
            };
            let ended = bench.act(operation);
            drop(waiting);
            let (code, said) = ended.unwrap_or_else(|| panic!("{what}: no answer"));
            assert!(!bench.daemon.has_died(), "{what}: the daemon died");
            if code != 0 {
                faults += 1;
                assert!(said.contains(words), "{what}: {said}");
            }
            bench.daemon.kill9();
            bench.daemon.start_again();
            let now = bench.settled();
            assert!(now == old || now == new, "{what}: {now:?}\n{}", bench.daemon.log());
            let is_definition = ["add", "replace", "remove"].contains(&operation.name);
            if code == 0 || is_definition {
                assert_eq!(now, if code == 0 { new.clone() } else { old }, "{what}: {said}");
            }
            bench.nothing_is_torn(&what);
        }
    }
    assert!(4 < faults, "only {faults} faults were told");
    eprintln!("{faults} faults");
}

#[test]
fn what_could_not_be_stored_is_stored_when_the_disk_takes_it_again() {
    if is_skipped("a disk that is full for a while") {
        return;
    }
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    daemon.running("web");
    let full = fault::always(daemon.pid(), "fdatasync,fsync", "ENOSPC");
    let complaint = daemon.refused(1, &["stop", "web"]);
    assert!(complaint.contains("No space left"), "{complaint}");
    let complaint = daemon.refused(1, &["stop", "web"]);
    assert!(
        complaint.contains("No space left"),
        "it is not done by being asked twice: {complaint}"
    );
    let complaint = daemon.refused(1, &["upgrade"]);
    assert!(complaint.contains("can't be written"), "{complaint}");
    daemon.done(&["list"]);
    drop(full);
    wait_until("the goal to be stored", PATIENCE, || daemon.log().contains("stored again"));
    daemon.kill9();
    daemon.start_again();
    assert_eq!(daemon.row("web")["goal"], "down");
    daemon.started("web", 1);
    daemon.done(&["upgrade"]);
}
