//! Definitions with mistakes: each one clear error, and nobody else disturbed.

use std::fs;
use std::path::Path;

use harness::{BINARIES, Daemon};
use nix::sys::signal::Signal;
use serde_json::json;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n";
const TAIL: &str = "</dict>\n</plist>\n";

fn key(name: &str, value: &str) -> String {
    format!("<key>{name}</key>\n{value}\n")
}

fn string(text: &str) -> String {
    format!("<string>{text}</string>")
}

fn label() -> String {
    key("Label", &string("bad"))
}

fn program() -> String {
    let puppet = BINARIES.puppet.to_str().unwrap();
    key("ProgramArguments", &format!("<array>{}</array>", string(puppet)))
}

fn plist(keys: &[String]) -> String {
    [HEAD, &keys.concat(), TAIL].concat()
}

/// A mistake: its name, the file's text, and the words that its one error must hold.
type Mistake = (&'static str, String, Vec<&'static str>);

fn mistakes() -> Vec<Mistake> {
    [no_property_lists(), wrong_keys()].concat()
}

fn no_property_lists() -> Vec<Mistake> {
    let whole = plist(&[label(), program()]);
    let half = whole[..whole.find("<array>").unwrap()].to_owned();
    vec![
        ("empty", String::new(), vec!["the file is empty"]),
        ("truncated", half, vec!["line 7", "ProgramArguments", "complete?"]),
        ("not-a-plist", "this is a letter to my aunt\n".to_owned(), vec!["not a property list"]),
        (
            "html",
            "<!DOCTYPE html><html><body>404</body></html>\n".to_owned(),
            vec!["not a property list", "web page"],
        ),
        (
            "typographic-quotes",
            whole.replacen("version=\"1.0\" encoding", "version=“1.0” encoding", 1),
            vec!["line 1", "quote"],
        ),
        (
            "typographic-plist",
            whole.replace("<plist version=\"1.0\">", "<plist version=“1.0”>"),
            vec!["line 2", "quote"],
        ),
        (
            "an-array-as-root",
            "<plist version=\"1.0\"><array/></plist>".to_owned(),
            vec!["must be a dictionary"],
        ),
        (
            "an-entity-bomb",
            format!("<!DOCTYPE plist [<!ENTITY a \"aaaa\">]>\n{}", plist(&[label(), program()])),
            vec!["an entity is defined"],
        ),
    ]
}

fn wrong_keys() -> Vec<Mistake> {
    vec![
        ("no-label", plist(&[program()]), vec!["line 3: Label is missing"]),
        (
            "empty-label",
            plist(&[key("Label", &string("")), program()]),
            vec!["line 4: Label is empty"],
        ),
        (
            "dots-as-label",
            plist(&[key("Label", &string("..")), program()]),
            vec!["line 4", "Label"],
        ),
        (
            "slash-in-label",
            plist(&[key("Label", &string("a/b")), program()]),
            vec!["line 4", "Label"],
        ),
        (
            "number-as-label",
            plist(&[key("Label", "<integer>4</integer>"), program()]),
            vec!["line 5: Label is an integer, must be a string"],
        ),
        ("nothing-to-run", plist(&[label()]), vec!["line 3: ProgramArguments is missing"]),
        (
            "no-arguments",
            plist(&[label(), key("ProgramArguments", "<array/>")]),
            vec!["line 6: ProgramArguments is empty"],
        ),
        (
            "arguments-as-a-string",
            plist(&[label(), key("ProgramArguments", &string("/bin/sleep 5"))]),
            vec!["line 7: ProgramArguments is a string, must be an array"],
        ),
        (
            "a-number-among-the-arguments",
            plist(&[
                label(),
                key(
                    "ProgramArguments",
                    "<array>\n<string>/bin/sleep</string>\n<integer>5</integer>\n</array>",
                ),
            ]),
            vec!["line 9: ProgramArguments[1] is an integer, must be a string"],
        ),
        (
            "relative-program",
            plist(&[label(), key("Program", &string("bin/web"))]),
            vec!["Program", "line 6"],
        ),
    ]
}

/// A daemon with a bystander that must come through everything unharmed.
fn with_bystander() -> (Daemon, u32) {
    let daemon = Daemon::start();
    daemon.service("bystander").key("KeepAlive", true).add();
    let pid = daemon.running("bystander");
    (daemon, pid)
}

#[track_caller]
fn undisturbed(daemon: &Daemon, bystander: u32) {
    assert_eq!(daemon.running("bystander"), bystander);
    daemon.started("bystander", 1);
    assert_eq!(daemon.count("bystander", "received TERM"), 0);
}

/// One error: it names the file, says `cannot`, holds the words, and is one line long.
#[track_caller]
fn one_clear_error(complaint: &str, file: &Path, words: &[&str]) {
    let errors: Vec<&str> =
        complaint.lines().filter(|line| line.contains(file.to_str().unwrap())).collect();
    assert_eq!(errors.len(), 1, "{}: {complaint}", file.display());
    let error = errors[0];
    assert!(error.contains("cannot "), "{error}");
    for word in words {
        assert!(error.contains(word), "{error:?} lacks {word:?}");
    }
}

