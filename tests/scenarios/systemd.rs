//! The daemon registered with a real systemd: from boot on, through crashes, hangs and upgrades of
//! its own, to its removal.

use harness::{Machine, PATIENCE, wait_for, wait_until};
use serde_json::Value;

/// A machine on which the daemon is installed and runs.
fn served(what: &str) -> Option<Machine> {
    let machine = Machine::boot(what)?;
    machine.done(&["supervisord", "install"]);
    machine.done(&["supervisord", "start"]);
    Some(machine)
}

fn property(machine: &Machine, name: &str) -> String {
    machine.done(&["systemctl", "show", "supervisord", "--value", "--property", name])
}

/// Waits until systemd says so of the unit.
#[track_caller]
fn wait_property(machine: &Machine, name: &str, value: &str) {
    wait_until(&format!("{name} to be {value:?}"), PATIENCE, || property(machine, name) == value);
}

fn add(machine: &Machine, label: &str, program: &[&str]) {
    machine.done(&[&["svcctl", "add", label, "--"], program].concat());
}

/// Label, pid and state of each service, once a daemon answers.
#[track_caller]
fn list(machine: &Machine) -> Vec<(String, Value, String)> {
    let answer = wait_for("a daemon to answer", PATIENCE, || {
        Some(machine.run(&["svcctl", "list", "--json"])).filter(|output| output.code == 0)
    });
    let list: Value = serde_json::from_str(&answer.stdout).unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| (text(row, "label"), row["pid"].clone(), text(row, "state"))).collect()
}

/// What is true of one service.
#[track_caller]
fn row(machine: &Machine, label: &str) -> Value {
    let output = machine.run(&["svcctl", "status", label, "--json"]);
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{output:?}: {error}"))
}

fn lives(machine: &Machine, pid: &Value) -> bool {
    machine.path(&format!("/proc/{pid}/exe")).exists()
}

/// Ends the daemon in a way it cannot notice, and waits for the next one.
#[track_caller]
fn crash(machine: &Machine, how: &str) {
    let pid = property(machine, "MainPID");
    machine.done(&["kill", how, &pid]);
    wait_until("systemd to start it again", PATIENCE, || {
        ![pid.as_str(), "0"].contains(&property(machine, "MainPID").as_str())
            && property(machine, "ActiveState") == "active"
    });
}

/// Changes the unit as its owner would, beside what is installed.
#[track_caller]
fn amend(machine: &Machine, line: &str) {
    let folder = machine.path("/run/systemd/system/supervisord.service.d");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("amended.conf"), format!("[Service]\n{line}\n")).unwrap();
    machine.done(&["systemctl", "daemon-reload"]);
}

#[test]
fn a_machine_comes_up_as_it_went_down() {
    let Some(mut machine) = served("systemd, boot") else { return };
    assert_eq!(property(&machine, "ActiveState"), "active");
    let again = machine.done(&["supervisord", "install"]);
    assert_eq!(again, "supervisord: already installed, nothing changed");
    for label in ["web", "stopped", "disabled"] {
        add(&machine, label, &["sleep", "infinity"]);
    }
    machine.done(&["svcctl", "stop", "stopped"]);
    machine.done(&["svcctl", "disable", "disabled"]);
    machine.done(&["svcctl", "stop", "disabled"]);
    let states = |machine: &Machine| -> Vec<(String, String)> {
        list(machine).into_iter().map(|(label, _, state)| (label, state)).collect()
    };
    let before = states(&machine);
    wait_property(&machine, "StatusText", "3 services: 1 up, 1 down, 1 disabled");
    let status = machine.done(&["systemctl", "status", "--no-pager", "supervisord"]);
    assert!(status.contains("Status: \"3 services: 1 up, 1 down, 1 disabled\""), "{status}");
    machine.reboot();
    wait_property(&machine, "ActiveState", "active");
    assert_eq!(states(&machine), before);
    machine.cut_power();
    wait_property(&machine, "ActiveState", "active");
    assert_eq!(states(&machine), before);
}

