//! Which program is entered, and with which arguments.

use std::fs;

use harness::{BINARIES, Daemon};
use serde_json::json;

use crate::spawning::{facts, set_mode};

#[test]
fn a_script_runs_by_the_interpreter_it_names() {
    let daemon = Daemon::start();
    let script = daemon.base().join("script");
    fs::write(&script, "#!/bin/sh\necho \"by $0 with $1\"\nexec sleep 1000\n").unwrap();
    set_mode(&script, 0o755);
    daemon.done(&["add", "web", "--", script.to_str().unwrap(), "an argument"]);
    daemon.wait_logged("web", &format!("by {} with an argument\n", script.display()));
}

#[test]
fn program_names_the_file_and_the_arguments_are_whole() {
    let daemon = Daemon::start();
    let service = daemon.service("web").key("Program", BINARIES.puppet.to_str().unwrap());
    let service = service.key("ProgramArguments", json!(["another-name", "--print", "here"]));
    let facts = facts(&daemon, &service);
    assert_eq!(facts["argv"][0], "another-name", "{facts}");
}

#[test]
fn without_arguments_the_program_is_its_own_name() {
    let daemon = Daemon::start();
    let script = daemon.base().join("script");
    fs::write(&script, "#!/bin/sh\necho \"$0 and $#\"\nexec sleep 1000\n").unwrap();
    set_mode(&script, 0o755);
    let path = script.to_str().unwrap();
    daemon.service("web").without("ProgramArguments").key("Program", path).add();
    daemon.wait_logged("web", &format!("{path} and 0\n"));
}

/// They are looked up where the process will be, with its own home; the program too, unless Program
/// names it.
#[test]
fn globbing_puts_files_in_the_place_of_patterns() {
    let daemon = Daemon::start();
    let folder = daemon.base().join("conf.d [1]");
    fs::create_dir(&folder).unwrap();
    for name in ["b.conf", "a.conf", "say"] {
        fs::write(folder.join(name), "#!/bin/sh\nprintf '%s|' \"$@\"\nexec sleep 1000\n").unwrap();
    }
    set_mode(&folder.join("say"), 0o755);
    let home = folder.to_str().unwrap();
    let service = daemon.service("web").key("WorkingDirectory", home);
    let service = service.key("EnvironmentVariables", json!({"HOME": home}));
    let globbing = service.clone().key("EnableGlobbing", true);
    let words = ["*.conf", "~/a.*", "*.none", "$HOME"];
    let found = format!("a.conf|b.conf|{home}/a.conf|*.none|$HOME|");
    let literal = "*.conf|~/a.*|*.none|$HOME|";
    let say = format!("{home}/say");
    let cases = [
        (globbing.clone(), "~/sa?", found.as_str()),
        (globbing.key("Program", say.as_str()), "say", &found),
        (service, &say, literal),
    ];
    for (service, first, expected) in cases {
        let words = [&[first], &words[..]].concat();
        service.key("ProgramArguments", json!(words)).add_in_any_case();
        assert_eq!(daemon.wait_logged("web", "|$HOME|"), expected);
        daemon.done(&["remove", "web"]);
        fs::remove_file(daemon.base().join("logs/web.log")).unwrap();
    }
}

#[test]
fn a_program_that_no_pattern_matches_is_told_as_it_is_written() {
    let daemon = Daemon::start();
    let service = daemon.service("web").key("EnableGlobbing", true);
    let service = service.key("ProgramArguments", json!(["/nowhere/we?"]));
    let said = daemon.refused(1, &["add", service.file().to_str().unwrap()]);
    assert!(said.contains("exec /nowhere/we?: No such file"), "{said}");
}
