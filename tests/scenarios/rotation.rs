//! Logs are rotated under programs that write at full speed, and no line is lost or doubled,
//! whatever happens to the daemon meanwhile.
//!
//! `SVC_LOG_MEGABYTES=400` writes so much, on each file system.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use harness::{Daemon, Dice, PATIENCE, Service, SmallDisk, fault, number, skip, wait_until};
use serde_json::json;

/// Bytes of one line of a flood.
pub(super) const LINE: u64 = 32;

fn megabytes() -> u64 {
    number("SVC_LOG_MEGABYTES", 24)
}

/// A service that writes so many lines and ends, its log rotated at a mebibyte.
pub(super) fn flood(daemon: &Daemon, mebibytes: u64) -> Service<'_> {
    let service = daemon.service("web").does(&["--flood", &mebibytes.to_string(), "--exit", "0"]);
    let log = json!({ "MaxSize": "1M", "Keep": 10_000 });
    service.key("Supervisor", json!({ "Log": log }))
}

/// Every line is there once, in order; else how many are missing or doubled, and which is first.
pub(super) fn judge(text: &str, mebibytes: u64) -> Result<(), (u64, String)> {
    let mut expected = 1;
    let mut lost = 0;
    let mut first = None;
    for line in text.lines() {
        let found: Option<u64> = line.get(5..15).and_then(|digits| digits.parse().ok());
        let is_whole = line.len() as u64 + 1 == LINE && line.ends_with("as it comes    ");
        match found.filter(|_| is_whole) {
            Some(found) if found == expected => {}
            Some(found) if expected < found => {
                lost += found - expected;
                first.get_or_insert(format!("line {expected} is missing before {found}"));
                expected = found;
            }
            Some(found) => return Err((u64::MAX, format!("line {found} after {expected}"))),
            None => {
                first.get_or_insert(format!("{line:?} instead of {expected}"));
                continue;
            }
        }
        expected += 1;
    }
    let all = (mebibytes << 20) / LINE;
    if expected <= all {
        lost += all + 1 - expected;
        first.get_or_insert(format!("the last is {}", expected - 1));
    }
    first.map_or(Ok(()), |first| Err((lost, first)))
}

/// The log's files, oldest first, the live one last.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let is_of_web =
        |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("web.log");
    let mut files: Vec<PathBuf> = entries.filter(is_of_web).collect();
    files.sort();
    if files.first().is_some_and(|first| first.ends_with("web.log")) {
        files.rotate_left(1);
    }
    files
}

/// Waits until the flood is over.
#[track_caller]
fn wait_over(daemon: &Daemon, mebibytes: u64) {
    let patience = PATIENCE * (1 + u32::try_from(mebibytes / 16).unwrap());
    wait_until("the flood to be over", patience, || daemon.row("web")["status"] == json!(0));
}

/// Waits until nothing is left to do for the log: it is small, and all rotated ones compressed.
#[track_caller]
pub(super) fn wait_kept(folder: &Path) {
    wait_until("the log to be within its bounds", PATIENCE * 6, || {
        let files = files(folder);
        let (live, rotated) = files.split_last().unwrap();
        let is_packed = rotated.iter().all(|path| path.extension().is_some_and(|end| end == "gz"));
        is_packed && fs::metadata(live).unwrap().len() < 1 << 20
    });
}

#[test]
fn a_flood_is_rotated_and_every_line_is_there_once() {
    let mebibytes = megabytes();
    let daemon = Daemon::start();
    flood(&daemon, mebibytes).add();
    wait_over(&daemon, mebibytes);
    let folder = daemon.base().join("logs");
    wait_kept(&folder);
    let files = files(&folder);
    assert!(mebibytes - 2 <= files.len() as u64, "{files:?}");
    for file in &files {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o640, "{file:?}");
    }
    let output = daemon.done(&["logs", "web"]);
    assert_eq!(judge(&output, mebibytes), Ok(()));
    // The same without us, as a person with zcat would.
    let (live, rotated) = files.split_last().unwrap();
    let zcat = std::process::Command::new("zcat").args(rotated).output().unwrap();
    let mut text = String::from_utf8(zcat.stdout).unwrap();
    assert!(text.ends_with('\n'), "rotated logs end with a line where blocks allow it");
    text += &fs::read_to_string(live).unwrap();
    assert_eq!(judge(&text, mebibytes), Ok(()));
    let last = daemon.done(&["logs", "-n", "100000", "web"]);
    assert!(last == output[output.len() - 100_000 * LINE as usize..], "from the end, over pieces");
}

