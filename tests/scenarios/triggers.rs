//! What starts a service beside people: time, paths, folders, mounts, other services.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Daemon, Interface, PATIENCE, Service, skip, wait_until};
use serde_json::{Value, json};

/// A service that ends at once and is not held back between its runs.
pub(crate) fn brief<'a>(daemon: &'a Daemon, label: &str) -> Service<'a> {
    let service = daemon.service(label).does(&["--exit", "0"]).without("RunAtLoad");
    service.key("ThrottleInterval", 0)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Added, and at rest until something comes.
#[track_caller]
pub(crate) fn add_waiting(service: &Service<'_>, daemon: &Daemon, label: &str) {
    service.add();
    daemon.wait_state(label, "waiting");
    assert_eq!(daemon.count(label, "start main"), 0, "{label} was started for nothing");
}

/// What happened before it is known to the daemon: a path of its own, changed after it, was told.
pub(crate) struct Fence<'a> {
    daemon: &'a Daemon,
    path: PathBuf,
    times: usize,
}

impl<'a> Fence<'a> {
    pub(crate) fn new(daemon: &'a Daemon) -> Self {
        let path = daemon.base().join("fence");
        let service = brief(daemon, "fence").key("WatchPaths", json!([text(&path)]));
        add_waiting(&service, daemon, "fence");
        Self { daemon, path, times: 0 }
    }

    #[track_caller]
    pub(crate) fn pass(&mut self) {
        self.times += 1;
        fs::write(&self.path, self.times.to_string()).unwrap();
        self.daemon.wait_noted("fence", "start main", self.times);
        self.daemon.wait_state("fence", "waiting");
    }
}

#[test]
fn an_interval_starts_a_service_again_and_again_but_not_at_load() {
    let daemon = Daemon::start();
    brief(&daemon, "tick").key("StartInterval", 1).add();
    let row = daemon.wait_state("tick", "waiting");
    assert_eq!(row["status"], Value::Null, "{row}");
    wait_until("a status that says when and why", Duration::from_secs(20), || {
        let status = daemon.json_of("tick");
        let is_told = status["why"].as_str().unwrap().contains("StartInterval");
        status["state"] == "waiting" && status["next_start"].is_string() && is_told
    });
    daemon.wait_noted("tick", "start main", 3);
    let starts: Vec<u128> = starts(&daemon, "tick");
    let pause = Duration::from_nanos((starts[2] - starts[1]).try_into().unwrap());
    assert!(Duration::from_millis(500) < pause && pause < Duration::from_secs(3), "{pause:?}");
}

#[test]
fn intervals_that_pass_while_a_run_lives_start_one_more() {
    let daemon = Daemon::start();
    let release = daemon.base().join("release");
    let slow = brief(&daemon, "slow").does(&["--until", text(&release)]);
    slow.key("StartInterval", 1).add();
    brief(&daemon, "clock").key("StartInterval", 1).add();
    daemon.wait_noted("slow", "start main", 1);
    daemon.wait_noted("clock", "start main", 4);
    fs::write(&release, "").unwrap();
    daemon.wait_noted("slow", "start main", 3);
    let starts = starts(&daemon, "slow");
    let pause = Duration::from_nanos((starts[2] - starts[1]).try_into().unwrap());
    assert!(Duration::from_millis(300) < pause, "two runs owed at once, {pause:?} apart");
}

fn starts(daemon: &Daemon, label: &str) -> Vec<u128> {
    let notes = daemon.journal(label);
    notes.iter().filter(|note| note.event == "start main").map(|note| note.at).collect()
}

#[test]
fn another_service_that_is_loaded_or_not_keeps_one_alive() {
    let daemon = Daemon::start();
    let with = brief(&daemon, "with").key("KeepAlive", json!({"OtherJobEnabled": {"db": true}}));
    add_waiting(&with, &daemon, "with");
    brief(&daemon, "without").key("KeepAlive", json!({"OtherJobEnabled": {"db": false}})).add();
    daemon.wait_noted("without", "start main", 2);
    brief(&daemon, "db").add();
    daemon.wait_noted("with", "start main", 2);
    daemon.wait_state("without", "waiting");
    daemon.done(&["remove", "db"]);
    daemon.wait_state("with", "waiting");
    let before = daemon.count("without", "start main");
    daemon.wait_noted("without", "start main", before + 1);
}

