//! What helps whoever debugs a service: Debug, and WaitForDebugger.

use std::fs;

use harness::{BINARIES, Daemon, PATIENCE, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

/// Added and held; its process.
#[track_caller]
fn held(daemon: &Daemon) -> u32 {
    let service = daemon.service("web").key("WaitForDebugger", true);
    let output = daemon.ctl(&["add", service.key("ExitTimeOut", 0).file().to_str().unwrap()]);
    let pid = daemon.pid_of("web");
    assert_eq!((output.code, output.stdout), (0, format!("web: up, pid {pid}\n")));
    let note = format!(
        "web: note: it is stopped before its first instruction (WaitForDebugger): \
        attach with `gdb -p {pid}`, or let it go on with `kill -CONT {pid}`\n"
    );
    assert_eq!(output.stderr, note);
    wait_until("the process to be stopped", PATIENCE, || state(pid) == 'T');
    pid
}

fn state(pid: u32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}

fn go_on(pid: u32) {
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGCONT).unwrap();
}

#[test]
fn a_service_that_waits_for_a_debugger_has_done_nothing_until_it_may() {
    let daemon = Daemon::start();
    let pid = held(&daemon);
    let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
    assert_eq!(program, BINARIES.puppet, "it has entered its program");
    // The first code to run in it is the loader's, which maps the libraries.
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    assert!(!maps.contains("libc.so"), "{maps}");
    let why = daemon.json_of("web")["why"].clone();
    assert!(why.as_str().unwrap().contains(&format!("`kill -CONT {pid}`")), "{why}");
    assert_eq!(daemon.count("web", "start main"), 0);
    go_on(pid);
    daemon.running("web");
    assert_eq!(daemon.json_of("web")["why"], "started when it was loaded");
}

#[test]
fn each_run_waits_anew() {
    let daemon = Daemon::start();
    let first = held(&daemon);
    go_on(first);
    daemon.running("web");
    let output = daemon.ctl(&["restart", "web"]);
    let second = daemon.pid_of("web");
    assert!(output.stderr.contains(&format!("`gdb -p {second}`")), "{output:?}");
    wait_until("the process to be stopped", PATIENCE, || state(second) == 'T');
    assert_eq!(daemon.count("web", "start main"), 1);
}

/// ExitTimeOut 0 never kills, so it must have heard of it.
#[test]
fn one_that_is_stopped_hears_that_it_is_to_end() {
    let daemon = Daemon::start();
    held(&daemon);
    daemon.done(&["stop", "web"]);
    assert_eq!(daemon.row("web")["status"], -15);
    assert_eq!(daemon.count("web", "start main"), 0);
}

#[test]
fn all_that_is_done_with_a_service_that_is_debugged_is_told() {
    let daemon = Daemon::start();
    let secret = json!({"TOKEN": "not-for-the-log"});
    let service = daemon.service("loud").does(&["--exit", "3"]).key("Debug", true);
    let service = service.key("EnvironmentVariables", secret);
    service.add_in_any_case();
    daemon.service("quiet").does(&["--exit", "3"]).add_in_any_case();
    for label in ["loud", "quiet"] {
        daemon.wait_status(label, &json!(3));
    }
    let log = daemon.log();
    let of = |label: &str| -> Vec<&str> {
        log.lines().filter(|line| line.contains(&format!(" {label}: "))).collect()
    };
    for words in ["Exited", "-> Spawn", "entering ", "--exit", "TOKEN", "starting"] {
        assert!(of("loud").iter().any(|line| line.contains(words)), "{words}: {log}");
        assert!(!of("quiet").iter().any(|line| line.contains(words)), "{words}: {log}");
    }
    assert!(!log.contains("not-for-the-log"), "{log}");
}

/// It is taken over while the service runs.
#[test]
fn debugging_begins_and_ends_with_the_definition() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    let pid = daemon.running("web");
    daemon.service("web").key("Debug", true).place();
    assert_eq!(daemon.done(&["apply"]), "web: changed while it runs, Debug changed\n");
    assert!(!daemon.log().contains("change: Watch"), "{}", daemon.log());
    daemon.done(&["wait", "web"]);
    assert!(daemon.log().contains("change: Watch"), "{}", daemon.log());
    assert_eq!(daemon.running("web"), pid);
}
