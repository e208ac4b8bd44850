//! Logs by pipe: stamps, JSON, long lines, last words, rotation, a full disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use harness::{Daemon, PATIENCE, Service, SmallDisk, fault, observer, skip, wait_until};
use serde_json::{Value, json};

/// How a stamp looks, digits as zeros.
const STAMP: &str = "0000-00-00T00:00:00.000000Z ";

/// A service with a piped log of these further settings.
pub(crate) fn piped<'a>(daemon: &'a Daemon, label: &str, log: &Value) -> Service<'a> {
    let mut log = log.clone();
    log["Mode"] = json!("Pipe");
    // All of it stays to be looked at, as it was written, and in one file unless asked otherwise.
    (log["Keep"], log["Compress"]) = (json!(10_000), json!(false));
    if ["Rotate", "MaxSize", "MaxAge"].iter().all(|key| log[*key].is_null()) {
        log["Rotate"] = json!(false);
    }
    daemon.service(label).key("Supervisor", json!({ "Log": log }))
}

/// A line without its stamp, which must be there.
#[track_caller]
pub(crate) fn unstamped(line: &str) -> &str {
    let (stamp, text) = line.split_at(STAMP.len().min(line.len()));
    let form: String =
        stamp.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert_eq!(form, STAMP, "{line:?}");
    text
}

/// The rotated files of a log, oldest first.
pub(crate) fn rotated(log: &Path) -> Vec<PathBuf> {
    let name = format!("{}.", log.file_name().unwrap().to_str().unwrap());
    let entries = fs::read_dir(log.parent().unwrap()).unwrap().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().unwrap().starts_with(&name))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// All there is of a log, rotated files first.
pub(crate) fn whole(log: &Path) -> String {
    let read = |file: PathBuf| fs::read_to_string(file).unwrap_or_default();
    rotated(log).into_iter().chain([log.to_owned()]).map(read).collect()
}

fn log_of(daemon: &Daemon, label: &str) -> PathBuf {
    daemon.base().join(format!("logs/{label}.log"))
}

/// How many lines a mark tells to be missing.
pub(crate) fn gap(line: &str) -> Option<u64> {
    line.strip_prefix("— ")?
        .split_once(' ')
        .filter(|(_, rest)| rest.contains("lost here"))?
        .0
        .parse()
        .ok()
}

#[test]
fn lines_are_stamped_in_the_order_they_were_written() {
    let daemon = Daemon::start();
    let service = piped(&daemon, "web", &json!({ "Timestamps": true }));
    service.does(&["--stderr", "complained", "--print", "said", "--exit", "0"]).add();
    daemon.done(&["wait", "--until", "exited", "web"]);
    let log = daemon.done(&["logs", "web"]);
    let texts: Vec<&str> = log.lines().map(unstamped).collect();
    assert_eq!(texts, ["complained", "said"]);
    let plain = piped(&daemon, "plain", &json!({}));
    plain.does(&["--print", "said", "--exit", "0"]).add();
    daemon.done(&["wait", "--until", "exited", "plain"]);
    assert_eq!(daemon.done(&["logs", "plain"]), "said\n");
}

#[test]
fn local_time_names_its_zone() {
    let daemon = Daemon::start();
    let service = piped(&daemon, "web", &json!({ "Timestamps": true, "LocalTime": true }));
    service.does(&["--print", "said", "--exit", "0"]).add();
    daemon.done(&["wait", "--until", "exited", "web"]);
    let log = daemon.done(&["logs", "web"]);
    let zone = &log["0000-00-00T00:00:00.000000".len()..];
    assert!(zone.starts_with(['+', '-']) && zone.ends_with(":00 said\n"), "{log}");
}

