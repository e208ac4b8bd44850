//! What only Windows has: its command lines, its exit codes, its pipes, and how it starts a service
//! when something happens.

use std::fs;
use std::process::Stdio;

use harness::{BINARIES, Daemon, PATIENCE, observer, wait_for, wait_until};
use serde_json::{Value, json};

/// What the puppet says it was given.
fn facts(daemon: &Daemon, label: &str) -> Value {
    let log = daemon.wait_logged(label, "\n");
    serde_json::from_str(log.lines().next().unwrap()).unwrap()
}

/// A definition with these keys, added whatever comes of it; what `add` said.
fn add(daemon: &Daemon, keys: &Value) -> String {
    let file = daemon.base().join("definition.json");
    fs::write(&file, keys.to_string()).unwrap();
    let output = daemon.ctl(&["add", file.to_str().unwrap()]);
    output.stdout + &output.stderr
}

#[test]
fn a_second_daemon_is_refused_and_told_whose_the_domain_is() {
    let daemon = Daemon::start();
    let output = daemon.command().stdout(Stdio::null()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    let holder = format!("another supervisord (pid {}) holds it", daemon.pid());
    assert!(complaint.contains(&holder), "{complaint}");
    assert_eq!(daemon.json(&["ping"])["pid"], daemon.pid());
}

#[test]
fn arguments_arrive_as_they_were_written() {
    let daemon = Daemon::start();
    let odd = ["", "a b", "say \"hi\"", r"C:\a b\", r#"\"#, r#"x\\"y"#, "%PATH%", "grüße & <co>|^"];
    let mut words = vec!["--facts"];
    for word in odd {
        words.extend(["--print", word]);
    }
    daemon.service("web").does(&words).add();
    let log = daemon.wait_logged("web", "argv");
    let facts: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let argv = facts["argv"].as_array().unwrap();
    let printed = argv.iter().enumerate().filter(|(_, word)| **word == "--print");
    let given: Vec<&str> = printed.map(|(at, _)| argv[at + 1].as_str().unwrap()).collect();
    assert_eq!(given, odd);
}

#[test]
fn the_environment_is_the_accounts_and_the_definitions() {
    let daemon = Daemon::start();
    let variables = json!({"Colour": "blue", "PATHEXT": ".EXE"});
    daemon.service("web").does(&["--facts"]).key("EnvironmentVariables", variables).add();
    let environment = facts(&daemon, "web")["environment"].clone();
    let names: Vec<String> =
        environment.as_object().unwrap().keys().map(|name| name.to_lowercase()).collect();
    for needed in ["systemroot", "path", "temp", "supervisord_label", "supervisord_stop_event"] {
        assert!(names.iter().any(|name| name == needed), "{needed}: {environment}");
    }
    assert_eq!((&environment["Colour"], &environment["PATHEXT"]), (&json!("blue"), &json!(".EXE")));
    assert_eq!(names.iter().filter(|name| *name == "pathext").count(), 1, "{environment}");
    assert_ne!(environment["HOME"], json!(daemon.base()), "the daemon's own leaked");
}

#[test]
fn a_batch_file_runs_and_gets_no_argument_that_its_shell_would_run() {
    let daemon = Daemon::start();
    let batch = daemon.base().join("say it.cmd");
    fs::write(&batch, "@echo off\r\necho by batch: %1\r\n").unwrap();
    add(
        &daemon,
        &json!({"Label": "good", "ProgramArguments": [batch, "a & b"], "RunAtLoad": true}),
    );
    daemon.wait_logged("good", "by batch: \"a & b\"");
    for hostile in ["\"&calc&\"", "%PATH%"] {
        let keys = json!({
            "Label": "evil",
            "ProgramArguments": [batch, hostile],
            "RunAtLoad": true,
        });
        let said = add(&daemon, &keys);
        assert!(said.contains("prepare") && said.contains("batch file"), "{hostile}: {said}");
        daemon.done(&["remove", "evil"]);
    }
}

#[test]
fn an_exit_code_of_windows_own_is_named() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--signal", "SEGV"]).add_in_any_case();
    let code = 0xC000_0005_u32;
    daemon.wait_status("web", &json!(code));
    let status = daemon.ctl(&["status", "web"]).stdout;
    assert!(status.contains("exit 0xc0000005 (STATUS_ACCESS_VIOLATION)"), "{status}");
}

#[test]
fn priority_and_limits_are_set_and_what_is_not_there_is_said() {
    let daemon = Daemon::start();
    let service = daemon.service("web").key("Nice", 5).key("LowPriorityIO", true);
    let service = service.key("ProcessType", "Background");
    let service = service.key("HardResourceLimits", json!({"CPU": 60, "NumberOfProcesses": 8}));
    let output = service.key("Umask", 18).add_in_any_case();
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stderr.contains("Umask is not available on windows"), "{output:?}");
    daemon.running("web");
}

#[test]
fn globbing_puts_files_in_the_place_of_patterns() {
    let daemon = Daemon::start();
    let folder = daemon.base().join("conf.d [1]");
    fs::create_dir(&folder).unwrap();
    for name in ["b.conf", "A.conf"] {
        fs::write(folder.join(name), "").unwrap();
    }
    fs::copy(&BINARIES.puppet, folder.join("say.exe")).unwrap();
    let arguments = json!([r"~\sa?.exe", "--print", "a.*", "--print", "*.no"]);
    let service = daemon.service("web").key("ProgramArguments", arguments);
    let home = json!({"USERPROFILE": folder});
    let service = service.key("WorkingDirectory", json!(folder)).key("EnvironmentVariables", home);
    service.key("EnableGlobbing", true).add_in_any_case();
    daemon.wait_logged("web", "A.conf\n*.no\n");
}

