//! The end of the daemon: what it waits for is told, it does not take for ever, and what can't be
//! ended is named.

use std::fs;
use std::path::PathBuf;

use harness::{Daemon, PATIENCE, observer, skip, wait_until};
use nix::sys::signal::Signal;
use serde_json::json;

#[test]
fn what_a_shutdown_waits_for_is_told_to_who_asked_and_to_the_log() {
    let mut daemon = Daemon::start();
    daemon.service("deaf").does(&["--deaf"]).key("ExitTimeOut", 3).add();
    daemon.service("web").key("KeepAlive", true).add();
    daemon.running("deaf");
    let output = daemon.ctl(&["shutdown"]);
    let told = "waiting for deaf (told to end, killed in ";
    assert!(output.code == 0 && output.stderr.contains(told), "{output:?}");
    assert!(!output.stderr.contains("web"), "{output:?}");
    assert_eq!(output.stdout, "supervisord: stopped, 2 services ended\n");
    assert!(daemon.ended().success());
    assert!(daemon.log().contains(told), "{}", daemon.log());
}

#[test]
fn a_service_without_limit_ends_when_the_shutdown_has_to() {
    let mut daemon = Daemon::start();
    let service = daemon.service("deaf").does(&["--deaf"]).key("ExitTimeOut", 0);
    service.add();
    let pid = daemon.running("deaf");
    let output = daemon.ctl(&["shutdown", "--timeout", "1"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(daemon.ended().success() && !observer::lives(pid));
    // The daemon's own limit holds over an upgrade, and for a signal.
    let mut command = daemon.command();
    command.args(["--shutdown-timeout", "1"]);
    let log = fs::File::options().append(true).open(daemon.base().join("daemon.log")).unwrap();
    let mut child = command.stderr(log).spawn().unwrap();
    wait_until("the daemon to answer", PATIENCE, || daemon.ctl(&["ping"]).code == 0);
    daemon.done(&["upgrade"]);
    let pid = daemon.running("deaf");
    let own = nix::unistd::Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(own, Signal::SIGTERM).unwrap();
    wait_until("the daemon to end", PATIENCE, || child.try_wait().unwrap().is_some());
    assert!(child.wait().unwrap().success() && !observer::lives(pid));
}

#[test]
fn whoever_asks_again_can_hurry_a_shutdown() {
    let mut daemon = Daemon::start();
    daemon.service("deaf").does(&["--deaf"]).key("ExitTimeOut", 0).add();
    daemon.running("deaf");
    daemon.signal(Signal::SIGTERM);
    daemon.wait_state("deaf", "stopping");
    assert_eq!(daemon.ctl(&["shutdown", "--timeout", "500ms"]).code, 0);
    assert!(daemon.ended().success());
}

/// A control group of version 1 whose processes not even SIGKILL ends.
struct Frozen(PathBuf);

impl Frozen {
    fn make(pid: u32) -> std::io::Result<Self> {
        let group = PathBuf::from(format!("/sys/fs/cgroup/freezer/sv-{pid}"));
        fs::create_dir(&group)?;
        let group = Self(group);
        fs::write(group.0.join("cgroup.procs"), pid.to_string())?;
        fs::write(group.0.join("freezer.state"), "FROZEN")?;
        Ok(group)
    }

    fn thaw(&self) {
        let _ = fs::write(self.0.join("freezer.state"), "THAWED");
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.thaw();
        wait_until("the frozen to be gone", PATIENCE, || fs::remove_dir(&self.0).is_ok());
    }
}

#[test]
fn what_outlives_being_killed_is_named_and_found_again() {
    let mut daemon = Daemon::start();
    daemon.service("stuck").key("KeepAlive", true).key("ThrottleInterval", 0).add();
    daemon.service("web").key("KeepAlive", true).add();
    let pid = daemon.running("stuck");
    let frozen = match Frozen::make(pid) {
        Ok(frozen) => frozen,
        Err(error) => return skip("a process that can't be killed", &error.to_string()),
    };
    let output = daemon.ctl(&["shutdown", "--timeout", "1"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stderr.contains("cannot end stuck: it outlived"), "{output:?}");
    assert_eq!(daemon.ended().code(), Some(1));
    assert!(observer::lives(pid));
    assert!(daemon.log().contains("cannot end stuck"), "{}", daemon.log());
    daemon.start_again();
    assert_eq!(daemon.row("stuck")["pid"], json!(pid), "its record was kept");
    drop(frozen);
    daemon.started("stuck", 2);
    daemon.running("stuck");
    assert_eq!(daemon.count("stuck", "double"), 0);
}
