//! The environment of a service: made anew at each start, from what is written and nothing else.

use std::fs;
use std::path::PathBuf;

use harness::{Daemon, Service};
use serde_json::json;

use crate::spawning::facts;

#[test]
fn the_environment_is_the_definitions_on_top_of_a_small_one() {
    let daemon = Daemon::start();
    let variables = json!({"COLOUR": "blue", "PATH": "/bin:/usr/bin", "EMPTY": "", "A": "1=2"});
    let service = daemon.service("web").key("EnvironmentVariables", variables);
    let facts = facts(&daemon, &service);
    let environment = facts["environment"].as_object().unwrap();
    for (name, value) in
        [("COLOUR", "blue"), ("PATH", "/bin:/usr/bin"), ("EMPTY", ""), ("A", "1=2")]
    {
        assert_eq!(environment[name], value, "{name}: {facts}");
    }
    assert_eq!(environment["SUPERVISORD_LABEL"], "web", "{facts}");
}

/// Two files, and a service that reads both and has variables of its own.
fn with_files(daemon: &Daemon) -> (Service<'_>, [PathBuf; 2]) {
    let files = ["first", "second"].map(|name| daemon.base().join(name));
    fs::write(&files[0], "# ours\nA=first\nB=first\nexport C='first and more'\nLANG=de\n").unwrap();
    fs::write(&files[1], "B=second\nD=second\n").unwrap();
    let service = daemon.service("web").key("EnvironmentVariables", json!({"D": "own"}));
    let service = service.key("Supervisor", json!({"EnvironmentFile": files}));
    (service, files)
}

#[test]
fn files_of_variables_come_between_the_usual_ones_and_the_definitions() {
    let daemon = Daemon::start();
    let (service, _) = with_files(&daemon);
    let facts = facts(&daemon, &service);
    let environment = &facts["environment"];
    for (name, value) in
        [("A", "first"), ("B", "second"), ("C", "first and more"), ("D", "own"), ("LANG", "de")]
    {
        assert_eq!(environment[name], value, "{name}: {facts}");
    }
    assert_eq!(environment["SUPERVISORD_LABEL"], "web", "{facts}");
}

#[test]
fn files_of_variables_are_read_at_each_start() {
    let daemon = Daemon::start();
    let (service, files) = with_files(&daemon);
    service.does(&["--env", "A"]).add();
    daemon.wait_logged("web", "A=first\n");
    fs::write(&files[0], "A=changed\n").unwrap();
    daemon.done(&["restart", "web"]);
    daemon.wait_logged("web", "A=changed\n");
}

#[test]
fn a_file_of_variables_that_can_not_be_read_fails_the_start_by_name() {
    let daemon = Daemon::start();
    let (service, files) = with_files(&daemon);
    fs::write(&files[1], "B=second\nnonsense\n").unwrap();
    let file = service.file();
    let said = daemon.refused(1, &["add", file.to_str().unwrap()]);
    assert!(said.contains(&format!("read {}: line 2: ", files[1].display())), "{said}");
    assert_eq!(daemon.row("web")["status"], json!(78));
    fs::remove_file(&files[0]).unwrap();
    let said = daemon.refused(1, &["start", "web"]);
    assert!(said.contains(&format!("read {}: No such file", files[0].display())), "{said}");
    let checked = daemon.ctl(&["check", file.to_str().unwrap()]).stdout;
    let missing = format!("Supervisor.EnvironmentFile names {:?}", files[0]);
    assert!(checked.contains(&missing), "{checked}");
}
