//! Nothing left of what a daemon needs: descriptors, processes, room on the disk. It stays up, says
//! what it lacks, and goes on by itself when there is some again.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use harness::{Daemon, PATIENCE, SmallDisk, fault, free, observer, skip, wait_for, wait_until};
use serde_json::{Value, json};

use crate::inetd::inetd;
use crate::sockets::{ask, converse, pid, server};

/// How many descriptors the daemon may have from now on.
fn limit_descriptors(daemon: &Daemon, soft: usize) {
    let (pid, kind, null) = (daemon.pid().cast_signed(), libc::RLIMIT_NOFILE, std::ptr::null_mut());
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both pointers are to live structures or null.
    let set = unsafe {
        libc::prlimit(pid, kind, std::ptr::null(), &raw mut limit);
        limit.rlim_cur = soft as u64;
        libc::prlimit(pid, kind, &raw const limit, null)
    };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
}

#[test]
fn without_descriptors_starts_fail_with_the_reason_and_succeed_later() {
    let daemon = Daemon::start();
    daemon.service("up").key("KeepAlive", true).add();
    let up = daemon.running("up");
    daemon.service("late").key("KeepAlive", true).key("ThrottleInterval", 0).place();
    let mut wire = daemon.wire();
    wire.ask("list", json!({}));
    limit_descriptors(&daemon, observer::descriptors(daemon.pid()).len());
    // Whoever comes now has to wait, and whoever is there is served.
    let waiting = UnixStream::connect(daemon.socket()).unwrap();
    assert!(wire.ask("status", json!({"label": "up"}))["result"].is_object());
    assert!(wire.ask("stop", json!({"label": "up"}))["error"].is_null());
    assert!(!observer::lives(up), "stopping needs no descriptor");
    let answer = wire.ask("start", json!({"label": "up", "timeout_ms": 3000}));
    let said = answer.to_string();
    assert!(said.contains("Too many open files"), "{said}");
    limit_descriptors(&daemon, 1024);
    drop(waiting);
    daemon.running("up");
    daemon.done(&["apply"]);
    daemon.running("late");
}

#[test]
fn a_pipe_that_cannot_be_opened_just_now_is_tried_again() {
    let daemon = Daemon::start();
    let log = json!({ "Log": { "Mode": "Pipe" } });
    for label in ["web", "job"] {
        let service = daemon.service(label).key("Supervisor", log.clone()).does(&["--print", "x"]);
        service.without("RunAtLoad").key("ThrottleInterval", 1).add();
    }
    let mut wire = daemon.wire();
    wire.ask("list", json!({}));
    limit_descriptors(&daemon, observer::descriptors(daemon.pid()).len());
    for label in ["web", "job"] {
        let answer = wire.ask("start", json!({"label": label, "timeout_ms": 1}));
        assert!(answer["error"].is_object(), "{answer}");
        let status = wire.ask("status", json!({"label": label}))["result"].clone();
        let said = status.to_string();
        assert!(said.contains("/pipes") && said.contains("Too many open files"), "{said}");
        assert_eq!(status["state"], "backoff", "{said}");
    }
    limit_descriptors(&daemon, 1024);
    for label in ["web", "job"] {
        daemon.running(label);
        daemon.wait_logged(label, "x\n");
    }
    if let Some(why) = fault::unavailable() {
        return skip("a full disk below the pipes", why);
    }
    let full = fault::always(daemon.pid(), "mknod,mknodat", "ENOSPC");
    daemon.service("late").key("Supervisor", log).key("ThrottleInterval", 0).add_in_any_case();
    let late = wait_for("the start to fail", PATIENCE, || {
        Some(daemon.row("late")).filter(|row| row["state"] == "backoff")
    });
    assert_eq!(late["pid"], Value::Null);
    let status = daemon.ctl(&["status", "late"]).stdout;
    assert!(status.contains("No space left on device"), "{status}");
    drop(full);
    daemon.running("late");
}

/// No descriptor the daemon may have is free.
const NONE: usize = 3;

/// The socket is there, and taking from it fails: whoever waits there rings again at once.
#[test]
fn connections_that_cannot_be_taken_just_now_are_taken_later_and_told_once_until_then() {
    let daemon = Daemon::start();
    let port = free::port();
    inetd(&daemon, port, json!({"Wait": false}), &["--converse"]);
    let mut wire = daemon.wire();
    wire.ask("list", json!({}));
    limit_descriptors(&daemon, NONE);
    let waiting = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut is_told = || {
        let status = wire.ask("status", json!({"label": "old"})).to_string();
        status.contains("cannot accept a connection") && status.contains("Too many open files")
    };
    wait_until("the fault to be told", PATIENCE, &mut is_told);
    assert!(is_told() && is_told());
    let complaints = daemon.log().matches("cannot accept a connection").count();
    assert_eq!(complaints, 1, "{}", daemon.log());
    limit_descriptors(&daemon, 1024);
    assert!(converse(waiting).ends_with(" hello\n"));
    let status = daemon.ctl(&["status", "old"]).stdout;
    assert!(!status.contains("cannot accept"), "{status}");
}