/// Which of the two runs is the machine's matter.
#[test]
fn a_service_lives_with_the_network_or_without_it() {
    let daemon = Daemon::start();
    for (label, value) in [("with", true), ("without", false)] {
        let network = json!({"NetworkState": value});
        let service = daemon.service(label).without("RunAtLoad").key("KeepAlive", network);
        service.add_in_any_case();
    }
    let states = ["with", "without"].map(|label| daemon.json_of(label)["state"].clone());
    assert!(states.contains(&json!("up")) && states.contains(&json!("waiting")), "{states:?}");
}

#[test]
fn a_piped_log_has_the_time_of_each_line_or_is_json() {
    let daemon = Daemon::start();
    let stamped = json!({"Log": {"Mode": "Pipe", "Timestamps": true}});
    daemon
        .service("stamped")
        .does(&["--print", "hello"])
        .key("Supervisor", stamped)
        .add_in_any_case();
    let log = daemon.wait_logged("stamped", "hello\n");
    let (time, rest) = log.split_once(' ').unwrap();
    assert!(time.ends_with('Z') && time.contains('T') && rest == "hello\n", "{log}");
    let json = json!({"Log": {"Mode": "Pipe", "Format": "Json"}});
    daemon.service("json").does(&["--print", "hello"]).key("Supervisor", json).add_in_any_case();
    let log = daemon.wait_logged("json", "\n");
    let line: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!((&line["text"], &line["label"]), (&json!("hello"), &json!("json")));
}

#[test]
fn another_user_is_refused() {
    let daemon = Daemon::start();
    let output = daemon.service("web").key("UserName", "nobody").add_in_any_case();
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stderr.contains("only with a password"), "{output:?}");
}

#[test]
fn files_folders_and_time_start_services() {
    let daemon = Daemon::start();
    let folder = |name: &str| {
        let folder = daemon.base().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    };
    let (watched, queue) = (folder("watched"), folder("queue"));
    let file = watched.join("file");
    let late = daemon.base().join("late").join("file");
    let short = |label| {
        daemon.service(label).without("RunAtLoad").does(&["--exit", "0"]).key("ThrottleInterval", 0)
    };
    short("file").key("WatchPaths", json!([file])).add_in_any_case();
    short("folder").key("WatchPaths", json!([watched])).add_in_any_case();
    let drain = ["--drain", queue.to_str().unwrap()];
    short("queue").does(&drain).key("QueueDirectories", json!([queue])).add_in_any_case();
    short("time").key("StartInterval", 1).add_in_any_case();
    let exists = json!({"PathState": {late.to_str().unwrap(): true}});
    daemon.service("late").without("RunAtLoad").key("KeepAlive", exists).add_in_any_case();

    for label in ["file", "folder", "queue", "late"] {
        assert_eq!(daemon.count(label, "start main"), 0, "{label} was started by nothing");
    }
    fs::write(&file, "one").unwrap();
    daemon.wait_noted("file", "exit 0", 1);
    daemon.wait_noted("folder", "exit 0", 1);
    daemon.wait_state("file", "waiting");
    fs::write(&file, "another").unwrap();
    daemon.wait_noted("file", "start main", 2);
    fs::write(queue.join("task"), "").unwrap();
    daemon.wait_noted("queue", "exit 0", 1);
    wait_until("the queue to be drained", PATIENCE, || !queue.join("task").exists());
    fs::create_dir(late.parent().unwrap()).unwrap();
    fs::write(&late, "").unwrap();
    daemon.running("late");
    daemon.wait_noted("time", "start main", 2);
}

#[test]
fn what_a_run_left_behind_while_no_daemon_was_there_is_ended_before_the_next() {
    let mut daemon = Daemon::start();
    let service = daemon.service("web").does(&["--children", "1", "--grandchildren"]);
    service.key("KeepAlive", true).key("ThrottleInterval", 0).add();
    let main = daemon.running("web");
    daemon.wait_noted("web", "start grandchild", 1);
    let family = observer::services_below(daemon.base());
    assert_eq!(family.len(), 3, "{family:?}");
    daemon.kill9();
    observer::kill(main);
    wait_until("the run to end", PATIENCE, || !observer::lives(main));
    daemon.start_again();
    daemon.wait_noted("web", "start main", 2);
    for process in family {
        assert!(!observer::lives(process.pid), "{process:?} lives beside the next run");
    }
}

#[test]
fn an_upgrade_replaces_the_daemon_and_touches_no_service() {
    let mut daemon = Daemon::start();
    daemon.service("web").does(&["--children", "1"]).key("KeepAlive", true).add();
    let (service, before) = (daemon.running("web"), daemon.pid());
    let refused = daemon.refused(1, &["upgrade", BINARIES.puppet.to_str().unwrap()]);
    assert!(refused.contains("self-check"), "{refused}");
    assert_eq!(daemon.json(&["ping"])["pid"], before, "a refused upgrade changes nothing");
    daemon.done(&["upgrade"]);
    assert!(daemon.ended().success());
    let after = wait_for("the next daemon", PATIENCE, || {
        let output = daemon.ctl(&["ping", "--json"]);
        let pong: Value = serde_json::from_str(&output.stdout).ok()?;
        pong["pid"].as_u64().filter(|pid| *pid != u64::from(before))
    });
    assert_eq!(daemon.running("web"), service);
    daemon.done(&["stop", "web"]);
    daemon.started("web", 1);
    assert_eq!(observer::services_below(daemon.base()), [], "stop ends the whole tree");
    daemon.done(&["shutdown"]);
    let after = u32::try_from(after).unwrap();
    wait_until("the next daemon to end", PATIENCE, || !observer::lives(after));
}
