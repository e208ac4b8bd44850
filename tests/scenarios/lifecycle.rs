//! Every verb's words and exit code, and what it did.

use std::process::Stdio;

use harness::{BINARIES, Daemon, Output, observer, property_list};
use serde_json::{Value, json};

fn ok(stdout: &str) -> Output {
    Output { stdout: stdout.to_owned(), stderr: String::new(), code: 0 }
}

#[test]
fn add_starts_the_service_and_says_so() {
    let daemon = Daemon::start();
    let said = daemon.service("web").add();
    let pid = daemon.running("web");
    assert_eq!(said, format!("web: up, pid {pid}\n"));
    assert!(observer::lives(pid));
    assert_eq!(observer::process(pid).map(|process| process.parent), Some(daemon.pid()));
}

#[test]
fn list_prints_what_launchctl_prints() {
    let daemon = Daemon::start();
    assert_eq!(daemon.done(&["list"]), "PID\tStatus\tLabel\n");
    daemon.service("web").add();
    daemon.service("My Service").add();
    daemon.service("once").does(&["--exit", "3"]).add_in_any_case();
    daemon.service("idle").without("RunAtLoad").add();
    daemon.wait_noted("once", "exit 3", 1);
    daemon.wait_status("once", &json!(3));
    let (web, mine) = (daemon.running("web"), daemon.running("My Service"));
    let list = format!(
        "PID\tStatus\tLabel\n{mine}\t-\tMy Service\n-\t-\tidle\n-\t3\tonce\n{web}\t-\tweb\n"
    );
    assert_eq!(daemon.done(&["list"]), list);
}

#[test]
fn list_keeps_its_promise_to_scripts() {
    let daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).add();
    daemon.service("idle").without("RunAtLoad").add();
    let list = daemon.json(&["list"]);
    let [idle, web] = list.as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!((&idle["label"], &web["label"]), (&json!("idle"), &json!("web")), "{list}");
    assert_eq!((&idle["pid"], &idle["status"]), (&Value::Null, &Value::Null), "{list}");
    assert_eq!(web["pid"], daemon.running("web"), "{list}");
    assert_eq!((&web["state"], &web["goal"]), (&json!("up"), &json!("up")), "{list}");
    assert_eq!(web["restarts"], 0, "{list}");
    let since = web["since"].as_str().unwrap();
    let shape: String =
        since.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert!(shape.starts_with("0000-00-00T00:00:00") && shape.ends_with('Z'), "{since}");
}

#[test]
fn status_is_the_row_and_more() {
    let daemon = Daemon::start();
    daemon.service("web").key("KeepAlive", true).key("ExitTimeOut", 7).add();
    let pid = daemon.running("web");
    let row = daemon.row("web");
    let status = daemon.json(&["status", "web"]);
    for (key, value) in row.as_object().unwrap() {
        assert_eq!(&status[key], value, "{key}: {status}");
    }
    assert_eq!(status["command"][0], json!(BINARIES.puppet), "{status}");
    assert_eq!(status["stop_timeout_ms"], 7000, "{status}");
    assert_eq!((&status["runs"], &status["enabled"]), (&json!(1), &json!(true)), "{status}");
    let text = daemon.done(&["status", "web"]);
    assert!(text.starts_with(&format!("web: up, pid {pid}\n")), "{text}");
    assert!(
        text.contains(daemon.base().join("services").join("web.plist").to_str().unwrap()),
        "{text}"
    );
}

#[test]
fn status_of_what_does_not_run_exits_3() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    daemon.done(&["stop", "web"]);
    let output = daemon.ctl(&["status", "web"]);
    assert_eq!((output.code, output.stderr.as_str()), (3, ""), "{output:?}");
    assert!(output.stdout.starts_with("web: down"), "{output:?}");
}

#[test]
fn stop_and_start_say_where_the_service_is() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    let before = daemon.running("web");
    assert_eq!(daemon.ctl(&["start", "web"]), ok(&format!("web: already up, pid {before}\n")));
    assert_eq!(daemon.ctl(&["stop", "web"]), ok("web: down\n"));
    assert_eq!(daemon.ctl(&["stop", "web"]), ok("web: already down\n"));
    let said = daemon.done(&["start", "web"]);
    let after = daemon.running("web");
    assert_ne!(before, after);
    assert_eq!(said, format!("web: up, pid {after}\n"));
    daemon.started("web", 2);
}

