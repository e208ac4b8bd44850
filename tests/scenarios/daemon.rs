//! The daemon itself: one a domain, how it begins, how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Output;

use harness::{BINARIES, Daemon, PATIENCE, observer, wait_until};
use nix::sys::signal::Signal;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a second `supervisord` on the same folder, which must end by itself.
fn second(daemon: &Daemon, arguments: &[&str]) -> Output {
    daemon.command().args(arguments).output().unwrap()
}

#[test]
fn a_second_daemon_says_who_holds_the_folder() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    let output = second(&daemon, &[]);
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains(&format!("pid {}", daemon.pid())), "{complaint}");
    assert!(complaint.contains("cannot lock"), "{complaint}");
    daemon.running("web");
}

#[test]
fn a_socket_left_by_a_killed_daemon_is_no_hindrance() {
    let mut daemon = Daemon::start();
    daemon.kill9();
    assert!(daemon.socket().exists(), "a killed daemon leaves its socket");
    let complaint = daemon.refused(5, &["list"]);
    assert!(complaint.contains("supervisord --base"), "{complaint}");
    daemon.start_again();
    daemon.done(&["list"]);
}

#[test]
fn a_socket_nobody_listens_at_is_replaced() {
    let mut daemon = Daemon::prepare();
    fs::create_dir_all(daemon.base().join("run")).unwrap();
    drop(UnixListener::bind(daemon.socket()).unwrap());
    daemon.start_again();
    daemon.done(&["list"]);
}

#[test]
fn the_socket_s_folder_is_for_its_owner_alone() {
    let daemon = Daemon::start();
    let mode = fs::metadata(daemon.base().join("run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn sigterm_and_sigint_stop_all_services_and_exit_0() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut daemon = Daemon::start();
        daemon.service("web").does(&["--term-after", "100", "--term-exit", "0"]).add();
        daemon.service("tree").does(&["--children", "2"]).add();
        let pids = [daemon.running("web"), daemon.running("tree")];
        daemon.signal(signal);
        let status = daemon.ended();
        assert_eq!(status.code(), Some(0), "{signal}: {}", daemon.log());
        for pid in pids {
            assert!(!observer::lives(pid), "{signal}");
        }
        assert_eq!(daemon.count("web", "exit 0"), 1, "{signal}: it was given its time");
        assert_eq!(observer::services_below(daemon.base()), [], "{signal}");
        assert!(!daemon.socket().exists(), "{signal}");
    }
}

#[test]
fn a_second_sigterm_does_not_hurt() {
    let mut daemon = Daemon::start();
    daemon.service("web").does(&["--term-after", "300", "--term-exit", "0"]).add();
    daemon.running("web");
    daemon.signal(Signal::SIGTERM);
    daemon.wait_noted("web", "received TERM", 1);
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.ended().code(), Some(0), "{}", daemon.log());
    assert_eq!(daemon.count("web", "exit 0"), 1);
}

#[test]
fn goals_stay_as_they_were_when_the_daemon_is_ended() {
    let mut daemon = Daemon::start();
    daemon.service("web").without("RunAtLoad").add();
    daemon.done(&["start", "web"]);
    daemon.signal(Signal::SIGTERM);
    daemon.ended();
    daemon.start_again();
    assert_eq!(daemon.row("web")["goal"], "up");
}

#[test]
fn sighup_reads_the_services_folder_again() {
    let daemon = Daemon::start();
    daemon.service("gone").add();
    daemon.running("gone");
    fs::remove_file(daemon.base().join("services/gone.plist")).unwrap();
    daemon.service("new").place();
    daemon.signal(Signal::SIGHUP);
    daemon.running("new");
    wait_until("the removed file's service to go", PATIENCE, || daemon.row("gone").is_null());
}

#[test]
fn definitions_found_at_the_start_are_started() {
    let mut daemon = Daemon::prepare();
    daemon.service("one").place();
    daemon.service("two").key("KeepAlive", true).without("RunAtLoad").place();
    daemon.service("idle").without("RunAtLoad").place();
    daemon.start_again();
    daemon.running("one");
    daemon.running("two");
    assert_eq!(daemon.count("idle", "start main"), 0);
    assert!(daemon.row("idle").is_object());
}

#[test]
fn daemonize_returns_when_the_daemon_is_ready() {
    let daemon = Daemon::prepare();
    daemon.service("web").place();
    let output = second(&daemon, &["--daemonize"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let pong = daemon.json(&["ping"]);
    let pid = u32::try_from(pong["pid"].as_u64().unwrap()).unwrap();
    let process = observer::process(pid).unwrap();
    assert_ne!(process.parent, std::process::id(), "it is nobody's child here");
    daemon.running("web");
    let descriptors = observer::descriptors(pid);
    let terminals = descriptors.iter().filter(|path| path.starts_with("/dev/pts")).count();
    assert_eq!(terminals, 0, "a background process keeps no terminal: {descriptors:?}");
    daemon.done(&["shutdown"]);
    wait_until("the daemon to end", PATIENCE, || !observer::lives(pid));
    assert_eq!(observer::services_below(daemon.base()), []);
}

#[test]
fn daemonize_tells_why_the_daemon_did_not_begin() {
    let daemon = Daemon::start();
    let output = second(&daemon, &["--daemonize"]);
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains(&format!("pid {}", daemon.pid())), "{complaint}");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_with_its_name() {
    let daemon = Daemon::prepare();
    let file = daemon.base().join("file");
    fs::write(&file, "").unwrap();
    let output = std::process::Command::new(&BINARIES.supervisord)
        .arg("--base")
        .arg(file.join("base"))
        .output()
        .unwrap();
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains(file.to_str().unwrap()), "{complaint}");
}

#[test]
fn an_idle_daemon_has_no_zombie_and_few_descriptors() {
    let daemon = Daemon::start();
    for label in ["a", "b", "c"] {
        daemon.service(label).does(&["--exit", "0"]).add_in_any_case();
        daemon.wait_status(label, &serde_json::json!(0));
    }
    observer::wait_collected(daemon.pid());
    let descriptors = observer::descriptors(daemon.pid());
    assert!(descriptors.len() < 32, "{descriptors:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn memory_that_only_the_start_of_day_took_is_given_back() {
    let daemon = Daemon::start();
    let kibibytes = |name: &str| -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches(':').split_whitespace().next().unwrap().parse().unwrap()
    };
    wait_until("a third of its memory to be given back", PATIENCE, || {
        kibibytes("VmRSS") * 3 < kibibytes("VmHWM") * 2
    });
    daemon.service("web").add();
    daemon.running("web");
}