#[test]
fn another_service_that_runs_keeps_one_alive() {
    let daemon = Daemon::start();
    let with = brief(&daemon, "with").key("KeepAlive", json!({"OtherJobActive": {"db": true}}));
    add_waiting(&with, &daemon, "with");
    let db = daemon.service("db").without("RunAtLoad");
    add_down(&db, &daemon, "db");
    assert_eq!(daemon.count("with", "start main"), 0);
    daemon.done(&["start", "db"]);
    daemon.wait_noted("with", "start main", 2);
    daemon.done(&["stop", "db"]);
    daemon.wait_state("with", "waiting");
}

#[track_caller]
fn add_down(service: &Service<'_>, daemon: &Daemon, label: &str) {
    service.add();
    daemon.wait_state(label, "down");
}

#[test]
fn a_service_that_runs_only_once_stays_down_whatever_comes() {
    let daemon = Daemon::start();
    let file = daemon.base().join("file");
    let service = brief(&daemon, "once").key("LaunchOnlyOnce", true).key("KeepAlive", true);
    service.key("WatchPaths", json!([text(&file)])).add_in_any_case();
    daemon.wait_noted("once", "start main", 1);
    daemon.wait_state("once", "down");
    let mut fence = Fence::new(&daemon);
    fs::write(&file, "").unwrap();
    fence.pass();
    daemon.started("once", 1);
    daemon.done(&["start", "--no-wait", "once"]);
    daemon.wait_noted("once", "start main", 2);
}

#[test]
fn after_initial_demand_nothing_but_a_request_starts_it_first() {
    let daemon = Daemon::start();
    let path = daemon.base().join("path");
    let keep = json!({"AfterInitialDemand": true, "PathState": {text(&path): true}});
    let service = brief(&daemon, "shy").key("RunAtLoad", true).key("KeepAlive", keep);
    add_waiting(&service, &daemon, "shy");
    let mut fence = Fence::new(&daemon);
    fs::write(&path, "").unwrap();
    fence.pass();
    daemon.started("shy", 0);
    daemon.done(&["start", "--no-wait", "shy"]);
    daemon.wait_noted("shy", "start main", 3);
}

#[test]
fn stopped_services_are_started_by_nothing_but_people() {
    let daemon = Daemon::start();
    let file = daemon.base().join("file");
    let service = brief(&daemon, "web").key("WatchPaths", json!([text(&file)]));
    add_waiting(&service, &daemon, "web");
    daemon.done(&["stop", "web"]);
    let mut fence = Fence::new(&daemon);
    fs::write(&file, "").unwrap();
    fence.pass();
    daemon.started("web", 0);
    assert_eq!(daemon.row("web")["state"], "down");
}

#[test]
fn a_daemon_with_nothing_to_watch_watches_nothing() {
    let daemon = Daemon::start();
    let supervisor = json!({ "Log": { "Rotate": false } });
    daemon.service("web").key("Supervisor", supervisor.clone()).add();
    assert_eq!(watching(&daemon), Vec::<String>::new());
    let path = daemon.base().join("path");
    let service = brief(&daemon, "seer").key("WatchPaths", json!([text(&path)]));
    let service = service.key("Supervisor", supervisor);
    let service =
        service.key("StartOnMount", true).key("KeepAlive", json!({"NetworkState": false}));
    service.key("StartCalendarInterval", json!({"Day": 31, "Month": 2})).add_in_any_case();
    assert_eq!(watching(&daemon), ["inotify", "mountinfo", "netlink", "timerfd"]);
    daemon.done(&["remove", "seer"]);
    assert_eq!(watching(&daemon), Vec::<String>::new());
}

