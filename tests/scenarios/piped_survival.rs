//! Piped logs over kills and upgrades of the daemon: no line is lost, none is there twice.
//!
//! A sample of the system calls by `SVC_SEED`; `SVC_SWEEP=all` takes every one.

use std::fs;
use std::path::{Path, PathBuf};

use harness::fault::{self, Point};
use harness::{
    BINARIES, Daemon, Dice, PATIENCE, SmallDisk, number, observer, skip, wait_for, wait_until,
};
use serde_json::json;

use crate::piped::{piped, rotated, unstamped, whole};

/// The calls by which a batch goes from its pipe to its log, and the most of each that are tried.
const CALLS: [(&str, usize); 9] = [
    ("tee", 3),
    ("read", 3),
    ("openat", 2),
    ("statx", 2),
    ("lseek", 3),
    ("write", 6),
    ("splice", 3),
    ("rename", 2),
    ("epoll_wait", 3),
];

/// Those that stand between a log and its pipe, tried each time.
const VITAL: [&str; 2] = ["splice", "rename"];

/// Further kills tried by default.
const SAMPLE: usize = 8;

fn log_of(daemon: &Daemon) -> PathBuf {
    daemon.base().join("logs/web.log")
}

fn size(log: &Path) -> usize {
    rotated(log).len() * 1000 + fs::metadata(log).map_or(0, |metadata| metadata.len() as usize)
}

#[track_caller]
fn wait_growth(log: &Path) {
    let size_before = size(log);
    wait_until("the log to grow", PATIENCE, || size_before < size(log));
}

/// Ends the service; then its log has to hold every line from the first to the last, once.
#[track_caller]
fn every_line_is_there_once(daemon: &Daemon, log: &Path, is_stamped: bool) -> usize {
    daemon.done(&["stop", "web"]);
    let text = whole(log);
    let mut count = 0;
    for line in text.lines() {
        count += 1;
        let line = if is_stamped { unstamped(line) } else { line };
        assert_eq!(line, format!("line {count:08}"), "{}", daemon.log());
    }
    assert!(text.ends_with('\n'), "the last line is whole");
    count
}

#[test]
fn kills_at_any_time_lose_no_line_and_double_none() {
    let mut daemon = Daemon::start();
    let log = log_of(&daemon);
    piped(&daemon, "web", &json!({ "Timestamps": true })).does(&["--tick", "0"]).add();
    let pid = daemon.running("web");
    for _ in 0..number("SVC_PIPED_KILLS", 12) {
        wait_growth(&log);
        daemon.kill9();
        daemon.start_again();
    }
    wait_growth(&log);
    assert_eq!(daemon.running("web"), pid, "the service noticed nothing");
    let count = every_line_is_there_once(&daemon, &log, true);
    eprintln!("{count} lines");
}

#[test]
fn a_kill_at_any_system_call_loses_no_line_and_doubles_none() {
    if let Some(why) = fault::unavailable() {
        return skip("kills at system calls", why);
    }
    let mut dice = Dice::new(number("SVC_SEED", 20_260_101));
    let mut points: Vec<Point> = Vec::new();
    for (call, most) in CALLS {
        let point = |number| {
            let (thread, call) = ("pipes".to_owned(), call.to_owned());
            Point { thread, call, number, file: None }
        };
        points.extend((1..=most).map(point));
    }
    if std::env::var("SVC_SWEEP").is_ok_and(|which| which == "all") {
        points = std::iter::repeat_n(points, 4).flatten().collect();
    } else {
        let is_vital = |point: &Point| VITAL.contains(&point.call.as_str()) && point.number == 1;
        let (vital, mut others): (Vec<Point>, Vec<Point>) = points.into_iter().partition(is_vital);
        let sample = (0..SAMPLE).map(|_| others.swap_remove(dice.below(others.len())));
        points = sample.collect();
        points.extend(vital);
    }
    let mut daemon = Daemon::start();
    let log = log_of(&daemon);
    let setup = json!({ "Timestamps": true, "MaxSize": 1000 });
    piped(&daemon, "web", &setup).does(&["--tick", "1"]).add();
    daemon.running("web");
    for point in &points {
        wait_growth(&log);
        let waiting = fault::inject(daemon.pid(), point, "signal=KILL").unwrap();
        wait_for(&format!("a kill at {point:?}"), PATIENCE, || daemon.has_died().then_some(()));
        drop(waiting);
        daemon.start_again();
    }
    wait_growth(&log);
    let count = every_line_is_there_once(&daemon, &log, true);
    for file in rotated(&log) {
        assert!(fs::metadata(&file).unwrap().len() <= 1000, "{}", file.display());
    }
    eprintln!("{} kills, {count} lines in {} files", points.len(), rotated(&log).len());
}

#[test]
fn upgrades_lose_no_line_and_double_none() {
    let daemon = Daemon::start();
    let log = log_of(&daemon);
    piped(&daemon, "web", &json!({ "Timestamps": true })).does(&["--tick", "0"]).add();
    let pid = daemon.running("web");
    for _ in 0..8 {
        wait_growth(&log);
        daemon.done(&["upgrade", BINARIES.supervisord.to_str().unwrap()]);
    }
    wait_growth(&log);
    assert_eq!(daemon.running("web"), pid);
    every_line_is_there_once(&daemon, &log, true);
}

