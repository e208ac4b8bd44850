//! What a service is given: read back from inside by the puppet.

use std::fs;
use std::path::Path;

use harness::{BINARIES, Daemon, Service, observer, property_list, skip};
use serde_json::{Value, json};

/// Adds the service with `--facts` and returns what it found.
pub(crate) fn facts(daemon: &Daemon, service: &Service<'_>) -> Value {
    service.clone().does(&["--facts"]).add();
    let log = daemon.wait_logged("web", "\"cwd\"");
    log.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap()
}

pub(crate) fn skip_unless_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        skip("users", "only root may change them");
    }
    !root
}

#[test]
fn without_keys_a_service_gets_launchds_defaults() {
    let daemon = Daemon::start();
    let facts = facts(&daemon, &daemon.service("web"));
    assert_eq!(facts["cwd"], "/", "{facts}");
    assert_eq!(facts["umask"], 0o022, "{facts}");
    assert_eq!(facts["nice"], 0, "{facts}");
    assert_eq!(facts["uid"], nix::unistd::geteuid().as_raw(), "{facts}");
    assert_eq!(facts["argv"][0], json!(BINARIES.puppet), "{facts}");
    assert_eq!(facts["parent"], daemon.pid(), "{facts}");
    let path = facts["environment"]["PATH"].as_str().unwrap();
    assert!(path.split(':').any(|folder| folder == "/usr/bin"), "{path}");
}

#[test]
fn a_service_leads_a_process_group_of_its_own() {
    let daemon = Daemon::start();
    let facts = facts(&daemon, &daemon.service("web"));
    assert_eq!(facts["group_leader"], daemon.pid_of("web"), "{facts}");
    assert_ne!(facts["group_leader"], daemon.pid(), "{facts}");
}

#[test]
fn a_service_has_a_cgroup_of_its_own_where_that_can_be() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    daemon.service("other").add();
    let (web, other) = (daemon.pid_of("web"), daemon.pid_of("other"));
    let groups = [web, other, daemon.pid()].map(observer::cgroup);
    let writable = groups[2].as_ref().is_some_and(|group| {
        let probe = group.join(format!("probe-{}", std::process::id()));
        fs::create_dir(&probe).is_ok() && fs::remove_dir(&probe).is_ok()
    });
    if !writable {
        skip("cgroups", "no writable cgroup2 here");
        return;
    }
    assert_ne!(groups[0], groups[1]);
    assert_ne!(groups[0], groups[2]);
}

#[test]
fn no_descriptor_and_no_signal_mask_leaks_into_a_service() {
    let daemon = Daemon::start();
    let facts = facts(&daemon, &daemon.service("web"));
    let descriptors = facts["descriptors"].as_object().unwrap();
    let numbers: Vec<&str> = descriptors.keys().map(String::as_str).collect();
    assert_eq!(numbers, ["0", "1", "2"], "{descriptors:?}");
    assert_eq!(descriptors["0"], "/dev/null", "{descriptors:?}");
    assert!([json!(0), Value::Null].contains(&facts["blocked"]), "{facts}");
}

/// A Rust program ignores SIGPIPE by itself, so another one is asked.
#[test]
fn no_ignored_signal_leaks_into_a_service() {
    let daemon = Daemon::start();
    daemon.done(&["add", "sleeper", "--", "sleep", "1000"]);
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid_of("sleeper")));
    let Ok(status) = status else {
        skip("signal masks", "no /proc here");
        return;
    };
    for mask in ["SigBlk:", "SigIgn:"] {
        let line = status.lines().find_map(|line| line.strip_prefix(mask)).unwrap();
        assert_eq!(line.trim(), "0000000000000000", "{mask}");
    }
}

#[test]
fn the_working_directory_is_entered() {
    let daemon = Daemon::start();
    let folder = daemon.base().join("a folder");
    fs::create_dir(&folder).unwrap();
    let service = daemon.service("web").key("WorkingDirectory", folder.to_str().unwrap());
    let facts = facts(&daemon, &service);
    assert_eq!(facts["cwd"], json!(folder), "{facts}");
}

#[test]
fn a_umask_is_decimal_as_a_number_and_octal_as_a_string_with_a_zero() {
    for (value, umask) in [(json!(18), 0o022), (json!("027"), 0o027), (json!("18"), 18)] {
        let daemon = Daemon::start();
        let facts = facts(&daemon, &daemon.service("web").key("Umask", value.clone()));
        assert_eq!(facts["umask"], umask, "Umask {value}");
    }
}

#[test]
fn nice_is_set() {
    let daemon = Daemon::start();
    let facts = facts(&daemon, &daemon.service("web").key("Nice", 7));
    assert_eq!(facts["nice"], 7, "{facts}");
}