#[test]
fn json_lines_tell_stream_run_and_process() {
    let daemon = Daemon::start();
    let service = piped(&daemon, "web", &json!({ "Format": "Json" }));
    service.does(&["--print", "a \"quoted\"\tword", "--stderr", "complained"]).add();
    let first = daemon.running("web");
    daemon.done(&["restart", "web"]);
    let second = daemon.running("web");
    daemon.done(&["stop", "web"]);
    let log = daemon.done(&["logs", "web"]);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let facts = |line: &Value| {
        let mut line = line.clone();
        unstamped(&format!("{} ", line["time"].as_str().unwrap()));
        line.as_object_mut().unwrap().remove("time");
        line.to_string()
    };
    let mut said: Vec<String> = lines.iter().map(facts).collect();
    said.sort();
    let mut expected = Vec::new();
    for (run, pid) in [(1, first), (2, second)] {
        for (stream, text) in [("stderr", "complained"), ("stdout", "a \"quoted\"\tword")] {
            let line =
                json!({ "stream": stream, "run": run, "pid": pid, "label": "web", "text": text });
            expected.push(line.to_string());
        }
    }
    expected.sort();
    assert_eq!(said, expected);
}

#[test]
fn streams_that_go_apart_are_piped_apart() {
    let daemon = Daemon::start();
    let [out, err] = ["out", "err"].map(|name| daemon.base().join(name));
    let service = piped(&daemon, "web", &json!({ "Timestamps": true }));
    service
        .does(&["--stderr", "complained", "--print", "said", "--exit", "0"])
        .key("StandardOutPath", out.to_str().unwrap())
        .key("StandardErrorPath", err.to_str().unwrap())
        .add();
    daemon.done(&["wait", "--until", "exited", "web"]);
    assert_eq!(unstamped(&fs::read_to_string(out).unwrap()), "said\n");
    assert_eq!(unstamped(&fs::read_to_string(err).unwrap()), "complained\n");
}

#[test]
fn a_service_of_another_user_can_open_its_output_again() {
    if !nix::unistd::geteuid().is_root() {
        return skip("a service of another user", "only root may start one");
    }
    let daemon = Daemon::start();
    let arguments =
        json!(["/bin/sh", "-c", "echo said > /dev/stdout; echo complained > /dev/stderr"]);
    let service = piped(&daemon, "web", &json!({ "Format": "Json" })).key("UserName", "nobody");
    service.key("ProgramArguments", arguments).add();
    daemon.done(&["wait", "--until", "exited", "web"]);
    let log = daemon.done(&["logs", "web"]);
    assert!(log.contains("\"said\"") && log.contains("\"complained\""), "{log}");
}

#[test]
fn a_line_too_long_is_cut_with_a_mark() {
    let daemon = Daemon::start();
    let service = piped(&daemon, "web", &json!({ "Timestamps": true }));
    service.does(&["--long", "300000", "--print", "said", "--exit", "0"]).add();
    daemon.done(&["wait", "--until", "exited", "web"]);
    let log = daemon.done(&["logs", "web"]);
    let mut texts: Vec<&str> = log.lines().map(unstamped).collect();
    assert_eq!(texts.pop(), Some("said"));
    let last = texts.pop().unwrap();
    assert!(texts.iter().all(|text| text.ends_with("x…") && text.len() <= (64 << 10) + 3));
    assert_eq!(texts.iter().map(|text| text.len() - 3).sum::<usize>() + last.len(), 300_000);
}

#[test]
fn last_words_are_in_the_log_before_the_exit_is_told() {
    let daemon = Daemon::start();
    let log = log_of(&daemon, "web");
    let service = piped(&daemon, "web", &json!({})).key("RunAtLoad", false);
    service.does(&["--lines", "50000", "--part", "the end", "--exit", "0"]).add();
    for run in 1..=3 {
        daemon.done(&["start", "--no-wait", "web"]);
        wait_until("the run to end", PATIENCE, || {
            daemon.ctl(&["wait", "--until", "exited", "web"]).code == 0
                && daemon.row("web")["state"] != "up"
                && daemon.count("web", "exit 0") == run
        });
        let text = fs::read_to_string(&log).unwrap();
        assert!(text.ends_with("line 00050000\nthe end\n"), "run {run}: {} bytes", text.len());
        assert_eq!(text.lines().count(), run * 50_001);
    }
}

