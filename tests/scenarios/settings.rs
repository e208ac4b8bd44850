//! The settings file: what holds for all services where their definitions do not say.

use std::fs;
use std::path::PathBuf;

use harness::{Daemon, PATIENCE, property_list, wait_until};
use serde_json::{Value, json};

fn write(daemon: &Daemon, log: Value) {
    let text = property_list(&json!({ "Log": log }));
    fs::write(daemon.base().join("settings.plist"), text).unwrap();
}

/// Rotated logs of all services.
fn rotated(daemon: &Daemon) -> Vec<PathBuf> {
    let entries = fs::read_dir(daemon.base().join("logs")).unwrap().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| !path.to_str().unwrap().ends_with(".log")).collect()
}

#[test]
fn logs_are_kept_as_the_settings_say() {
    let mut daemon = Daemon::prepare();
    write(&daemon, json!({ "MaxSize": "1M", "Keep": 2, "Compress": false }));
    daemon.start_again();
    daemon.service("web").does(&["--flood", "5", "--exit", "0"]).add();
    daemon.wait_status("web", &json!(0));
    wait_until("it to be rotated", PATIENCE, || {
        fs::metadata(daemon.base().join("logs/web.log")).unwrap().len() < 1 << 20
    });
    wait_until("two to be kept", PATIENCE, || rotated(&daemon).len() == 2);
    write(&daemon, json!({ "MaxSize": "1M", "Keep": 1, "Compress": true }));
    daemon.done(&["apply"]);
    wait_until("one to be kept, compressed", PATIENCE, || {
        let rotated = rotated(&daemon);
        rotated.len() == 1 && rotated[0].extension().is_some_and(|end| end == "gz")
    });
    write(&daemon, json!({ "MaxSize": "1M", "Quota": 1 }));
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    wait_until("none to be kept, as all are over the quota", PATIENCE, || {
        rotated(&daemon).is_empty()
    });
}

#[test]
fn settings_that_are_wrong_are_refused_and_change_nothing() {
    let mut daemon = Daemon::prepare();
    write(&daemon, json!({ "MaxSize": "lots" }));
    daemon.start_again();
    assert!(daemon.log().contains("settings.plist: "), "{}", daemon.log());
    assert!(daemon.log().contains("MaxSize"), "{}", daemon.log());
    daemon.service("web").add();
    let output = daemon.ctl(&["apply"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stderr.contains("settings.plist"), "{output:?}");
    assert!(output.stderr.contains("MaxSize"), "{output:?}");
    write(&daemon, json!({ "MaxSize": "2M" }));
    daemon.done(&["apply"]);
    daemon.running("web");
}