#[test]
fn each_mistake_is_one_clear_error_of_add() {
    let (daemon, bystander) = with_bystander();
    for (name, text, words) in mistakes() {
        let file = daemon.base().join(format!("{name}.plist"));
        fs::write(&file, text).unwrap();
        let complaint = daemon.refused(1, &["add", file.to_str().unwrap()]);
        one_clear_error(&complaint, &file, &words);
        assert_eq!(complaint.lines().count(), 1, "{name}: {complaint}");
    }
    assert_eq!(daemon.json(&["list"]).as_array().unwrap().len(), 1);
    assert_eq!(fs::read_dir(daemon.base().join("services")).unwrap().count(), 1);
    undisturbed(&daemon, bystander);
}

#[test]
fn each_mistake_is_one_clear_error_of_apply_and_the_good_files_are_taken() {
    let (daemon, bystander) = with_bystander();
    let services = daemon.base().join("services");
    for (name, text, _) in mistakes() {
        fs::write(services.join(format!("{name}.plist")), text).unwrap();
    }
    daemon.service("good").place();
    let output = daemon.ctl(&["apply"]);
    assert_eq!(output.code, 1, "{output:?}");
    for (name, _, words) in mistakes() {
        one_clear_error(&output.stderr, &services.join(format!("{name}.plist")), &words);
    }
    assert!(output.stdout.contains("good: added"), "{output:?}");
    daemon.running("good");
    undisturbed(&daemon, bystander);
}

#[test]
fn each_mistake_is_one_clear_line_of_a_starting_daemons_log() {
    let mut daemon = Daemon::prepare();
    let services = daemon.base().join("services");
    for (name, text, _) in mistakes() {
        fs::write(services.join(format!("{name}.plist")), text).unwrap();
    }
    daemon.service("good").place();
    daemon.start_again();
    daemon.running("good");
    let log = daemon.log();
    for (name, _, words) in mistakes() {
        one_clear_error(&log, &services.join(format!("{name}.plist")), &words);
    }
}

#[test]
fn a_file_gone_bad_never_unloads_the_good_service_it_was() {
    let (daemon, _) = with_bystander();
    let file = daemon.service("web").place();
    daemon.done(&["apply"]);
    let pid = daemon.running("web");
    for (name, text, _) in mistakes() {
        fs::write(&file, text).unwrap();
        daemon.refused(1, &["apply"]);
        assert_eq!(daemon.running("web"), pid, "{name}");
    }
    daemon.started("web", 1);
}

#[test]
fn one_label_in_two_files_is_an_error_that_names_both() {
    let (daemon, bystander) = with_bystander();
    let services = daemon.base().join("services");
    let first = daemon.service("web").place();
    daemon.done(&["apply"]);
    let pid = daemon.running("web");
    let second = services.join("web copy.plist");
    fs::copy(&first, &second).unwrap();
    let output = daemon.ctl(&["apply"]);
    assert_eq!(output.code, 1, "{output:?}");
    let complaint = output.stderr;
    one_clear_error(&complaint, &second, &["web", "Label", first.to_str().unwrap()]);
    assert_eq!(daemon.running("web"), pid, "the first one's service goes on");
    undisturbed(&daemon, bystander);
}

#[test]
fn one_label_in_two_files_starts_once_at_the_start_of_day() {
    let mut daemon = Daemon::prepare();
    let first = daemon.service("web").place();
    fs::copy(&first, first.with_file_name("another.plist")).unwrap();
    daemon.start_again();
    daemon.running("web");
    assert_eq!(daemon.json(&["list"]).as_array().unwrap().len(), 1);
    daemon.started("web", 1);
    assert_eq!(daemon.count("web", "double"), 0);
    assert!(daemon.log().contains("another.plist"), "{}", daemon.log());
}

#[test]
fn what_cannot_be_read_is_named_with_the_reason() {
    let (daemon, bystander) = with_bystander();
    let missing = daemon.base().join("missing.plist");
    let complaint = daemon.refused(1, &["add", missing.to_str().unwrap()]);
    one_clear_error(&complaint, &missing, &["No such file"]);
    let services = daemon.base().join("services");
    let (dangling, folder) = (services.join("dangling.plist"), services.join("folder.plist"));
    std::os::unix::fs::symlink("/nowhere", &dangling).unwrap();
    fs::create_dir(&folder).unwrap();
    let output = daemon.ctl(&["apply"]);
    assert_eq!(output.code, 1, "{output:?}");
    one_clear_error(&output.stderr, &dangling, &["No such file"]);
    one_clear_error(&output.stderr, &folder, &["not a regular file"]);
    undisturbed(&daemon, bystander);
}

#[test]
fn sighup_with_a_bad_file_leaves_everything_running() {
    let (daemon, bystander) = with_bystander();
    let bad = daemon.base().join("services/bad.plist");
    fs::write(&bad, "not a plist").unwrap();
    daemon.service("good").place();
    daemon.signal(Signal::SIGHUP);
    daemon.running("good");
    undisturbed(&daemon, bystander);
    one_clear_error(&daemon.log(), &bad, &[]);
}