/// The numbers are Linux's: policy 0 is the usual one and 3 batch; class 0 is none and 3 idle.
#[cfg(target_os = "linux")]
#[test]
fn the_process_type_and_low_priority_keys_put_a_service_behind_others() {
    let usual = json!({"policy": 0, "io_class": 0});
    let batch = json!({"policy": 3, "io_class": 0});
    let idle_disk = json!({"policy": 0, "io_class": 3});
    let both = json!({"policy": 3, "io_class": 3});
    let cases = [
        (json!({}), 0, &usual),
        (json!({"ProcessType": "Background"}), 10, &batch),
        (json!({"POSIXSpawnType": "Background"}), 10, &batch),
        (json!({"ProcessType": "Background", "Nice": 3}), 3, &batch),
        (json!({"ProcessType": "Background", "Nice": 0}), 0, &batch),
        (json!({"ProcessType": "Background", "LowPriorityBackgroundIO": true}), 10, &both),
        (json!({"ProcessType": "Background", "LowPriorityIO": true, "Nice": 19}), 19, &both),
        (json!({"ProcessType": "Standard", "LowPriorityIO": true}), 0, &idle_disk),
        (json!({"ProcessType": "Adaptive", "LowPriorityBackgroundIO": true}), 0, &usual),
        (json!({"ProcessType": "Interactive"}), 0, &usual),
    ];
    for (keys, nice, scheduling) in cases {
        let daemon = Daemon::start();
        let mut service = daemon.service("web").does(&["--facts"]);
        for (name, value) in keys.as_object().unwrap() {
            service = service.key(name, value.clone());
        }
        let output = service.add_in_any_case();
        let log = daemon.wait_logged("web", "\"cwd\"");
        let facts: Value = log.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap();
        assert_eq!((&facts["nice"], &facts["scheduling"]), (&json!(nice), scheduling), "{keys}");
        for name in keys.as_object().unwrap().keys().filter(|name| *name != "Nice") {
            let note = format!("{name} is approximated on linux: ");
            assert!(output.stderr.contains(&note), "{keys}: {output:?}");
        }
    }
}

#[test]
fn a_priority_above_others_takes_root() {
    if skip_unless_root() {
        return;
    }
    let daemon = Daemon::start();
    let facts = facts(&daemon, &daemon.service("web").key("Nice", -5));
    assert_eq!(facts["nice"], -5, "{facts}");
}

#[test]
fn standard_streams_go_where_the_definition_says_and_append() {
    let daemon = Daemon::start();
    let [input, out, err] = ["in", "out", "err"].map(|name| daemon.base().join(name));
    fs::write(&input, "").unwrap();
    fs::write(&out, "before\n").unwrap();
    let service = daemon.service("web").does(&["--print", "said", "--stderr", "complained"]);
    let facts_line = service
        .key("StandardInPath", input.to_str().unwrap())
        .key("StandardOutPath", out.to_str().unwrap())
        .key("StandardErrorPath", err.to_str().unwrap());
    let facts = facts(&daemon, &facts_line);
    assert_eq!(facts["descriptors"]["0"], json!(input), "{facts}");
    let text = fs::read_to_string(out).unwrap();
    assert!(text.starts_with("before\nsaid\n{"), "{text}");
    assert_eq!(fs::read_to_string(err).unwrap(), "complained\n");
}

#[test]
fn both_streams_may_go_to_one_file() {
    let daemon = Daemon::start();
    let log = daemon.base().join("both");
    let service = daemon.service("web").does(&["--stderr", "one", "--print", "two"]);
    let path = log.to_str().unwrap();
    service.key("StandardOutPath", path).key("StandardErrorPath", path).add();
    daemon.wait_logged("web", "two\n");
    assert_eq!(fs::read_to_string(log).unwrap(), "one\ntwo\n");
}

#[test]
fn user_and_group_are_taken_on() {
    if skip_unless_root() {
        return;
    }
    let Ok(Some(nobody)) = nix::unistd::User::from_name("nobody") else {
        skip("users", "there is none called nobody");
        return;
    };
    let daemon = Daemon::start();
    open_to_all(daemon.base());
    let facts = facts(&daemon, &daemon.service("web").key("UserName", "nobody"));
    assert_eq!(facts["uid"], nobody.uid.as_raw(), "{facts}");
    assert_eq!(facts["gid"], nobody.gid.as_raw(), "{facts}");
    assert!(!facts["groups"].as_array().unwrap().contains(&json!(0)), "{facts}");
    assert_eq!(facts["environment"]["USER"], "nobody", "{facts}");
}

#[test]
fn a_group_is_taken_on_alone_or_in_the_place_of_the_users_own() {
    if skip_unless_root() {
        return;
    }
    let daemon = Daemon::start();
    open_to_all(daemon.base());
    let group = nix::unistd::Group::from_name("daemon").unwrap().expect("every system has one");
    let alone = facts(&daemon, &daemon.service("web").key("GroupName", "daemon"));
    assert_eq!((&alone["uid"], &alone["gid"]), (&json!(0), &json!(group.gid.as_raw())), "{alone}");
    daemon.done(&["remove", "web"]);
    fs::remove_file(daemon.base().join("logs/web.log")).unwrap();
    let service = daemon.service("web").key("UserName", "nobody").key("GroupName", "daemon");
    let facts = facts(&daemon, &service.key("InitGroups", false));
    assert_eq!(facts["gid"], group.gid.as_raw(), "{facts}");
    assert_eq!(facts["groups"], json!([group.gid.as_raw()]), "{facts}");
}

