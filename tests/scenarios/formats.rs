//! The forms a definition may be written in: each is taken, kept, and told again with the same
//! meaning.

use std::fs;

use harness::{BINARIES, Daemon, property_list};
use serde_json::{Value, json};

/// The same service in every form, under the ending and label of that form.
fn forms() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let puppet = BINARIES.puppet.to_str().unwrap();
    let keys = |label| json!({"Label": label, "ProgramArguments": [puppet], "RunAtLoad": true});
    let xml = |label| property_list(&keys(label));
    let wide = xml("wide").replace("UTF-8", "UTF-16");
    let wide = std::iter::once(0xfeff).chain(wide.encode_utf16()).flat_map(u16::to_le_bytes);
    let openstep = format!(
        "// as defaults(1) wrote it\n{{ Label = openstep; RunAtLoad = 1;\n  \
        ProgramArguments = ( \"{puppet}\" ); }}\n"
    );
    vec![
        ("xml", "plist", xml("xml").into_bytes()),
        ("wide", "plist", wide.collect()),
        ("json", "json", keys("json").to_string().into_bytes()),
        ("openstep", "plist", openstep.into_bytes()),
        ("binary", "plist", binary_property_list("binary", puppet)),
    ]
}

#[test]
fn definitions_are_added_in_any_form_and_exported_with_the_same_meaning() {
    let daemon = Daemon::start();
    for (label, ending, bytes) in forms() {
        let file = daemon.base().join(label).with_extension(ending);
        fs::write(&file, bytes).unwrap();
        let added = daemon.done(&["add", file.to_str().unwrap()]);
        assert_eq!(added, format!("{label}: up, pid {}\n", daemon.pid_of(label)));
        assert!(daemon.base().join(format!("services/{label}.plist")).exists(), "{label}");
        same_again(&daemon, label);
    }
}

/// A person may also copy them into the services folder.
#[test]
fn the_services_folder_may_hold_any_form() {
    let mut daemon = Daemon::prepare();
    for (label, ending, bytes) in forms() {
        let file = daemon.base().join("services").join(label).with_extension(ending);
        fs::write(file, bytes).unwrap();
    }
    daemon.start_again();
    for (label, _, _) in forms() {
        daemon.pid_of(label);
        same_again(&daemon, label);
    }
    assert_eq!(daemon.done(&["apply"]), "nothing changed\n");
}

/// What `export` prints of a service is the definition it has: adding it changes nothing.
#[track_caller]
fn same_again(daemon: &Daemon, label: &str) {
    for form in ["--plist", "--json"] {
        let exported = daemon.done(&["export", form, label]);
        let file = daemon.base().join("exported");
        fs::write(&file, &exported).unwrap();
        let again = daemon.done(&["add", file.to_str().unwrap()]);
        assert!(again.starts_with(&format!("{label}: already added, up, ")), "{again}{exported}");
    }
}

/// One value for every key that launchd.plist(5) documents and this system takes.
const WHOLE: &str = r#"{
    "Label": "whole", "Disabled": true, "UserName": "root", "GroupName": "root",
    "InitGroups": false, "inetdCompatibility": {"Wait": true, "Instances": 7},
    "LimitLoadToHosts": ["HOST"], "LimitLoadFromHosts": ["elsewhere"],
    "LimitLoadToSessionType": ["Aqua", "Background"], "Program": "/bin/true",
    "ProgramArguments": ["whole", "~/*"], "EnableGlobbing": true, "EnableTransactions": true,
    "EnablePressuredExit": false, "RunAtLoad": true,
    "KeepAlive": {"SuccessfulExit": false, "Crashed": true, "NetworkState": true,
        "PathState": {"/nowhere": true}, "OtherJobEnabled": {"db": false},
        "AfterInitialDemand": true},
    "RootDirectory": "/srv", "WorkingDirectory": "/srv", "Umask": "027",
    "EnvironmentVariables": {"A": "b c", "EMPTY": ""}, "TimeOut": 30, "ExitTimeOut": 5,
    "ThrottleInterval": 0, "WatchPaths": ["/nowhere"], "QueueDirectories": ["/nowhere"],
    "StartOnMount": true, "StartInterval": 3600,
    "StartCalendarInterval": [{"Minute": 0, "Hour": 3}, {"Weekday": 7, "Day": 1, "Month": 12}],
    "StandardInPath": "/dev/null", "StandardOutPath": "/dev/null",
    "StandardErrorPath": "/dev/null", "Debug": true, "WaitForDebugger": true,
    "SoftResourceLimits": {"NumberOfFiles": 100, "Core": 0},
    "HardResourceLimits": {"NumberOfFiles": 200}, "Nice": 0, "ProcessType": "Background",
    "AbandonProcessGroup": true, "LowPriorityIO": true, "LowPriorityBackgroundIO": true,
    "MaterializeDatalessFiles": true, "LaunchOnlyOnce": true, "SessionCreate": true,
    "MachServices": {"org.example": true, "org.example.more": {"ResetAtClose": true}},
    "Sockets": {"Listener": [{"SockType": "dgram", "SockPathMode": 438, "SockFamily": "Unix",
        "SockPathName": "BASE/socket"}]},
    "LaunchEvents": {"org.example.stream": {"event": {"Any": [1, "thing"]}}},
    "LegacyTimers": true, "AssociatedBundleIdentifiers": ["org.example.app"]
}"#;

#[test]
fn no_key_is_lost_or_changed_on_its_way_in_and_out() {
    let daemon = Daemon::start();
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    let whole = WHOLE.replace("HOST", &host).replace("BASE", daemon.base().to_str().unwrap());
    let file = daemon.base().join("whole.json");
    fs::write(&file, &whole).unwrap();
    let added = daemon.ctl(&["add", file.to_str().unwrap()]);
    assert_eq!(
        (added.code, added.stdout.as_str()),
        (0, "whole: disabled, nothing starts it until it is enabled\n"),
        "{}",
        added.stderr
    );
    let exported = daemon.json(&["export", "whole"]);
    let mut expected: Value = serde_json::from_str(&whole).unwrap();
    // Modes are told as numbers, and what is at its default is not told.
    expected["Umask"] = json!(0o27);
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(exported.get(name), Some(value), "{name}");
    }
    let counts = [&exported, &expected].map(|keys| keys.as_object().unwrap().len());
    assert_eq!(counts[0], counts[1], "{exported}");
}

/// `{Label, ProgramArguments: [puppet], RunAtLoad: true}` in Apple's binary form, by hand.
fn binary_property_list(label: &str, puppet: &str) -> Vec<u8> {
    let string = |text: &str| match u8::try_from(text.len()).unwrap() {
        length @ 0..15 => [&[0x50 | length], text.as_bytes()].concat(),
        length => [&[0x5F, 0x10, length], text.as_bytes()].concat(),
    };
    let objects = [
        vec![0xD3, 1, 2, 3, 4, 5, 7],
        string("Label"),
        string("ProgramArguments"),
        string("RunAtLoad"),
        string(label),
        vec![0xA1, 6],
        string(puppet),
        vec![0x09],
    ];
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in &objects {
        offsets.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
        bytes.extend(object);
    }
    let table = bytes.len() as u64;
    bytes.extend(offsets);
    bytes.extend([0, 0, 0, 0, 0, 0, 2, 1]);
    for number in [objects.len() as u64, 0, table] {
        bytes.extend(number.to_be_bytes());
    }
    bytes
}