#[test]
fn a_daemon_that_is_killed_again_and_again_loses_no_line() {
    let mebibytes = megabytes();
    let mut daemon = Daemon::start();
    flood(&daemon, mebibytes).add();
    let mut dice = Dice::new(number("SVC_SEED", 20_261_123));
    let mut kills = 0;
    while daemon.row("web")["state"] == "up" || kills < 3 {
        let now = files(&daemon.base().join("logs")).len();
        let more = dice.below(3);
        wait_until("rotations", PATIENCE, || {
            let is_over = daemon.row("web")["state"] != "up";
            is_over || now + more <= files(&daemon.base().join("logs")).len()
        });
        daemon.kill9();
        daemon.start_again();
        kills += 1;
        assert!(kills < 1000);
    }
    wait_kept(&daemon.base().join("logs"));
    let output = daemon.done(&["logs", "web"]);
    assert_eq!(judge(&output, mebibytes), Ok(()), "{kills} kills\n{}", daemon.log());
    eprintln!("{kills} kills");
}

#[test]
fn a_follower_misses_no_line_over_rotations_and_kills() {
    let mebibytes = megabytes() / 4;
    let mut daemon = Daemon::start();
    let go = daemon.base().join("go");
    let service = flood(&daemon, mebibytes).does(&["--until", go.to_str().unwrap()]);
    service.without("RunAtLoad").add();
    let mut client = daemon.client(&["logs", "-f", "-n", "10000000", "web"]);
    let file = daemon.base().join("followed");
    let mut client = client.stdout(fs::File::create(&file).unwrap()).spawn().unwrap();
    daemon.done(&["start", "web"]);
    for _ in 0..3 {
        let length = fs::metadata(&file).unwrap().len();
        wait_until("the follower to go on", PATIENCE, || {
            let now = fs::metadata(&file).unwrap().len();
            length < now || now == mebibytes << 20
        });
        daemon.kill9();
        daemon.start_again();
    }
    wait_until("the follower to see all", PATIENCE * 3, || {
        mebibytes << 20 <= fs::metadata(&file).unwrap().len()
    });
    fs::write(go, "").unwrap();
    daemon.wait_status("web", &json!(0));
    daemon.done(&["remove", "web"]);
    assert!(client.wait().unwrap().success());
    assert_eq!(judge(&fs::read_to_string(file).unwrap(), mebibytes), Ok(()));
}

#[test]
fn other_file_systems_keep_every_line_where_they_can() {
    let mebibytes = megabytes();
    for (kind, is_able) in [("xfs", true), ("ext4", true), ("overlay", true), ("tmpfs", false)] {
        let looked = std::thread::spawn(move || on_file_system(kind, is_able, mebibytes));
        looked.join().unwrap();
    }
}

/// In a thread of its own, since what it mounts is seen by it alone.
fn on_file_system(kind: &str, is_able: bool, mebibytes: u64) {
    let disk = match SmallDisk::of_kind(kind, 400 + 3 * mebibytes) {
        Ok(disk) => disk,
        Err(why) => return skip(&format!("logs on {kind}"), &why),
    };
    let mut daemon = Daemon::prepare_in(&disk.path());
    daemon.start_again();
    flood(&daemon, mebibytes).add();
    wait_over(&daemon, mebibytes);
    wait_kept(&daemon.base().join("logs"));
    let judged = judge(&daemon.done(&["logs", "web"]), mebibytes);
    let says_so = daemon.log().contains("can't take the head of a file away");
    assert_eq!(says_so, !is_able, "{kind}: {}", daemon.log());
    if is_able {
        assert_eq!(judged, Ok(()), "{kind}");
        return;
    }
    let (lost, first) = judged.err().unwrap_or_default();
    let all = (mebibytes << 20) / LINE;
    eprintln!("{kind}: {lost} of {all} lines lost at full speed; {first}");
    assert!(lost < all / 10, "{kind}: {lost} of {all} lines lost; {first}");
    let status = daemon.ctl(&["status", "web"]).stdout;
    assert!(status.contains("copies it and cuts it off"), "{status}");
}

/// What there is of rotation in the folder, besides the log's own files.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with("web")).collect()
}

