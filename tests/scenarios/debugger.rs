//! WaitForDebugger: a process that exists, and has not done anything yet.

use std::fs;

use harness::{BINARIES, Daemon, PATIENCE, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

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
