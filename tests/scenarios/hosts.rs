//! Definitions that are for some hosts and not for others.

use std::fs;

use harness::{Daemon, Service};
use serde_json::json;

fn host() -> String {
    nix::unistd::gethostname().unwrap().into_string().unwrap()
}

/// For this host, written as nobody writes it.
fn here<'a>(daemon: &'a Daemon, label: &str) -> Service<'a> {
    daemon.service(label).key("LimitLoadToHosts", json!(["elsewhere", host().to_uppercase()]))
}

fn elsewhere<'a>(daemon: &'a Daemon, label: &str) -> Service<'a> {
    daemon.service(label).key("LimitLoadToHosts", json!(["elsewhere", "nowhere"]))
}

fn not_here<'a>(daemon: &'a Daemon, label: &str) -> Service<'a> {
    daemon.service(label).key("LimitLoadFromHosts", json!([host()]))
}

fn words(key: &str) -> String {
    match key {
        "LimitLoadToHosts" => {
            format!("LimitLoadToHosts names elsewhere, nowhere, and this host is {}", host())
        }
        _ => format!("LimitLoadFromHosts names this host, {}", host()),
    }
}

#[test]
fn a_definition_for_other_hosts_is_passed_over_and_that_is_said() {
    let daemon = Daemon::start();
    here(&daemon, "here").add();
    daemon.running("here");
    for (service, key) in [
        (elsewhere(&daemon, "web"), "LimitLoadToHosts"),
        (not_here(&daemon, "web"), "LimitLoadFromHosts"),
    ] {
        let file = service.file();
        let file = file.to_str().unwrap();
        let output = daemon.ctl(&["add", file]);
        let skipped = format!("{file}: skipped: {}\n", words(key));
        assert_eq!((output.code, output.stdout.as_str(), output.stderr), (0, "", skipped));
        assert!(daemon.row("web").is_null());
        assert!(!daemon.base().join("services/web.plist").exists());
        let checked = daemon.ctl(&["check", file]);
        assert_eq!(checked.code, 0, "{checked:?}");
        let warning = format!(": warning: {}; it is not loaded here\n", words(key));
        assert!(checked.stdout.contains(&warning), "{checked:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_daemon_itself_takes_none_for_other_hosts() {
    let daemon = Daemon::start();
    let definition = elsewhere(&daemon, "web").json();
    let answer = daemon.wire().ask("add", json!({"definition": definition}));
    let sentence = format!("cannot add web: {}", words("LimitLoadToHosts"));
    assert_eq!(answer["error"]["message"], sentence, "{answer}");
}

#[test]
fn one_folder_serves_several_hosts() {
    let mut daemon = Daemon::prepare();
    elsewhere(&daemon, "other").place();
    here(&daemon, "web").place();
    let there = elsewhere(&daemon, "web").does(&["--exit", "1"]).file();
    fs::copy(there, daemon.base().join("services/web-elsewhere.plist")).unwrap();
    daemon.start_again();
    let pid = daemon.running("web");
    assert!(daemon.row("other").is_null());
    let told = format!("other: not loaded: {}", words("LimitLoadToHosts"));
    assert!(daemon.log().contains(&told), "{}", daemon.log());
    let output = daemon.ctl(&["apply"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, "nothing changed\n"));
    assert_eq!(output.stderr.matches("not loaded: LimitLoadToHosts").count(), 2, "{output:?}");
    assert_eq!(daemon.running("web"), pid);
    let checked = daemon.ctl(&["check", daemon.base().join("services").to_str().unwrap()]);
    assert!(checked.stdout.ends_with("3 files: 1 good, 2 with warnings, 0 with errors\n"));
}

#[test]
fn a_service_goes_when_its_definition_leaves_this_host_and_comes_back_with_it() {
    let daemon = Daemon::start();
    daemon.service("web").place();
    daemon.done(&["apply"]);
    daemon.running("web");
    not_here(&daemon, "web").place();
    let planned = daemon.ctl(&["apply", "--dry-run"]).stdout;
    assert_eq!(planned, format!("web: would remove, {}\n", words("LimitLoadFromHosts")));
    daemon.running("web");
    assert_eq!(daemon.ctl(&["apply"]).code, 0);
    assert!(daemon.row("web").is_null());
    assert!(daemon.base().join("services/web.plist").exists(), "its file is not ours to delete");
    here(&daemon, "web").place();
    daemon.done(&["apply"]);
    daemon.running("web");
}