#[test]
fn restart_ends_the_run_and_begins_another() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--term-after", "100"]).key("ThrottleInterval", 60).add();
    let before = daemon.running("web");
    let said = daemon.done(&["restart", "web"]);
    let after = daemon.running("web");
    assert_eq!(said, format!("web: up, pid {after}\n"));
    assert_ne!(before, after);
    assert!(!observer::lives(before));
    daemon.done(&["stop", "web"]);
    daemon.done(&["restart", "web"]);
    daemon.running("web");
    assert_eq!(daemon.count("web", "double"), 0);
}

#[test]
fn remove_ends_the_service_and_forgets_it() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    let pid = daemon.running("web");
    let file = daemon.base().join("services/web.plist");
    assert!(file.exists(), "add keeps the definition at {}", file.display());
    assert_eq!(daemon.ctl(&["remove", "web"]), ok("web: removed\n"));
    assert!(!observer::lives(pid));
    assert!(!file.exists());
    assert_eq!(daemon.done(&["list"]), "PID\tStatus\tLabel\n");
}

#[test]
fn an_unknown_label_exits_4_whatever_the_verb() {
    let daemon = Daemon::start();
    for verb in ["status", "start", "stop", "restart", "remove", "enable", "disable", "logs"] {
        let complaint = daemon.refused(4, &[verb, "nobody"]);
        assert!(complaint.starts_with("cannot "), "{verb}: {complaint}");
        assert!(complaint.contains("nobody"), "{verb}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{verb}: {complaint}");
    }
    daemon.refused(4, &["wait", "nobody"]);
}

#[test]
fn wrong_usage_exits_2() {
    let daemon = Daemon::start();
    for words in [&["no-such-verb"][..], &["start"], &["list", "--no-such-option"], &[]] {
        daemon.refused(2, words);
    }
}

#[test]
fn without_a_daemon_every_verb_exits_5_and_says_how_to_start_one() {
    let daemon = Daemon::prepare();
    let start = format!("supervisord --base {}", daemon.base().display());
    for words in [&["list"][..], &["ping"], &["stop", "web"], &["shutdown"]] {
        let complaint = daemon.refused(5, words);
        assert!(complaint.contains(&start), "{words:?}: {complaint}");
    }
}

