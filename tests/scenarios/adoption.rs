//! Processes of a killed daemon are found again where no control group leads to them: by what was
//! recorded, and by the marks in their environment.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

use harness::{BINARIES, Daemon, PATIENCE, hide_control_groups, observer, skip, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// A daemon that sees no control groups, or none at all.
fn start() -> Option<Daemon> {
    if let Err(why) = hide_control_groups() {
        skip("a system without control groups", &why);
        return None;
    }
    let daemon = Daemon::start();
    assert!(daemon.log().contains("no control groups"), "{}", daemon.log());
    Some(daemon)
}

fn end(pid: u32) {
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
    wait_until("a process to end", PATIENCE, || !observer::lives(pid));
}

fn away(daemon: &mut Daemon, meanwhile: impl FnOnce(&Daemon)) {
    daemon.kill9();
    meanwhile(daemon);
    daemon.start_again();
}

/// Nothing lives of the service but its main process and so many children.
#[track_caller]
fn is_alone(daemon: &Daemon, label: &str, children: usize) {
    let main = daemon.running(label);
    wait_until("nothing else to live", PATIENCE, || {
        let all = observer::services_below(daemon.base());
        all.len() == children + 1 && all.iter().any(|process| process.pid == main)
    });
    assert_eq!(daemon.count(label, "double"), 0);
}

#[test]
fn a_run_goes_on_over_kills_and_is_stopped_with_its_children() {
    let Some(mut daemon) = start() else { return };
    daemon.service("web").does(&["--children", "2"]).key("KeepAlive", true).add();
    let web = daemon.running("web");
    daemon.wait_noted("web", "start child", 2);
    for _ in 0..2 {
        away(&mut daemon, |_| ());
        assert_eq!(daemon.running("web"), web);
    }
    daemon.started("web", 1);
    daemon.done(&["stop", "web"]);
    assert_eq!(observer::services_below(daemon.base()), []);
    daemon.done(&["start", "web"]);
    is_alone(&daemon, "web", 2);
}

#[test]
fn what_a_run_left_is_ended_before_the_next_one_begins() {
    let Some(mut daemon) = start() else { return };
    let deaf = daemon.service("web").does(&["--children", "2", "--deaf"]);
    deaf.key("KeepAlive", true).key("ThrottleInterval", 0).key("ExitTimeOut", 1).add();
    for (round, is_seen) in [(1, false), (2, true)] {
        let web = daemon.running("web");
        daemon.wait_noted("web", "start child", 2 * round);
        if is_seen {
            end(web);
            daemon.wait_state("web", "stopping");
        }
        away(&mut daemon, |_| {
            if !is_seen {
                end(web);
            }
        });
        daemon.started("web", round + 1);
        is_alone(&daemon, "web", 2);
    }
}

#[test]
fn leftovers_of_a_definition_that_is_gone_are_ended() {
    let Some(mut daemon) = start() else { return };
    daemon.service("gone").does(&["--children", "2", "--deaf"]).key("KeepAlive", true).add();
    let gone = daemon.running("gone");
    daemon.wait_noted("gone", "start child", 2);
    away(&mut daemon, |daemon| {
        end(gone);
        fs::remove_file(daemon.base().join("services/gone.plist")).unwrap();
    });
    wait_until("the orphans to end", PATIENCE, || {
        observer::services_below(daemon.base()).is_empty()
    });
}

#[test]
fn a_start_that_a_kill_cut_off_is_neither_lost_nor_doubled() {
    let Some(mut daemon) = start() else { return };
    daemon.service("web").key("KeepAlive", true).key("ExitTimeOut", 1).add();
    for round in 1..=2 {
        let web = daemon.running("web");
        away(&mut daemon, |daemon| {
            let journal = daemon.base().join("run/runs.jsonl");
            let text = fs::read_to_string(&journal).unwrap();
            let begun = json!({"label": "web", "record": {"runs": round, "is_begun": true}});
            // As if the daemon had died right after the clone, or had lost its journal.
            let text = if round == 1 { format!("{text}{begun}\n") } else { "garbage\n".to_owned() };
            fs::write(journal, text).unwrap();
        });
        wait_until("the unknown process to end", PATIENCE, || !observer::lives(web));
        is_alone(&daemon, "web", 0);
        daemon.started("web", round + 1);
    }
}

#[test]
fn strangers_are_never_touched_whatever_they_carry() {
    let Some(mut daemon) = start() else { return };
    daemon.service("web").key("KeepAlive", true).key("ExitTimeOut", 1).add();
    let web = daemon.running("web");
    let stranger = |domain: &str, run: &str| -> Child {
        let note = daemon.journal_path(&format!("stranger-{run}"));
        let mut command = Command::new(&BINARIES.puppet);
        command.args(["--log", note.to_str().unwrap()]).env("SUPERVISORD_DOMAIN", domain);
        command.env("SUPERVISORD_LABEL", "web").env("SUPERVISORD_RUN", run).spawn().unwrap()
    };
    let environment = fs::read(format!("/proc/{web}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    let ours = environment.split('\0').find_map(|word| word.strip_prefix("SUPERVISORD_DOMAIN="));
    let mut strangers = [stranger("system", "1"), stranger(ours.unwrap(), "77")];
    let labels = ["stranger-1", "stranger-77"];
    labels.iter().for_each(|label| daemon.wait_noted(label, "start main", 1));
    away(&mut daemon, |_| end(web));
    daemon.started("web", 2);
    daemon.done(&["remove", "web"]);
    for stranger in &mut strangers {
        assert!(observer::lives(stranger.id()), "a stranger was ended");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
    for label in labels {
        assert_eq!(daemon.journal(label).len(), 1, "{label} was signalled");
    }
}

/// A control group for a daemon to begin in.
struct Elsewhere(PathBuf);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        wait_until("the group to empty", PATIENCE, || remove(&self.0));
    }
}

fn remove(group: &PathBuf) -> bool {
    let below = fs::read_dir(group).into_iter().flatten().flatten();
    let below = below.filter(|entry| entry.path().is_dir());
    below.for_each(|entry| {
        remove(&entry.path());
    });
    fs::remove_dir(group).is_ok() || !group.exists()
}

#[test]
fn a_daemon_that_begins_in_another_control_group_finds_all_the_same() {
    let mut daemon = Daemon::start();
    let own = observer::cgroup(daemon.pid());
    let Some(group) = own.map(|own| Elsewhere(own.join(format!("sv-else-{}", daemon.pid()))))
    else {
        return skip("another control group", "there are none");
    };
    if let Err(error) = fs::create_dir(&group.0) {
        return skip("another control group", &error.to_string());
    }
    daemon.service("web").does(&["--children", "1"]).key("KeepAlive", true).add();
    let deaf = daemon.service("deaf").does(&["--children", "1", "--deaf"]);
    deaf.key("KeepAlive", true).key("ExitTimeOut", 1).key("ThrottleInterval", 0).add();
    let (web, before) = (daemon.running("web"), daemon.running("deaf"));
    daemon.wait_noted("deaf", "start child", 1);
    let old = observer::cgroup(before).unwrap();
    daemon.kill9();
    end(before);
    let inner = daemon.command();
    let mut command = Command::new("sh");
    command.args(["-c", "echo 0 > \"$0/cgroup.procs\" && exec \"$@\""]).arg(&group.0);
    command.arg(inner.get_program()).args(inner.get_args());
    let log = fs::File::options().append(true).open(daemon.base().join("daemon.log")).unwrap();
    let mut other = command.stderr(log).spawn().unwrap();
    wait_until("the daemon to answer", PATIENCE, || daemon.ctl(&["ping"]).code == 0);
    assert_eq!(daemon.running("web"), web);
    daemon.started("deaf", 2);
    let now = daemon.running("deaf");
    assert!(
        observer::cgroup(now).unwrap().starts_with(&group.0),
        "the new run is in the new place"
    );
    wait_until("what was left to be gone", PATIENCE, || {
        observer::services_below(daemon.base()).len() == 4
    });
    assert_eq!(daemon.count("deaf", "double"), 0);
    daemon.done(&["stop", "web"]);
    assert_eq!(daemon.row("web")["pid"], Value::Null);
    assert!(!observer::lives(web));
    assert_eq!(daemon.ctl(&["shutdown"]).code, 0);
    assert!(other.wait().unwrap().success());
    assert_eq!(observer::services_below(daemon.base()), []);
    remove(&old.parent().unwrap().to_owned());
}
