//! `kill -9` of the daemon with every kind of service: each goes on as if nothing had happened.

use std::fs;

use harness::{Daemon, PATIENCE, observer, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
}

/// Ends a process as if by itself, and waits until it is gone.
fn end(pid: u32, by: Signal) {
    signal(pid, by);
    wait_until("a process to end", PATIENCE, || !observer::lives(pid));
}

/// Kills the daemon, does something in its absence, and starts it again.
fn away(daemon: &mut Daemon, meanwhile: impl FnOnce(&Daemon)) {
    daemon.kill9();
    meanwhile(daemon);
    daemon.start_again();
}

/// What `list --json` says of all, but for times, which begin anew.
fn table(daemon: &Daemon) -> Vec<Value> {
    let list = daemon.json(&["list"]);
    let facts = ["label", "pid", "state", "goal", "status", "restarts"];
    let fact = |row: &Value| facts.map(|name| row[name].clone()).into_iter().collect();
    list.as_array().unwrap().iter().map(fact).collect()
}

#[test]
fn every_kind_of_service_stays_what_it_was_over_three_kills() {
    let mut daemon = Daemon::start();
    daemon.service("up").key("KeepAlive", true).add();
    daemon.service("family").does(&["--children", "2"]).key("KeepAlive", true).add();
    daemon.service("done").does(&["--exit", "0"]).add_in_any_case();
    daemon.service("failed").does(&["--exit", "3"]).add_in_any_case();
    daemon.service("crashed").does(&["--signal", "SEGV"]).add_in_any_case();
    daemon.service("stopped").key("KeepAlive", true).add();
    daemon.done(&["stop", "stopped"]);
    daemon.service("idle").without("RunAtLoad").add();
    daemon.service("disabled").key("KeepAlive", true).key("Disabled", true).add();
    let nowhere = daemon.base().join("nowhere");
    let missing = json!([nowhere.to_str().unwrap()]);
    daemon.service("missing").key("ProgramArguments", missing).add_in_any_case();
    let twice = ["--exit", "1", "--stay-from", "3"];
    daemon
        .service("restarted")
        .does(&twice)
        .key("KeepAlive", true)
        .key("ThrottleInterval", 0)
        .add();
    daemon.started("restarted", 3);
    daemon.wait_state("missing", "failed");
    daemon.wait_status("crashed", &json!(-11));
    daemon.wait_status("failed", &json!(3));
    daemon.wait_status("done", &json!(0));
    daemon.wait_status("restarted", &json!(1));
    for label in ["up", "family", "restarted"] {
        daemon.running(label);
    }
    let before = table(&daemon);
    for _ in 0..3 {
        away(&mut daemon, |_| ());
        assert_eq!(table(&daemon), before, "{}", daemon.log());
    }
    for (label, starts) in [("up", 1), ("family", 1), ("done", 1), ("failed", 1), ("crashed", 1)] {
        daemon.started(label, starts);
    }
    daemon.started("restarted", 3);
    assert_eq!(daemon.count("idle", "start main") + daemon.count("disabled", "start main"), 0);
}

#[test]
fn a_crash_loop_goes_on() {
    let mut daemon = Daemon::start();
    let service = daemon.service("loop").does(&["--exit", "1", "--stay-from", "4"]);
    service.key("KeepAlive", true).key("ThrottleInterval", 2).add_in_any_case();
    daemon.wait_state("loop", "backoff");
    away(&mut daemon, |_| ());
    daemon.wait_noted("loop", "start main", 4);
    daemon.running("loop");
    assert_eq!(daemon.count("loop", "double"), 0);
}

#[test]
fn a_deaf_tree_that_was_being_stopped_is_stopped_by_the_next_daemon() {
    let mut daemon = Daemon::start();
    let service = daemon.service("deaf").does(&["--deaf", "--children", "2"]);
    service.key("KeepAlive", true).key("ExitTimeOut", 1).add();
    daemon.running("deaf");
    daemon.done(&["stop", "deaf", "--no-wait"]);
    daemon.wait_noted("deaf", "received TERM", 1);
    away(&mut daemon, |_| ());
    let row = daemon.wait_state("deaf", "down");
    assert_eq!((&row["goal"], &row["pid"]), (&json!("down"), &Value::Null), "{row}");
    assert_eq!(observer::services_below(daemon.base()), [], "all of it is gone");
    daemon.started("deaf", 1);
}

