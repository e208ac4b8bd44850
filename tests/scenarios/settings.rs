//! The settings file: what holds for all services where their definitions do not say.

use std::fs;
use std::path::PathBuf;

use harness::{Daemon, PATIENCE, property_list, wait_until};
use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use super::piped;

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
#[cfg(target_os = "linux")]
fn piped_logs_are_rotated_as_the_settings_say() {
    let mut daemon = Daemon::prepare();
    write(&daemon, json!({ "MaxSize": 2000, "MaxAge": 100_000 }));
    daemon.start_again();
    let said = |label: &str| daemon.base().join(format!("logs/{label}.log"));
    let largest = |label: &str| {
        let sizes =
            piped::rotated(&said(label)).into_iter().map(|file| fs::metadata(file).unwrap().len());
        sizes.max().unwrap_or_default()
    };
    for (label, log) in [("web", json!({ "Rotate": true })), ("own", json!({ "MaxSize": 5000 }))] {
        let service = piped::piped(&daemon, label, &log);
        service.does(&["--lines", "1000", "--tick", "1"]).key("ThrottleInterval", 0).add();
        daemon.wait_logged(label, "line 00001000\n");
    }
    piped::piped(&daemon, "never", &json!({ "Rotate": false })).does(&["--lines", "1000"]).add();
    daemon.wait_logged("never", "line 00001000\n");
    let sizes = [largest("web"), largest("own"), largest("never")];
    assert!(matches!(sizes, [1900..=2000, 4900..=5000, 0]), "{sizes:?}");
    write(&daemon, json!({ "MaxSize": 1000 }));
    daemon.done(&["apply"]);
    // One that was full by the old bound may be among the next.
    let before = piped::rotated(&said("web")).len() + 2;
    wait_until("a running service's to be smaller", PATIENCE, || {
        piped::rotated(&said("web")).iter().skip(before).any(|file| {
            let length = fs::metadata(file).unwrap().len();
            length != 0 && length <= 1000
        })
    });
    daemon.done(&["stop", "web"]);
    assert!(4900 < largest("own"), "a definition's own bound stands");
    write(&daemon, json!({ "MaxAge": 0.001 }));
    daemon.done(&["apply"]);
    let before = piped::rotated(&said("web")).len();
    daemon.done(&["start", "web"]);
    wait_until("what is old to be rotated", PATIENCE, || {
        before + 10 < piped::rotated(&said("web")).len()
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