#[test]
fn no_service_notices_that_the_daemon_crashes_hangs_or_is_upgraded() {
    let Some(machine) = served("systemd, crashes") else { return };
    for label in ["web", "mail"] {
        add(&machine, label, &["sleep", "infinity"]);
    }
    // It forks, and its child must be left alone as well.
    add(&machine, "family", &["sh", "-c", "sleep infinity & wait"]);
    let before = list(&machine);
    assert!(before.iter().all(|(_, _, state)| state == "up"), "{before:?}");
    for round in 0..10 {
        crash(&machine, "-KILL");
        assert_eq!(list(&machine), before, "after {} crashes", round + 1);
    }
    // A loop that stands still is found out by the watchdog.
    amend(&machine, "WatchdogSec=3s");
    crash(&machine, "-KILL");
    crash(&machine, "-STOP");
    assert_eq!(list(&machine), before, "after a hang");
    let log = machine.done(&["journalctl", "--no-pager", "--unit", "supervisord"]);
    assert!(log.contains("Watchdog timeout"), "{log}");

    let pid = property(&machine, "MainPID");
    machine.done(&["svcctl", "upgrade", "/usr/local/bin/supervisord"]);
    assert_eq!(list(&machine), before, "after an upgrade");
    assert_eq!(property(&machine, "MainPID"), pid);
    assert_eq!(property(&machine, "NRestarts"), "12");
    crash(&machine, "-KILL");
    assert_eq!(list(&machine), before, "after an upgrade and a crash");
    for (_, pid, _) in &before {
        assert!(lives(&machine, pid));
    }
}

#[test]
fn how_a_service_ended_is_known_though_no_daemon_was_there() {
    let Some(machine) = served("systemd, fd store") else { return };
    machine.done(&["mkdir", "/srv/go"]);
    let program = |label: &str| format!("until test -e /srv/go/{label}; do sleep 0.01; done");
    let ends = [
        ("well", "exit 0", serde_json::json!(0)),
        ("ill", "exit 37", serde_json::json!(37)),
        ("crash", "kill -SEGV $$", serde_json::json!(-11)),
    ];
    for (label, end, _) in &ends {
        add(&machine, label, &["sh", "-c", &format!("{}; {end}", program(label))]);
    }
    let stored = |machine: &Machine| property(machine, "NFileDescriptorStore");
    wait_until("what runs to be kept", PATIENCE, || stored(&machine) == "3");
    // Each of them ends while no daemon is there.
    let before = list(&machine);
    let gate = "ExecStartPre=sh -c 'until test -e /srv/go/daemon; do sleep 0.01; done'";
    amend(&machine, gate);
    machine.done(&["kill", "-KILL", &property(&machine, "MainPID")]);
    wait_property(&machine, "SubState", "start-pre");
    for (label, _, _) in &ends {
        machine.done(&["touch", &format!("/srv/go/{label}")]);
    }
    for (label, pid, _) in &before {
        wait_until(&format!("{label} to end"), PATIENCE, || !lives(&machine, pid));
    }
    machine.done(&["touch", "/srv/go/daemon"]);
    wait_property(&machine, "SubState", "running");
    for (label, _, status) in &ends {
        assert_eq!(row(&machine, label)["status"], *status, "{label}");
    }
}