#[test]
fn a_child_that_keeps_the_pipe_holds_nothing_up() {
    let daemon = Daemon::start();
    let service = piped(&daemon, "web", &json!({ "Timestamps": true }));
    service
        .does(&["--children", "1", "--print", "said", "--exit", "3"])
        .key("AbandonProcessGroup", true)
        .add();
    daemon.done(&["wait", "--until", "exited", "web"]);
    assert_eq!(unstamped(&daemon.done(&["logs", "web"])), "said\n");
    assert_eq!(daemon.row("web")["status"], 3);
    for child in observer::services_below(daemon.base()) {
        let pid = nix::unistd::Pid::from_raw(child.pid.cast_signed());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    }
    wait_until("the child to be gone", PATIENCE, || {
        observer::services_below(daemon.base()).is_empty()
    });
}

#[test]
fn a_log_is_rotated_at_line_ends_exactly() {
    let daemon = Daemon::start();
    let log = log_of(&daemon, "web");
    let service = piped(&daemon, "web", &json!({ "MaxSize": 1000 }));
    service.does(&["--lines", "1000", "--long", "2000", "--print", "said", "--exit", "0"]).add();
    daemon.done(&["wait", "--until", "exited", "web"]);
    let files = rotated(&log);
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let (long, short): (Vec<&String>, _) = texts.iter().partition(|text| text.contains("xxx"));
    assert_eq!(long, [&format!("{}\n", "x".repeat(2000))], "too long a line has its own file");
    // 71 lines of 14 bytes are 994.
    assert_eq!(short.len(), 15, "{files:?}");
    assert!(short[..14].iter().all(|text| text.len() == 994), "{files:?}");
    assert_eq!(fs::read_to_string(&log).unwrap(), "said\n");
    let numbers: Vec<String> = (1..=1000).map(|number| format!("line {number:08}")).collect();
    let all = whole(&log);
    assert_eq!(all.lines().take(1000).collect::<Vec<_>>(), numbers);
    let name = files[0].file_name().unwrap().to_str().unwrap();
    let form: String = name.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(form, "web.log.00000000T000000.000000Z");
}

#[test]
fn an_old_log_is_rotated_when_more_comes() {
    let daemon = Daemon::start();
    let log = log_of(&daemon, "web");
    let service = piped(&daemon, "web", &json!({ "MaxAge": 0.001 })).key("RunAtLoad", false);
    service.does(&["--print", "said", "--exit", "0"]).add();
    for run in 1..=3 {
        daemon.done(&["start", "--no-wait", "web"]);
        wait_until("the run to end", PATIENCE, || {
            fs::read_to_string(&log).is_ok_and(|text| text == "said\n")
                && rotated(&log).len() == run - 1
        });
        // One that is up still is not started again.
        daemon.wait_state("web", "down");
    }
}

#[test]
fn a_log_that_was_moved_away_begins_anew() {
    let daemon = Daemon::start();
    let log = log_of(&daemon, "web");
    piped(&daemon, "web", &json!({})).does(&["--print", "said"]).add();
    daemon.wait_logged("web", "said");
    fs::rename(&log, log.with_extension("old")).unwrap();
    daemon.done(&["restart", "web"]);
    daemon.wait_logged("web", "said");
    assert_eq!(whole(&log), "said\n");
}

#[test]
fn a_change_of_its_form_holds_at_once_without_a_restart() {
    let daemon = Daemon::start();
    let service = |stamps: bool| {
        piped(&daemon, "web", &json!({ "Timestamps": stamps })).does(&["--tick", "5"])
    };
    service(false).add();
    daemon.wait_logged("web", "line 00000003");
    let pid = daemon.running("web");
    let file = service(true).file();
    daemon.done(&["add", "--replace", file.to_str().unwrap()]);
    daemon.wait_logged("web", "Z line ");
    assert_eq!(daemon.running("web"), pid);
}

/// Numbers of all lines, and how many are told to be missing.
fn numbers(text: &str) -> (BTreeSet<u64>, u64) {
    let mut lost = 0;
    let mut numbers = BTreeSet::new();
    for line in text.lines() {
        match line.strip_prefix("line ").and_then(|number| number.parse().ok()) {
            Some(number) => assert!(numbers.insert(number), "{line} is there twice"),
            None => lost += gap(line).unwrap_or_else(|| panic!("torn: {line:?}")),
        }
    }
    (numbers, lost)
}