/// What the daemon has open for watching, beside its own alarm and what tells it of trees.
fn watching(daemon: &Daemon) -> Vec<String> {
    let mut open: Vec<String> = harness::observer::descriptors(daemon.pid())
        .iter()
        .map(|target| target.display().to_string())
        .collect();
    open.sort();
    let sockets = fs::read_to_string(format!("/proc/{}/net/netlink", daemon.pid())).unwrap();
    let inodes: Vec<&str> =
        sockets.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let mut found = Vec::new();
    for (kind, usual) in [("inotify", 1), ("mountinfo", 0), ("netlink", 0), ("timerfd", 1)] {
        let is_of = |target: &&String| match kind {
            "netlink" => inodes.iter().any(|inode| **target == format!("socket:[{inode}]")),
            kind => target.contains(kind),
        };
        if usual < open.iter().filter(is_of).count() {
            found.push(kind.to_owned());
        }
    }
    found
}

/// Runs a scenario in namespaces of its own, so that what it does to the machine is seen by nobody.
fn apart(what: &str, namespaces: libc::c_int, scenario: fn()) {
    let thread = std::thread::spawn(move || {
        // SAFETY: a plain system call; of this process it is about this thread only.
        if unsafe { libc::unshare(namespaces) } != 0 {
            return false;
        }
        let private = libc::MS_REC | libc::MS_PRIVATE;
        let (root, none) = (c"/".as_ptr(), std::ptr::null());
        // SAFETY: the paths end in NUL; nothing else is given.
        if unsafe { libc::mount(none, root, none, private, none.cast()) } != 0 {
            return false;
        }
        scenario();
        true
    });
    match thread.join() {
        Ok(true) => {}
        Ok(false) => skip(what, "namespaces need root"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[test]
fn a_mount_starts_the_service_and_an_unmount_does_not() {
    apart("StartOnMount", libc::CLONE_NEWNS, || {
        let daemon = Daemon::start();
        add_waiting(&brief(&daemon, "disk").key("StartOnMount", true), &daemon, "disk");
        let place = daemon.base().join("place");
        fs::create_dir(&place).unwrap();
        let inside = place.join("inside");
        let state = json!({"PathState": {text(&inside): false}});
        fs::write(&inside, "").unwrap();
        add_waiting(&brief(&daemon, "under").key("KeepAlive", state), &daemon, "under");
        let at = std::ffi::CString::new(text(&place)).unwrap();
        for round in 1..=2 {
            let kind = c"tmpfs".as_ptr();
            // SAFETY: the strings end in NUL.
            let mounted = unsafe { libc::mount(kind, at.as_ptr(), kind, 0, std::ptr::null()) };
            assert_eq!(mounted, 0);
            daemon.wait_noted("disk", "start main", round);
            daemon.wait_noted("under", "start main", round);
            // While somebody looks at a path below it, it is busy.
            wait_until("the place to be unmounted", PATIENCE, || {
                // SAFETY: the path ends in NUL.
                unsafe { libc::umount(at.as_ptr()) == 0 }
            });
            // What was covered is there again, which the daemon learns from the same news.
            daemon.wait_state("under", "waiting");
        }
        daemon.wait_state("disk", "waiting");
        daemon.started("disk", 2);
    });
}

#[test]
fn the_network_keeps_services_alive_while_it_is_up_or_down() {
    apart("NetworkState", libc::CLONE_NEWNS | libc::CLONE_NEWNET, || {
        let Ok(net) = Interface::new("net0") else {
            return skip("NetworkState", "no interface can be made here");
        };
        let daemon = Daemon::start();
        let up = brief(&daemon, "up").key("KeepAlive", json!({"NetworkState": true}));
        add_waiting(&up, &daemon, "up");
        brief(&daemon, "down").key("KeepAlive", json!({"NetworkState": false})).add_in_any_case();
        daemon.wait_noted("down", "start main", 2);
        net.set_address([192, 0, 2, 1].into()).unwrap();
        net.set_up(true).unwrap();
        daemon.wait_noted("up", "start main", 2);
        daemon.wait_state("down", "waiting");
        net.set_address([0; 4].into()).unwrap();
        daemon.wait_state("up", "waiting");
        let before = daemon.count("up", "start main");
        net.set_address([192, 0, 2, 1].into()).unwrap();
        daemon.wait_noted("up", "start main", before + 1);
        net.set_up(false).unwrap();
        daemon.wait_state("up", "waiting");
        let before = daemon.count("down", "start main");
        daemon.wait_noted("down", "start main", before + 1);
    });
}