#[test]
fn a_service_without_a_daemon_waits_and_goes_on() {
    let mut daemon = Daemon::start();
    let log = log_of(&daemon);
    piped(&daemon, "web", &json!({})).does(&["--tick", "0"]).add();
    let pid = daemon.running("web");
    wait_growth(&log);
    daemon.kill9();
    // It sleeps in a write for the first time when the pipe is full.
    wait_until("the service to wait", PATIENCE * 2, || {
        let stacks = fault::threads(pid).into_keys();
        let mut calls = stacks.map(|thread| {
            fs::read_to_string(format!("/proc/{pid}/task/{thread}/wchan")).unwrap_or_default()
        });
        calls.any(|call| call.contains("pipe_write"))
    });
    assert!(observer::lives(pid));
    daemon.start_again();
    wait_growth(&log);
    assert_eq!(daemon.running("web"), pid);
    let count = every_line_is_there_once(&daemon, &log, false);
    assert!((1 << 20) / 14 < count, "the pipe held only {count} lines");
}

#[test]
fn a_kill_while_the_disk_is_full_tears_nothing() {
    let disk = match SmallDisk::mount("64m") {
        Ok(disk) => disk,
        Err(why) => return skip("a full disk", &why),
    };
    let mut daemon = Daemon::start();
    let log = disk.path().join("web.log");
    let service = piped(&daemon, "web", &json!({ "Timestamps": true })).does(&["--tick", "0"]);
    service.key("StandardOutPath", log.to_str().unwrap()).add();
    daemon.running("web");
    // What it does is written down where the other's was.
    piped(&daemon, "other", &json!({})).does(&["--tick", "1"]).add();
    let other = daemon.base().join("logs/other.log");
    for _ in 1..=3 {
        wait_growth(&log);
        let complaints = |daemon: &Daemon| daemon.log().matches("it waits once").count();
        let before = complaints(&daemon);
        disk.fill();
        wait_until("the disk to be full", PATIENCE, || before < complaints(&daemon));
        wait_growth(&other);
        daemon.kill9();
        daemon.start_again();
        disk.free();
    }
    wait_growth(&log);
    every_line_is_there_once(&daemon, &log, true);
}

#[test]
fn a_run_keeps_its_pipes_when_its_definition_was_changed_behind_the_daemon() {
    let mut daemon = Daemon::start();
    let log = log_of(&daemon);
    piped(&daemon, "web", &json!({})).does(&["--tick", "1"]).place();
    daemon.done(&["apply"]);
    let pid = daemon.running("web");
    wait_growth(&log);
    for setup in [json!({ "Mode": "File" }), json!({ "Mode": "Pipe", "Format": "Json" })] {
        daemon.kill9();
        let service = daemon.service("web").key("Supervisor", json!({ "Log": setup }));
        service.does(&["--tick", "1"]).place();
        daemon.start_again();
        wait_growth(&log);
    }
    assert_eq!(daemon.running("web"), pid);
    daemon.done(&["restart", "web"]);
    daemon.wait_logged("web", "\"run\":2,");
}

#[test]
fn lines_that_went_are_counted_over_a_kill() {
    let disk = match SmallDisk::mount("64m") {
        Ok(disk) => disk,
        Err(why) => return skip("a full disk", &why),
    };
    let mut daemon = Daemon::start();
    let log = disk.path().join("web.log");
    let setup = json!({ "Full": "DropOldest", "Timestamps": true });
    let service = piped(&daemon, "web", &setup).does(&["--tick", "0"]);
    service.key("StandardOutPath", log.to_str().unwrap()).add();
    daemon.running("web");
    wait_growth(&log);
    disk.fill();
    let owed = daemon.base().join("run/pipes/web.out.owed");
    let is_dropping = || fs::read_to_string(&owed).is_ok_and(|text| !text.contains("\"lost\":0}"));
    wait_until("lines to go", PATIENCE, is_dropping);
    daemon.kill9();
    daemon.start_again();
    disk.free();
    wait_until("the gap to be told", PATIENCE, || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains("lost here"))
    });
    wait_growth(&log);
    daemon.done(&["stop", "web"]);
    let mut number = 0;
    let mut gaps = 0;
    for line in fs::read_to_string(&log).unwrap().lines() {
        // One that was cut off by the full disk has no end, and is counted as lost.
        if line.len() < 28 || !line.is_char_boundary(28) {
            continue;
        }
        let text = unstamped(line);
        match text.strip_prefix("— ").and_then(|text| text.split_once(' ')) {
            Some((lost, _)) => {
                number += lost.parse::<u64>().unwrap();
                gaps += 1;
            }
            None if text == format!("line {:08}", number + 1) => number += 1,
            None => assert!(
                format!("line {:08}", number + 1).starts_with(text),
                "{line} after {number}"
            ),
        }
    }
    assert!(0 < gaps);
}

#[test]
fn what_a_finished_run_could_not_log_is_kept_over_an_upgrade() {
    let disk = match SmallDisk::mount("4m") {
        Ok(disk) => disk,
        Err(why) => return skip("a full disk", &why),
    };
    let daemon = Daemon::start();
    let log = disk.path().join("web.log");
    disk.fill();
    let service = piped(&daemon, "web", &json!({})).does(&["--lines", "20000", "--exit", "0"]);
    service.key("StandardOutPath", log.to_str().unwrap()).add();
    daemon.done(&["wait", "--until", "exited", "web"]);
    daemon.done(&["upgrade", BINARIES.supervisord.to_str().unwrap()]);
    disk.free();
    wait_until("the log to be written", PATIENCE, || {
        fs::read_to_string(&log).is_ok_and(|text| text.ends_with("line 00020000\n"))
    });
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 20_000);
}
