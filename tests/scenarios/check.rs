//! The verbs that need no daemon, beside one: what they say is what it does.

use std::fs;
use std::path::Path;

use harness::{Daemon, skip};
use serde_json::{Value, json};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Each of these is refused by both or by neither.
#[test]
fn check_fails_exactly_when_add_does() {
    let daemon = Daemon::start();
    let sound = |label: &str| daemon.service(label).does(&["--exit", "0"]);
    let files = [
        sound("plain").file(),
        sound("unknown-key").key("KeepAliv", true).file(),
        sound("wrong-type").key("StartInterval", "60").file(),
        sound("out-of-range").key("Nice", 99).file(),
        sound("no-such-folder").key("WorkingDirectory", "/gone/for/good").file(),
        sound("no-program").key("ProgramArguments", json!([])).file(),
        sound("relative-program").key("Program", "bin/web").file(),
        sound("bad-ours").key("Supervisor", json!({"Watchdog": -1})).file(),
        sound("bad-calendar").key("StartCalendarInterval", json!({"Hour": 24})).file(),
        sound("apple-only").key("LimitLoadToHardware", json!({"model": ["Mac"]})).file(),
    ];
    for file in files {
        let check = daemon.ctl(&["check", text(&file)]);
        let add = daemon.ctl(&["add", "--no-wait", text(&file)]);
        assert_eq!(check.code, add.code, "{}\n{}{}", file.display(), check.stdout, add.stderr);
        let errors = check.stdout.lines().filter(|line| line.contains(": error: ")).count();
        assert_eq!(errors, add.stderr.lines().filter(|line| line.contains("cannot ")).count());
    }
}

#[test]
fn export_of_a_label_is_what_the_daemon_has() {
    let daemon = Daemon::start();
    daemon.service("web").key("Umask", "027").key("KeepAlive", true).add_in_any_case();
    let exported = daemon.done(&["export", "web"]);
    let file = daemon.base().join("exported.plist");
    fs::write(&file, &exported).unwrap();
    // The same definition again changes nothing; any other would be refused.
    assert!(daemon.ctl(&["add", text(&file)]).code == 0, "{exported}");
    let json: Value = serde_json::from_str(&daemon.done(&["export", "--json", "web"])).unwrap();
    assert_eq!((&json["Label"], &json["Umask"]), (&json!("web"), &json!(0o27)));
    let missing = daemon.ctl(&["export", "nobody"]);
    assert_eq!(missing.code, 4, "{}", missing.stderr);
}

/// The delays that simulate tells are those that the daemon keeps.
#[test]
fn simulate_tells_the_status_that_the_daemon_shows() {
    let daemon = Daemon::start();
    let crash = daemon.service("crash").does(&["--exit", "3"]).key("KeepAlive", true);
    let crash = crash.key("ThrottleInterval", 600);
    let words = ["simulate", text(&crash.file()), "--exits", "3", "--json"].map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let steps: Value = serde_json::from_str(&daemon.done(&words)).unwrap();
    let ended = steps.as_array().unwrap().iter().find(|step| step["event"] == "ended").unwrap();
    assert_eq!((&ended["state"], &ended["until_ms"]), (&json!("backoff"), &json!(600_000)));
    daemon.ctl(&["add", text(&crash.file())]);
    daemon.done(&["wait", "--until", "exited", "crash"]);
    let status: Value =
        serde_json::from_str(&daemon.ctl(&["status", "--json", "crash"]).stdout).unwrap();
    assert_eq!((&status["state"], &status["status"]), (&ended["state"], &ended["status"]));
}

#[test]
fn real_definitions_have_no_unknown_key_that_launchd_documents() {
    let Some(corpus) = std::env::var_os("CORPUS_DIR") else {
        return skip("real definitions", "set CORPUS_DIR to a folder of launchd property lists");
    };
    let page = fs::read_to_string(harness::workspace().join("protocol/KEYS.md")).unwrap();
    let daemon = Daemon::prepare();
    let checked = daemon.ctl(&["check", corpus.to_str().unwrap()]);
    let unknown = checked.stdout.lines().filter(|line| line.contains("is not a known key"));
    for line in unknown {
        let key = line.split("warning: ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        let name = key.rsplit('.').next().unwrap();
        assert!(!page.contains(&format!("| `{name}` |")), "{line}");
    }
}