#[test]
fn leftovers_of_a_run_are_ended_before_the_next_begins() {
    let mut daemon = Daemon::start();
    let service = daemon.service("web").does(&["--children", "2", "--deaf"]);
    service.key("KeepAlive", true).key("ThrottleInterval", 0).key("ExitTimeOut", 1).add();
    let before = daemon.running("web");
    daemon.wait_noted("web", "start child", 2);
    let old: Vec<u32> =
        observer::services_below(daemon.base()).iter().map(|process| process.pid).collect();
    away(&mut daemon, |_| end(before, Signal::SIGKILL));
    daemon.wait_noted("web", "start main", 2);
    assert!(old.iter().all(|pid| !observer::lives(*pid)), "a child of the first run is left");
    assert_ne!(daemon.running("web"), before);
}

#[test]
fn what_ended_meanwhile_is_started_again_by_its_own_rule() {
    let mut daemon = Daemon::start();
    let go = daemon.base().join("go");
    let by_rule = |label: &str, rule: Value, does: &[&str]| {
        let service = daemon.service(label).does(&["--until", go.to_str().unwrap()]).does(does);
        let service = service.does(&["--stay-from", "2"]);
        service.key("KeepAlive", rule).key("ThrottleInterval", 0).add();
        daemon.running(label)
    };
    let pids = [
        by_rule("always", json!(true), &["--exit", "0"]),
        by_rule("never", json!(false), &["--exit", "1"]),
        by_rule("unless-success", json!({"SuccessfulExit": false}), &["--exit", "1"]),
        by_rule("crashed", json!({"Crashed": true}), &["--signal", "SEGV"]),
    ];
    away(&mut daemon, |_| {
        fs::write(&go, "").unwrap();
        // A zombie would still tell how it ended.
        let gone = |pid: &u32| observer::process(*pid).is_none();
        wait_until("all to be gone", PATIENCE, || pids.iter().all(gone));
        fs::remove_file(&go).unwrap();
    });
    daemon.running("always");
    daemon.running("unless-success");
    let never = daemon.wait_state("never", "down");
    assert_eq!(daemon.count("never", "start main"), 1, "{never}");
    // How it ended nobody saw; a crash would have to be known.
    assert_eq!(daemon.row("crashed")["pid"], Value::Null);
    let why = daemon.ctl(&["status", "never"]).stdout;
    assert!(why.contains("nobody saw how"), "{why}");
    assert_eq!(daemon.count("always", "double") + daemon.count("unless-success", "double"), 0);
}

#[test]
fn the_end_of_a_run_found_again_has_its_true_status() {
    let mut daemon = Daemon::start();
    let go = daemon.base().join("go");
    let ways = [
        ("zero", "--exit", "0", 0),
        ("seven", "--exit", "7", 7),
        ("abort", "--signal", "ABRT", -6),
    ];
    for (label, how, with, _) in ways {
        daemon.service(label).does(&["--until", go.to_str().unwrap(), how, with]).add();
        daemon.running(label);
    }
    daemon.service("killed").add();
    let killed = daemon.running("killed");
    away(&mut daemon, |_| ());
    fs::write(&go, "").unwrap();
    signal(killed, Signal::SIGKILL);
    for (label, _, _, status) in ways {
        daemon.wait_status(label, &json!(status));
    }
    daemon.wait_status("killed", &json!(-9));
}

#[test]
fn a_definition_removed_meanwhile_takes_its_processes_along() {
    let mut daemon = Daemon::start();
    daemon.service("gone").does(&["--children", "1", "--deaf"]).key("KeepAlive", true).add();
    daemon.service("other").key("KeepAlive", true).add();
    let (gone, other) = (daemon.running("gone"), daemon.running("other"));
    away(&mut daemon, |daemon| {
        fs::remove_file(daemon.base().join("services/gone.plist")).unwrap();
    });
    wait_until("the orphans to end", PATIENCE, || {
        observer::services_below(daemon.base()).iter().all(|process| process.pid == other)
    });
    assert!(!observer::lives(gone));
    assert!(daemon.row("gone").is_null());
    assert_eq!(daemon.running("other"), other);
}

#[test]
fn leftovers_of_a_definition_removed_meanwhile_are_ended_too() {
    let mut daemon = Daemon::start();
    let service = daemon.service("gone").does(&["--children", "2", "--deaf"]);
    service.key("ExitTimeOut", 60).add();
    let main = daemon.running("gone");
    daemon.wait_noted("gone", "start child", 2);
    end(main, Signal::SIGKILL);
    daemon.wait_status("gone", &json!(-9));
    away(&mut daemon, |daemon| {
        assert_ne!(observer::services_below(daemon.base()), [], "deaf children are left");
        fs::remove_file(daemon.base().join("services/gone.plist")).unwrap();
    });
    wait_until("the orphans to end", PATIENCE, || {
        observer::services_below(daemon.base()).is_empty()
    });
}