/// The puppet writes down what it does as whoever it runs as.
pub(crate) fn open_to_all(base: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for folder in [base.to_owned(), base.join("journals")] {
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    }
    for folder in BINARIES.puppet.ancestors().skip(1) {
        let mode = fs::metadata(folder).unwrap().permissions().mode();
        assert!(mode & 0o001 != 0, "nobody may not enter {}", folder.display());
    }
}

#[test]
fn limits_are_set_soft_and_hard() {
    let daemon = Daemon::start();
    let soft = json!({"Core": 0, "CPU": 1000, "Data": 1_u64 << 40, "FileSize": 1_u64 << 30,
        "MemoryLock": 4096, "NumberOfFiles": 100, "NumberOfProcesses": 500, "Stack": 1 << 20});
    let hard = json!({"Core": 4096, "CPU": 2000, "Data": 1_u64 << 41, "FileSize": 1_u64 << 31,
        "MemoryLock": 8192, "NumberOfFiles": 200, "NumberOfProcesses": 600, "Stack": 1 << 21});
    let service = daemon.service("web").key("SoftResourceLimits", soft.clone());
    let facts = facts(&daemon, &service.key("HardResourceLimits", hard.clone()));
    for (name, limits) in facts["limits"].as_object().unwrap() {
        assert_eq!(limits, &json!([soft[name], hard[name]]), "{name}: {facts}");
    }
    assert_eq!(facts["limits"].as_object().unwrap().len(), soft.as_object().unwrap().len());
}

#[test]
fn a_hard_limit_lowers_the_soft_one_and_the_largest_number_means_none() {
    let daemon = Daemon::start();
    let service = daemon.service("web").key("SoftResourceLimits", json!({"FileSize": i64::MAX}));
    let service = service.key("HardResourceLimits", json!({"NumberOfFiles": 64}));
    let facts = facts(&daemon, &service);
    assert_eq!(facts["limits"]["NumberOfFiles"], json!([64, 64]), "{facts}");
    assert_eq!(facts["limits"]["FileSize"][0], Value::Null, "{facts}");
}

/// Adds a definition that cannot be started and returns all that was said.
#[track_caller]
fn fails(daemon: &Daemon, keys: &Value) -> String {
    let mut definition = json!({"Label": "web", "RunAtLoad": true});
    definition.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    let file = daemon.base().join("web.plist");
    fs::write(&file, property_list(&definition)).unwrap();
    let output = daemon.ctl(&["add", file.to_str().unwrap()]);
    assert_eq!(output.code, 1, "{output:?}");
    let status = daemon.row("web")["status"].clone();
    assert_eq!(status, 78, "the status of what could not be set up");
    output.stdout + &output.stderr
}

#[test]
fn a_failed_start_names_the_stage_the_path_and_the_reason() {
    let daemon = Daemon::start();
    let base = daemon.base();
    let [text, script] = ["text", "script"].map(|name| base.join(name));
    fs::write(&text, "no program").unwrap();
    fs::write(&script, "#!/nowhere/interpreter\n").unwrap();
    set_mode(&script, 0o755);
    let puppet = BINARIES.puppet.to_str().unwrap();
    let cases = [
        (json!({"ProgramArguments": ["/nowhere/web"]}), "exec /nowhere/web: No such file"),
        (json!({"ProgramArguments": [text]}), "text: Permission denied"),
        (json!({"ProgramArguments": [base]}), "Permission denied"),
        (json!({"ProgramArguments": ["no-such-program-at-all"]}), "no-such-program-at-all"),
        (json!({"ProgramArguments": [script]}), "/nowhere/interpreter"),
        (
            json!({"ProgramArguments": [puppet], "WorkingDirectory": "/nowhere"}),
            "chdir /nowhere: No such file or directory",
        ),
        (
            json!({"ProgramArguments": [puppet], "StandardOutPath": "/nowhere/log"}),
            "open /nowhere/log: No such file or directory",
        ),
        (json!({"ProgramArguments": [puppet], "StandardErrorPath": "/"}), "open /: Is a directory"),
    ];
    for (keys, words) in cases {
        let said = fails(&daemon, &keys);
        assert!(said.contains(words), "{keys}: {said:?} lacks {words:?}");
        daemon.done(&["remove", "web"]);
    }
}

#[test]
fn an_unknown_user_or_group_is_named() {
    if skip_unless_root() {
        return;
    }
    let daemon = Daemon::start();
    let puppet = BINARIES.puppet.to_str().unwrap();
    for key in ["UserName", "GroupName"] {
        let said = fails(&daemon, &json!({"ProgramArguments": [puppet], key: "no-such-one"}));
        assert!(said.contains("no-such-one"), "{key}: {said}");
        daemon.done(&["remove", "web"]);
    }
}

pub(crate) fn set_mode(file: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}