#[test]
fn sockets_that_cannot_be_opened_just_now_are_opened_later() {
    if let Some(why) = fault::unavailable() {
        return skip("a system that makes no socket", why);
    }
    for node in ["127.0.0.1", "localhost"] {
        let mut daemon = Daemon::start();
        let port = free::port();
        let socket = json!({"SockNodeName": node, "SockServiceName": port, "SockFamily": "IPv4"});
        server(&daemon, "web", json!({"Listeners": socket})).add();
        let web = pid(&ask(port));
        // It answers before the daemon knows of it.
        assert_eq!(u64::from(daemon.running("web")), web);
        daemon.kill9();
        daemon.start_again();
        assert_eq!(u64::from(daemon.running("web")), web);
        let mut wire = daemon.wire();
        let exhausted = fault::always(daemon.pid(), "socket", "EMFILE");
        let web = nix::unistd::Pid::from_raw(i32::try_from(web).unwrap());
        nix::sys::signal::kill(web, nix::sys::signal::Signal::SIGKILL).unwrap();
        wait_until("the fault to be told", PATIENCE, || {
            let status = wire.ask("status", json!({"label": "web"})).to_string();
            status.contains("its sockets (Sockets.Listeners: cannot ")
        });
        drop(exhausted);
        wait_until("the sockets to be open", PATIENCE, || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        daemon.wait_state("web", "up");
    }
}

#[test]
fn without_processes_starts_are_tried_again_until_they_succeed() {
    if let Some(why) = fault::unavailable() {
        return skip("a system that makes no process", why);
    }
    let daemon = Daemon::start();
    let service = daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 0);
    let job = daemon.service("job").does(&["--exit", "0"]).key("ThrottleInterval", 0);
    // Whatever makes processes is there from the first one on.
    daemon.service("other").add();
    let exhausted = fault::always(daemon.pid(), "clone3,clone,fork,vfork", "EAGAIN");
    let output = service.add_in_any_case();
    assert_eq!(output.code, 0, "{output:?}");
    job.add_in_any_case();
    // What nothing keeps alive is owed its one run as well.
    for label in ["web", "job"] {
        let row = wait_for("the start to fail", PATIENCE, || {
            Some(daemon.row(label)).filter(|row| row["state"] == "backoff")
        });
        assert_eq!(row["pid"], Value::Null);
        let why = daemon.ctl(&["status", label]).stdout;
        assert!(why.contains("temporarily unavailable"), "{why}");
    }
    drop(exhausted);
    daemon.running("web");
    daemon.wait_status("job", &json!(0));
    assert_eq!(daemon.count("web", "double") + daemon.count("job", "double"), 0);
    daemon.started("job", 1);
}

#[test]
fn a_daemon_begins_on_a_full_disk_and_takes_over_what_runs() {
    let disk = match SmallDisk::mount("4m") {
        Ok(disk) => disk,
        Err(why) => return skip("a full disk", &why),
    };
    let mut daemon = Daemon::prepare_in(&disk.path());
    daemon.start_again();
    daemon.service("web").key("KeepAlive", true).add();
    daemon.service("off").key("KeepAlive", true).add();
    daemon.done(&["stop", "off"]);
    let new = daemon.service("new").file();
    let web = daemon.running("web");
    disk.fill();
    for _ in 0..2 {
        daemon.kill9();
        daemon.start_again();
        assert_eq!(daemon.running("web"), web);
        assert_eq!(daemon.row("off")["goal"], "down");
    }
    let complaint = daemon.refused(1, &["add", new.to_str().unwrap()]);
    assert!(complaint.contains("No space left"), "{complaint}");
    let complaint = daemon.refused(1, &["stop", "web"]);
    assert!(complaint.contains("No space left"), "{complaint}");
    assert!(daemon.row("new").is_null());
    disk.free();
    daemon.done(&["add", new.to_str().unwrap()]);
    daemon.running("new");
    daemon.done(&["stop", "web"]);
    daemon.kill9();
    daemon.start_again();
    assert_eq!(daemon.row("web")["goal"], "down");
    daemon.running("new");
    daemon.shut_down();
}

#[test]
fn on_a_disk_that_became_read_only_changes_are_refused_and_services_go_on() {
    if let Some(why) = fault::unavailable() {
        return skip("a read-only disk", why);
    }
    let daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 0).add();
    let web = daemon.running("web");
    let new = daemon.service("new").file();
    let calls = "fsync,fdatasync,rename,unlink,ftruncate";
    let read_only = fault::always(daemon.pid(), calls, "EROFS");
    for words in [&["add", new.to_str().unwrap()][..], &["remove", "web"], &["disable", "web"]] {
        let complaint = daemon.refused(1, words);
        assert!(complaint.contains("Read-only file system"), "{words:?}: {complaint}");
    }
    assert_eq!(daemon.running("web"), web);
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(web.cast_signed()),
        nix::sys::signal::Signal::SIGKILL,
    )
    .unwrap();
    daemon.wait_noted("web", "start main", 1);
    drop(read_only);
    wait_until("it can be written again", PATIENCE, || daemon.ctl(&["enable", "web"]).code == 0);
    daemon.running("web");
    daemon.done(&["add", new.to_str().unwrap()]);
}