#[test]
fn a_definition_broken_meanwhile_costs_its_process_nothing() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    daemon.service("gone").key("KeepAlive", true).add();
    let (web, gone) = (daemon.running("web"), daemon.running("gone"));
    let file = daemon.base().join("services/web.plist");
    let good = fs::read(&file).unwrap();
    for broken in [&b""[..], b"<plist><dict><key>Lab"] {
        away(&mut daemon, |daemon| {
            fs::write(&file, broken).unwrap();
            let _ = fs::remove_file(daemon.base().join("services/gone.plist"));
        });
        assert!(daemon.row("web").is_null());
        assert!(observer::lives(web), "it goes on while its definition can't be read");
        assert!(observer::lives(gone), "nor is it known whose the other is");
        assert!(daemon.log().contains("web.plist"), "{}", daemon.log());
    }
    fs::write(&file, good).unwrap();
    daemon.done(&["apply"]);
    assert_eq!(daemon.running("web"), web, "it is taken over");
    daemon.started("web", 1);
    wait_until("what has no definition to end", PATIENCE, || !observer::lives(gone));
}

#[test]
fn what_runs_without_a_readable_definition_survives_an_orderly_end_of_the_daemon() {
    let mut daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    let web = daemon.running("web");
    let file = daemon.base().join("services/web.plist");
    let good = fs::read(&file).unwrap();
    away(&mut daemon, |_| fs::write(&file, "").unwrap());
    daemon.shut_down();
    assert!(observer::lives(web), "nobody asked for its end");
    fs::write(&file, good).unwrap();
    daemon.start_again();
    assert_eq!(daemon.running("web"), web);
    daemon.started("web", 1);
}

#[test]
fn a_stranger_that_has_a_recorded_pid_is_never_signalled() {
    let mut daemon = Daemon::start();
    let service = daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 0);
    service.key("ExitTimeOut", 1).add();
    let before = daemon.running("web");
    let note = daemon.journal_path("stranger");
    let mut stranger = std::process::Command::new(&harness::BINARIES.puppet)
        .args(["--deaf", "--log", note.to_str().unwrap()])
        .spawn()
        .unwrap();
    daemon.wait_noted("stranger", "start main", 1);
    let pid = stranger.id();
    away(&mut daemon, |daemon| {
        end(before, Signal::SIGKILL);
        let journal = daemon.base().join("run/runs.jsonl");
        let text = fs::read_to_string(&journal).unwrap();
        let reused = text.replace(&format!("\"pid\":{before},"), &format!("\"pid\":{pid},"));
        assert_ne!(text, reused, "the record names the process");
        // Its definition is gone as well, so that nothing but the record names it.
        let other = reused.replace("\"label\":\"web\"", "\"label\":\"gone\"");
        let added: Vec<&str> = other.lines().filter(|line| line.contains("\"gone\"")).collect();
        fs::write(&journal, format!("{reused}{}\n", added.join("\n"))).unwrap();
    });
    let now = daemon.running("web");
    assert_ne!(now, pid);
    daemon.done(&["restart", "web"]);
    daemon.done(&["remove", "web"]);
    assert!(observer::lives(pid), "a foreign process was killed");
    assert_eq!(daemon.journal("stranger").len(), 1, "a foreign process was signalled");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_kill_in_a_storm_of_starts_neither_loses_nor_doubles_a_service() {
    const SERVICES: usize = 24;
    let mut daemon = Daemon::start();
    let label = |number: usize| format!("web-{number:02}");
    for round in 0..3 {
        for number in 0..SERVICES {
            let service = daemon.service(&label(number)).key("KeepAlive", true);
            let _ = service.key("ThrottleInterval", 0).key("ExitTimeOut", 1).place();
        }
        let mut apply = daemon.client(&["apply"]).spawn().unwrap();
        // Earlier and earlier in the storm, up to before anything was begun.
        let some = SERVICES * (2 - round) / 3;
        wait_until("some to be started", PATIENCE, || {
            some <= (0..SERVICES).filter(|n| daemon.count(&label(*n), "start main") != 0).count()
        });
        away(&mut daemon, |_| ());
        let _ = apply.wait();
        for number in 0..SERVICES {
            daemon.running(&label(number));
        }
        let alive = observer::services_below(daemon.base()).len();
        assert_eq!(alive, SERVICES, "{}", daemon.log());
        for number in 0..SERVICES {
            assert_eq!(daemon.count(&label(number), "double"), 0, "{}", label(number));
            fs::remove_file(daemon.base().join(format!("services/{}.plist", label(number))))
                .unwrap();
        }
        daemon.done(&["apply"]);
        assert_eq!(observer::services_below(daemon.base()), []);
        fs::remove_dir_all(daemon.base().join("journals")).unwrap();
    }
}
