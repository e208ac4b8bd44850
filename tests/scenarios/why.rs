//! `svcctl why`, and how `status` tells the same: exit, last lines, who asked, what comes next.

use harness::{Daemon, PATIENCE, wait_until};
use serde_json::json;

#[test]
fn why_tells_exit_meaning_last_lines_next_start_and_who_asked() {
    let daemon = Daemon::start();
    let service = daemon.service("web").key("KeepAlive", true).key("ThrottleInterval", 600);
    let lines = (1..=12).map(|number| format!("{number} of 12")).collect::<Vec<_>>();
    let words = lines.iter().flat_map(|line| ["--print", line]).collect::<Vec<_>>();
    service.does(&words).does(&["--exit", "78"]).add_in_any_case();
    daemon.wait_status("web", &json!(78));
    let why = daemon.done(&["why", "web"]);
    assert!(why.starts_with("web: backoff\n"), "{why}");
    assert!(why.contains("exit 78: sysexits: its configuration is wrong"), "{why}");
    assert!(why.contains("next start"), "{why}");
    assert!(why.contains("add by ") && why.contains("svcctl"), "{why}");
    assert!(why.contains("last lines of run 1:\n    3 of 12\n"), "{why}");
    assert!(why.ends_with("    12 of 12\n"), "{why}");
    let status = daemon.ctl(&["status", "web"]).stdout;
    assert!(status.ends_with("    12 of 12\n"), "{status}");
    let object = daemon.json(&["why", "web"]);
    assert_eq!(object["last_output"][0]["run"], 1);
    assert_eq!(object["last_output"][0]["lines"][9], "12 of 12");
    daemon.done(&["stop", "web"]);
    let object = daemon.json(&["why", "web"]);
    assert_eq!(object["asked"]["verb"], "stop");
    assert!(daemon.refused(4, &["why", "nix"]).contains("no such service"));
}

#[test]
fn the_lines_are_those_of_the_run_that_ended_and_of_no_other() {
    let daemon = Daemon::start();
    let service = daemon.service("web").does(&["--env", "SUPERVISORD_RUN", "--exit", "3"]);
    service.does(&["--stay-from", "2"]).key("KeepAlive", true).key("ThrottleInterval", 0).add();
    wait_until("the second run to stay", PATIENCE, || {
        daemon.done(&["logs", "web"]).contains("SUPERVISORD_RUN=2")
    });
    let object = daemon.json(&["why", "web"]);
    assert_eq!(object["state"], "up");
    assert_eq!(object["last_output"], json!([{ "run": 1, "lines": ["SUPERVISORD_RUN=1"] }]));
    let status = daemon.ctl(&["status", "web"]).stdout;
    assert!(!status.contains("last lines"), "it runs, and status is brief: {status}");
}

#[cfg(unix)]
#[test]
fn streams_that_go_apart_are_told_apart() {
    let daemon = Daemon::start();
    let path = |name: &str| daemon.base().join(name).display().to_string();
    let service = daemon.service("web").does(&["--stderr", "complained", "--print", "said"]);
    let service = service.key("StandardOutPath", path("out")).key("StandardErrorPath", path("err"));
    service.does(&["--signal", "SEGV"]).add();
    daemon.wait_status("web", &json!(-11));
    let why = daemon.done(&["why", "web"]);
    assert!(why.contains("on standard output:\n    said\n"), "{why}");
    assert!(why.contains("on standard error:\n    complained\n"), "{why}");
    assert!(why.contains("SIGSEGV: it touched memory"), "{why}");
}