#[test]
fn a_full_disk_makes_the_service_wait_and_loses_nothing() {
    let disk = match SmallDisk::mount("8m") {
        Ok(disk) => disk,
        Err(why) => return skip("a full disk", &why),
    };
    let daemon = Daemon::start();
    let log = disk.path().join("web.log");
    let path = log.to_str().unwrap();
    let service = piped(&daemon, "web", &json!({})).does(&["--tick", "0"]);
    service.key("StandardOutPath", path).add();
    wait_until("the log to have begun", PATIENCE, || log.exists());
    disk.fill();
    wait_until("the disk to be full", PATIENCE, || daemon.log().contains("it waits once"));
    let size = fs::metadata(&log).unwrap().len();
    daemon.done(&["list"]);
    disk.free();
    wait_until("the log to go on", PATIENCE, || {
        daemon.log().contains("written again") && size < fs::metadata(&log).unwrap().len()
    });
    daemon.done(&["stop", "web"]);
    let (numbers, lost) = numbers(&fs::read_to_string(&log).unwrap());
    assert_eq!((numbers.len() as u64, lost), (*numbers.last().unwrap(), 0));
}

#[test]
fn the_oldest_lines_go_where_that_is_wanted_and_are_counted() {
    let disk = match SmallDisk::mount("8m") {
        Ok(disk) => disk,
        Err(why) => return skip("a full disk", &why),
    };
    let daemon = Daemon::start();
    let log = disk.path().join("web.log");
    disk.fill();
    let count = 200_000;
    let service = piped(&daemon, "web", &json!({ "Full": "DropOldest" }));
    service
        .does(&["--lines", &count.to_string(), "--tick", "20"])
        .key("StandardOutPath", log.to_str().unwrap())
        .add();
    // More than the pipe holds: it is up only after it has said all that, which nobody wrote down.
    daemon.running("web");
    wait_until("the service to have spoken", PATIENCE, || {
        let pid = daemon.running("web");
        1 < fault::threads(pid).len()
    });
    disk.free();
    wait_until("the log to be written", PATIENCE, || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains(&format!("line {count:08}")))
    });
    daemon.done(&["stop", "web"]);
    let text = fs::read_to_string(&log).unwrap();
    // The ticks begin anew at 1 behind the speech.
    let end = text.find(&format!("line {count:08}\n")).unwrap() + "line 00000000\n".len();
    let (numbers, lost) = numbers(&text[..end]);
    assert!(0 < lost && text.starts_with("— "), "{}", &text[..80]);
    assert_eq!(numbers.len() as u64 + lost, count, "{lost} lost");
    assert_eq!(*numbers.first().unwrap(), lost + 1, "the oldest went");
}

#[test]
fn a_crowd_of_talkers_costs_little_and_delays_no_one() {
    let daemon = Daemon::start();
    let crowd = harness::number("SVC_PIPED_SERVICES", 60);
    let quiet = observer::memory(daemon.pid());
    for number in 0..crowd {
        let label = format!("web-{number:04}");
        piped(&daemon, &label, &json!({ "Timestamps": true })).does(&["--tick", "100"]).place();
    }
    daemon.done(&["apply"]);
    for number in 0..crowd {
        daemon.wait_logged(&format!("web-{number:04}"), " line 00000010\n");
    }
    let begin = std::time::Instant::now();
    assert_eq!(daemon.json(&["list"]).as_array().unwrap().len() as u64, crowd);
    let took = begin.elapsed();
    let busy = observer::memory(daemon.pid());
    eprintln!("{crowd} talkers: {quiet} KiB without them, {busy} KiB with them, list in {took:?}");
    assert!(busy < quiet + 4096 + crowd * 24, "{quiet} KiB grew to {busy} KiB");
    assert!(took < PATIENCE / 4, "list took {took:?}");
}