#[test]
fn a_kill_at_any_system_call_of_a_rotation_leaves_every_line_once() {
    if let Some(why) = fault::unavailable() {
        return skip("kills at system calls of a rotation", why);
    }
    let mebibytes = 2;
    let mut daemon = Daemon::start();
    let add = |daemon: &Daemon, max_size: &str| {
        let log = json!({ "MaxSize": max_size, "Keep": 10_000, "Compress": false });
        let service = daemon.service("web").does(&["--flood", &mebibytes.to_string()]);
        let service = service.key("Supervisor", json!({ "Log": log }));
        let file = service.file();
        daemon.done(&["add", "--replace", file.to_str().unwrap()]);
    };
    // With bounds that nothing reaches the log is written; lower ones are hot, and begin it.
    let fill = |daemon: &Daemon| {
        daemon.ctl(&["remove", "web"]);
        for file in files(&daemon.base().join("logs")) {
            fs::remove_file(file).unwrap();
        }
        let _ = fs::remove_dir_all(daemon.base().join("state/logs"));
        add(daemon, "100M");
        wait_until("the log to be written", PATIENCE, || {
            let live = daemon.base().join("logs/web.log");
            fs::metadata(live).is_ok_and(|found| found.len() == mebibytes << 20)
        });
    };
    fill(&daemon);
    let recorded = daemon.base().join("strace");
    let threads = fault::threads(daemon.pid());
    let recording = fault::record(daemon.pid(), &recorded);
    add(&daemon, "1M");
    wait_kept_plain(&daemon);
    drop(recording);
    let mut points: Vec<fault::Point> = fault::points(&recorded, &threads)
        .into_iter()
        .filter(|point| point.thread == "logs")
        .collect();
    assert!(8 < points.len(), "{points:?}");
    let mut dice = Dice::new(number("SVC_SEED", 20_261_123));
    while !std::env::var("SVC_SWEEP").is_ok_and(|which| which == "all") && 8 < points.len() {
        points.swap_remove(dice.below(points.len()));
    }
    let mut kills = 0;
    for point in points {
        fill(&daemon);
        let Some(waiting) = fault::inject(daemon.pid(), &point, "signal=KILL") else { continue };
        let log = json!({ "MaxSize": "1M", "Keep": 10_000, "Compress": false });
        let service = daemon.service("web").does(&["--flood", &mebibytes.to_string()]);
        let file = service.key("Supervisor", json!({ "Log": log })).file();
        let _ = daemon.ctl(&["add", "--replace", file.to_str().unwrap()]);
        wait_until("the daemon to die, or the log to be rotated", PATIENCE, || {
            daemon.has_died() || is_kept_plain(&daemon)
        });
        drop(waiting);
        // The log may have been rotated at a call before the one that kills.
        wait_until("the daemon to be dead or alive", PATIENCE, || {
            daemon.has_died() || daemon.ctl(&["ping"]).code == 0
        });
        if daemon.has_died() {
            kills += 1;
            daemon.start_again();
            let _ = daemon.ctl(&["add", "--replace", file.to_str().unwrap()]);
        }
        wait_kept_plain(&daemon);
        let output = daemon.done(&["logs", "web"]);
        assert_eq!(judge(&output, mebibytes), Ok(()), "killed at {point:?}\n{}", daemon.log());
        let left = leftovers(&daemon.base().join("logs"));
        assert_eq!(left, [] as [PathBuf; 0], "killed at {point:?}");
    }
    assert!(4 < kills, "only {kills} kills happened");
    eprintln!("{kills} kills");
}

#[test]
fn a_head_that_could_be_taken_away_only_in_part_is_there_once() {
    if let Some(why) = fault::unavailable() {
        return skip("a rotation that fails half-way", why);
    }
    let mebibytes = 4;
    let daemon = Daemon::start();
    // The first call makes a hole.
    let point = fault::Point {
        thread: "logs".to_owned(),
        call: "fallocate".to_owned(),
        number: 2,
        file: None,
    };
    let failing = fault::inject(daemon.pid(), &point, "error=EIO").unwrap();
    let log = json!({ "MaxSize": "1M", "Keep": 1000, "Compress": false });
    let service = daemon.service("web").does(&["--flood", &mebibytes.to_string()]);
    service.key("Supervisor", json!({ "Log": log })).add();
    wait_until("the rotation to fail", PATIENCE, || daemon.log().contains("Input/output error"));
    drop(failing);
    wait_kept_plain(&daemon);
    assert_eq!(judge(&daemon.done(&["logs", "web"]), mebibytes), Ok(()), "{}", daemon.log());
    let written = files(&daemon.base().join("logs"));
    let all: String = written.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert_eq!(judge(&all, mebibytes), Ok(()), "{written:?}");
}

fn is_kept_plain(daemon: &Daemon) -> bool {
    let files = files(&daemon.base().join("logs"));
    let live = files.last().and_then(|live| fs::metadata(live).ok());
    1 < files.len() && live.is_some_and(|found| found.len() < 1 << 20)
}

#[track_caller]
fn wait_kept_plain(daemon: &Daemon) {
    wait_until("the log to be rotated", PATIENCE, || is_kept_plain(daemon));
}