#[test]
fn stopped_by_systemd_it_stops_its_services_and_removed_it_leaves_nothing() {
    let Some(machine) = served("systemd, removal") else { return };
    add(&machine, "web", &["sleep", "infinity"]);
    let web = row(&machine, "web")["pid"].clone();
    let groups = machine.done(&["cat", &format!("/proc/{web}/cgroup")]);
    let group = "0::/system.slice/supervisord.service/supervisord-system/web";
    assert!(groups.lines().any(|line| line == group), "{groups}");
    let main = property(&machine, "MainPID");
    let own = machine.done(&["cat", &format!("/proc/{main}/cgroup")]);
    let leaf = "0::/system.slice/supervisord.service/supervisor";
    assert!(own.lines().any(|line| line == leaf), "{own}");
    let environment = std::fs::read(machine.path(&format!("/proc/{web}/environ"))).unwrap();
    let environment = String::from_utf8_lossy(&environment).replace('\0', "\n");
    for word in ["NOTIFY_SOCKET", "LISTEN_", "WATCHDOG_", "SYSTEMD_EXEC_PID", "INVOCATION_ID"] {
        assert!(!environment.contains(word), "{environment}");
    }
    let status = machine.done(&["supervisord", "status"]);
    assert!(status.starts_with(&format!("supervisord: running, pid {main}, since 2")), "{status}");

    machine.done(&["systemctl", "restart", "supervisord"]);
    let next = row(&machine, "web")["pid"].clone();
    assert!(!lives(&machine, &web) && lives(&machine, &next));
    machine.done(&["systemctl", "reload", "supervisord"]);
    assert_eq!(list(&machine)[0].1, next, "a reload changes nothing");
    // One that takes longer to stop than systemd has patience, but not than it may.
    let deaf = r#"{"Label": "deaf", "KeepAlive": true, "ExitTimeOut": 4, "ProgramArguments":
        ["/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"]}"#;
    std::fs::write(machine.path("/srv/deaf.json"), deaf).unwrap();
    machine.done(&["svcctl", "add", "/srv/deaf.json"]);
    wait_until("it to be deaf", PATIENCE, || {
        machine.run(&["svcctl", "logs", "deaf"]).stdout == "deaf\n"
    });
    amend(&machine, "TimeoutStopSec=1s");
    let deaf = row(&machine, "deaf")["pid"].clone();
    machine.done(&["supervisord", "stop"]);
    assert!(!lives(&machine, &next) && !lives(&machine, &deaf));
    assert_eq!(property(&machine, "Result"), "success");
    assert_eq!(machine.run(&["supervisord", "status"]).code, 3);
    machine.done(&["supervisord", "start"]);
    let last = row(&machine, "web")["pid"].clone();

    let said = machine.done(&["supervisord", "remove"]);
    assert!(said.contains("definitions in /etc/supervisord/services"), "{said}");
    assert!(!lives(&machine, &last));
    assert_eq!(machine.run(&["supervisord", "status"]).code, 4);
    assert_eq!(machine.run(&["supervisord", "start"]).code, 4);
    assert_eq!(property(&machine, "LoadState"), "not-found");
    for gone in [
        "/etc/systemd/system/supervisord.service",
        "/etc/systemd/system/multi-user.target.wants/supervisord.service",
        "/sys/fs/cgroup/system.slice/supervisord.service",
        "/run/supervisord/socket",
    ] {
        assert!(std::fs::symlink_metadata(machine.path(gone)).is_err(), "{gone} is left");
    }
    assert!(machine.path("/etc/supervisord/services/web.plist").exists());
    assert_eq!(machine.run(&["systemctl", "is-failed", "supervisord"]).stdout.trim(), "inactive");
    let again = machine.done(&["supervisord", "remove"]);
    assert!(again.starts_with("supervisord: is not installed"), "{again}");
}

#[test]
fn a_user_has_a_supervisor_of_their_own() {
    let Some(machine) = Machine::boot("systemd, user") else { return };
    machine.done(&["useradd", "--create-home", "--uid", "4242", "tester"]);
    let as_user = |words: &[&str]| {
        let home = machine.done(&["sh", "-c", "echo ~tester"]);
        let home = format!("HOME={home}");
        let run = "XDG_RUNTIME_DIR=/run/user/4242";
        let who = ["setpriv", "--reuid=4242", "--regid=4242", "--init-groups", "env"];
        machine.run(&[&who[..], &[&home, "USER=tester", run], words].concat())
    };
    let refused = as_user(&["supervisord", "install"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("loginctl enable-linger"), "{refused:?}");
    machine.done(&["loginctl", "enable-linger", "tester"]);
    wait_until("the user's systemd", PATIENCE, || {
        as_user(&["systemctl", "--user", "is-system-running"]).stdout.trim() == "running"
    });
    let done = |words: &[&str]| {
        let output = as_user(words);
        assert!(output.code == 0 && output.stderr.is_empty(), "{words:?}: {output:?}");
        output.stdout.trim_end().to_owned()
    };
    done(&["supervisord", "install"]);
    done(&["supervisord", "start"]);
    done(&["svcctl", "add", "web", "--", "sleep", "infinity"]);
    let pid =
        |field: &str| done(&["systemctl", "--user", "show", "supervisord", "--value", "-p", field]);
    let web = || {
        let list = wait_for("a daemon to answer", PATIENCE, || {
            Some(as_user(&["svcctl", "list"])).filter(|output| output.code == 0)
        });
        list.stdout.lines().nth(1).unwrap_or_default().to_owned()
    };
    let before = web();
    let main = pid("MainPID");
    done(&["kill", "-KILL", &main]);
    wait_until("systemd to start it again", PATIENCE, || {
        !["0", &main].contains(&pid("MainPID").as_str()) && pid("ActiveState") == "active"
    });
    assert_eq!(web(), before);
    let groups = done(&["cat", &format!("/proc/{}/cgroup", before.split('\t').next().unwrap())]);
    assert!(
        groups
            .contains("/user@4242.service/app.slice/supervisord.service/supervisord-user-4242/web"),
        "{groups}"
    );
    done(&["supervisord", "remove"]);
    assert_eq!(as_user(&["supervisord", "status"]).code, 4);
}