#[test]
fn what_of_our_own_keys_is_not_honoured_yet_is_said_key_by_key() {
    let daemon = Daemon::start();
    let ours = json!({"Group": "all", "Essential": true, "Watchdog": 30, "EnvironmentFile": []});
    let service = daemon.service("web").key("Supervisor", ours);
    let output = daemon.ctl(&["add", service.file().to_str().unwrap()]);
    for name in ["Group", "Essential", "Watchdog"] {
        let words = format!(" Supervisor.{name} is not yet honoured on ");
        assert!(output.stderr.contains(&words), "{name}: {}", output.stderr);
    }
    assert!(!output.stderr.contains("EnvironmentFile"), "{}", output.stderr);
}

/// It does no harm: the service runs, is told to end, and is given its time for that.
#[test]
fn what_only_launchd_acts_on_is_said_key_by_key() {
    let daemon = Daemon::start();
    let keys = json!({
        "MachServices": {"org.example.web": true},
        "LaunchEvents": {"org.example": {"event": {}}},
        "LimitLoadToSessionType": "Aqua",
        "LimitLoadFromHardware": {"model": ["Mac1,1"]},
        "BundleProgram": "Contents/MacOS/web",
        "SessionCreate": true,
        "EnableTransactions": true,
        "EnablePressuredExit": true,
        "MaterializeDatalessFiles": true,
        "AssociatedBundleIdentifiers": "org.example.app",
        "SpawnConstraint": {"team-identifier": "X"},
        "TimeOut": 30,
        "LegacyTimers": true,
        "HopefullyExitsFirst": true,
        "HopefullyExitsLast": true,
        "ServiceIPC": true,
    });
    let mut service = daemon.service("web").does(&["--term-exit", "7"]);
    for (name, value) in keys.as_object().unwrap() {
        service = service.key(name, value.clone());
    }
    let output = daemon.ctl(&["add", service.file().to_str().unwrap()]);
    assert_eq!(
        (output.code, output.stdout),
        (0, format!("web: up, pid {}\n", daemon.running("web")))
    );
    let notes = daemon.json(&["status", "web"])["notes"].clone();
    for name in keys.as_object().unwrap().keys() {
        let words = format!(" {name} is not available on ");
        assert!(output.stderr.contains(&words), "{name}: {}", output.stderr);
        let is_kept = |note: &serde_json::Value| format!(" {note}").contains(name);
        assert!(notes.as_array().unwrap().iter().any(is_kept), "{name}: {notes}");
    }
    assert_eq!(output.stderr.lines().count(), keys.as_object().unwrap().len(), "{}", output.stderr);
    daemon.done(&["stop", "web"]);
    assert_eq!(daemon.row("web")["status"], 7);
}

#[test]
fn unknown_keys_and_keys_not_honoured_are_said_and_do_no_harm() {
    let daemon = Daemon::start();
    let service = daemon.service("web").key("KeepAliv", true).key("SessionCreate", true);
    let output = daemon.ctl(&["add", service.file().to_str().unwrap()]);
    let pid = daemon.running("web");
    assert_eq!((output.code, output.stdout), (0, format!("web: up, pid {pid}\n")));
    for words in [&["KeepAliv", "KeepAlive"][..], &["SessionCreate"]] {
        let told = output.stderr.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(told, "{words:?}: {}", output.stderr);
    }
    let notes = daemon.json(&["status", "web"])["notes"].clone();
    assert_eq!(notes.as_array().map(Vec::len), Some(2), "{notes}");
}

#[test]
fn apply_does_what_changed_and_only_that() {
    let (daemon, bystander) = with_bystander();
    daemon.service("changed").place();
    daemon.service("gone").place();
    daemon.service("same").place();
    daemon.done(&["apply"]);
    let before = daemon.running("changed");
    let same = daemon.running("same");
    daemon.service("changed").does(&["--print", "changed"]).place();
    fs::remove_file(daemon.base().join("services/gone.plist")).unwrap();
    daemon.service("new").place();
    let planned = daemon.done(&["apply", "--dry-run"]);
    assert_eq!(daemon.running("changed"), before, "a dry run does nothing");
    for line in ["changed: would restart", "gone: would remove", "new: would add"] {
        assert!(planned.contains(line), "{planned}");
    }
    assert!(!planned.contains("same") && !planned.contains("bystander"), "{planned}");
    let done = daemon.done(&["apply"]);
    for line in ["changed: restarted", "gone: removed", "new: added"] {
        assert!(done.contains(line), "{done}");
    }
    assert_ne!(daemon.running("changed"), before);
    daemon.running("new");
    assert!(daemon.row("gone").is_null());
    assert_eq!(daemon.running("same"), same);
    undisturbed(&daemon, bystander);
    assert_eq!(daemon.done(&["apply"]), "nothing changed\n");
}