#[test]
fn wait_returns_when_the_service_is_there() {
    let daemon = Daemon::start();
    let go = daemon.base().join("go");
    daemon.service("web").does(&["--until", go.to_str().unwrap()]).add();
    daemon.done(&["wait", "web"]);
    let complaint = daemon.refused(6, &["wait", "web", "--until", "down", "--timeout", "200ms"]);
    assert!(complaint.starts_with("cannot wait for web"), "{complaint}");
    let waiting = ["down", "exited"].map(|until| {
        let mut client = daemon.client(&["wait", "web", "--until", until]);
        client.stdout(Stdio::null()).spawn().unwrap()
    });
    std::fs::write(go, "").unwrap();
    for mut client in waiting {
        assert_eq!(client.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn no_wait_returns_before_it_is_done() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--deaf"]).key("ExitTimeOut", 1).add();
    let pid = daemon.running("web");
    let said = daemon.done(&["stop", "--no-wait", "web"]);
    assert!(said.starts_with("web: stopping"), "{said}");
    assert!(observer::lives(pid));
    daemon.wait_state("web", "down");
}

#[test]
fn a_timeout_bounds_the_wait_and_what_was_begun_goes_on() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--deaf"]).key("ExitTimeOut", 1).add();
    daemon.running("web");
    let complaint = daemon.refused(6, &["stop", "--timeout", "100ms", "web"]);
    assert!(complaint.starts_with("cannot stop web: "), "{complaint}");
    daemon.wait_state("web", "down");
}

#[test]
fn the_same_definition_twice_is_no_change_and_another_needs_replace() {
    let daemon = Daemon::start();
    let service = daemon.service("web");
    service.add();
    let pid = daemon.running("web");
    assert_eq!(service.add(), format!("web: already added, up, pid {pid}\n"));
    let other = service.does(&["--print", "other"]);
    let file = other.file();
    let complaint = daemon.refused(1, &["add", file.to_str().unwrap()]);
    assert!(complaint.starts_with("cannot add web: "), "{complaint}");
    assert!(complaint.contains("--replace"), "{complaint}");
    assert_eq!(daemon.running("web"), pid);
    daemon.done(&["add", "--replace", file.to_str().unwrap()]);
    assert_ne!(daemon.running("web"), pid);
    daemon.started("web", 2);
}

#[test]
fn add_makes_a_definition_of_a_command_line() {
    let daemon = Daemon::start();
    let puppet = BINARIES.puppet.to_str().unwrap();
    let said =
        daemon.done(&["add", "web", "--env", "COLOUR=blue", "--", puppet, "--env", "COLOUR"]);
    let pid = daemon.pid_of("web");
    assert_eq!(said, format!("web: up, pid {pid}\n"));
    daemon.wait_logged("web", "COLOUR=blue\n");
    let status = daemon.json(&["status", "web"]);
    assert_eq!(status["keep_alive"], "always", "{status}");
}

#[test]
fn add_takes_a_folder_of_definitions() {
    let daemon = Daemon::start();
    for label in ["one", "two", "three"] {
        let _ = daemon.service(label).file();
    }
    let folder = daemon.base().join("definitions");
    std::fs::write(folder.join("notes.txt"), "not a definition").unwrap();
    let said = daemon.done(&["add", folder.to_str().unwrap()]);
    for label in ["one", "two", "three"] {
        assert!(said.contains(&format!("{label}: up, pid {}\n", daemon.running(label))), "{said}");
    }
}

#[test]
fn verbs_take_several_labels() {
    let daemon = Daemon::start();
    daemon.service("one").add();
    daemon.service("two").add();
    assert_eq!(daemon.ctl(&["stop", "one", "two"]), ok("one: down\ntwo: down\n"));
    let output = daemon.ctl(&["start", "one", "nobody", "two"]);
    assert_eq!(output.code, 4, "{output:?}");
    daemon.running("one");
    daemon.running("two");
}

#[test]
fn a_service_that_cannot_be_started_says_why_and_exits_1() {
    let daemon = Daemon::start();
    let definition =
        json!({"Label": "web", "ProgramArguments": ["/nowhere/web"], "RunAtLoad": true});
    let file = daemon.base().join("web.plist");
    std::fs::write(&file, property_list(&definition)).unwrap();
    let output = daemon.ctl(&["add", file.to_str().unwrap()]);
    assert_eq!(output.code, 1, "{output:?}");
    let said = output.stdout + &output.stderr;
    let cause = if cfg!(windows) { "" } else { "No such file or directory" };
    assert!(said.contains(&format!("exec /nowhere/web: {cause}")), "{said}");
    let row = daemon.row("web");
    assert_eq!((&row["pid"], &row["status"]), (&Value::Null, &json!(78)), "{row}");
}

#[test]
fn launchctls_words_work_too() {
    let daemon = Daemon::start();
    let file = daemon.service("web").file();
    daemon.done(&["load", file.to_str().unwrap()]);
    let before = daemon.running("web");
    daemon.done(&["kickstart", "-k", "web"]);
    assert_ne!(daemon.running("web"), before);
    daemon.done(&["unload", file.to_str().unwrap()]);
    assert_eq!(daemon.done(&["list"]), "PID\tStatus\tLabel\n");
}

#[test]
fn ping_says_who_is_there() {
    let daemon = Daemon::start();
    let pong = daemon.json(&["ping"]);
    assert_eq!((&pong["pid"], &pong["services"]), (&json!(daemon.pid()), &json!(0)), "{pong}");
    assert!(daemon.done(&["ping"]).contains(&daemon.pid().to_string()));
}

#[test]
fn shutdown_ends_every_service_and_the_daemon() {
    let mut daemon = Daemon::start();
    daemon.service("web").does(&["--term-after", "100", "--term-exit", "0"]).add();
    daemon.service("deaf").does(&["--deaf"]).key("ExitTimeOut", 1).add();
    let pids = [daemon.running("web"), daemon.running("deaf")];
    daemon.shut_down();
    for pid in pids {
        assert!(!observer::lives(pid));
    }
    assert_eq!(daemon.count("web", "exit 0"), 1, "the service was given its time");
    assert!(!daemon.socket().exists());
}

#[test]
fn the_same_definition_added_by_many_at_once_is_added_once() {
    let daemon = Daemon::start();
    let file = daemon.service("web").file();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let mut client = daemon.client(&["add", file.to_str().unwrap()]);
            client.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for client in clients {
        let output = client.wait_with_output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), complaint.as_str()), (Some(0), ""));
    }
    daemon.running("web");
    daemon.started("web", 1);
}

#[test]
fn two_starts_at_once_start_once() {
    let daemon = Daemon::start();
    daemon.service("web").without("RunAtLoad").add();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let mut client = daemon.client(&["start", "web"]);
            client.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut client in clients {
        assert_eq!(client.wait().unwrap().code(), Some(0));
    }
    daemon.running("web");
    daemon.started("web", 1);
}
