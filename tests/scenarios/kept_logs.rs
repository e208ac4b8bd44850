//! Which logs are rotated, how many are kept, and what happens to them under the daemon's hands.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use harness::{Daemon, PATIENCE, SmallDisk, fault, skip, wait_until};
use serde_json::json;

use super::rotation::{LINE, files, flood, judge, wait_kept};

#[test]
fn only_so_many_rotated_logs_of_so_many_bytes_are_kept() {
    let daemon = Daemon::start();
    let rotated = || files(&daemon.base().join("logs")).len() - 1;
    let add = |log: serde_json::Value| {
        let service = daemon.service("web").does(&["--flood", "8", "--exit", "0"]);
        let file = service.key("Supervisor", json!({ "Log": log })).file();
        daemon.done(&["add", "--replace", file.to_str().unwrap()]);
    };
    add(json!({ "MaxSize": "1M", "Keep": 3 }));
    daemon.wait_status("web", &json!(0));
    wait_kept(&daemon.base().join("logs"));
    assert_eq!(rotated(), 3);
    let text = daemon.done(&["logs", "web"]);
    assert!(text.ends_with(&format!("line {:010} as it comes    \n", (8 << 20) / LINE)));
    add(json!({ "MaxSize": "1M", "Keep": 1 }));
    wait_until("more to be removed, since the key is hot", PATIENCE, || rotated() == 1);
    add(json!({ "MaxSize": "1M", "Keep": 5, "MaxTotal": 1 }));
    wait_until("all to be removed", PATIENCE, || rotated() == 0);
}

#[test]
fn a_path_of_the_definition_is_rotated_only_where_it_says_so() {
    let daemon = Daemon::start();
    let [own, said] = ["own.log", "said.log"].map(|name| daemon.base().join(name));
    let service = |label: &str, path: &Path| {
        let service = daemon.service(label).does(&["--flood", "18", "--exit", "0"]);
        service.key("StandardOutPath", path.to_str().unwrap())
    };
    service("own", &own).add();
    service("said", &said).key("Supervisor", json!({ "Log": { "Keep": 9 } })).add();
    for label in ["own", "said"] {
        daemon.wait_status(label, &json!(0));
    }
    wait_until("the other to be rotated", PATIENCE, || {
        fs::metadata(&said).unwrap().len() < 16 << 20
    });
    assert_eq!(fs::metadata(own).unwrap().len(), 18 << 20, "launchd rotates none");
    assert_eq!(judge(&daemon.done(&["logs", "said"]), 18), Ok(()));
}

#[test]
fn what_is_not_ours_is_not_cut() {
    let daemon = Daemon::start();
    let folder = daemon.base();
    let big = "x".repeat(64) + "\n";
    let other = folder.join("other");
    fs::write(&other, big.repeat(40_000)).unwrap();
    for (name, reason) in [("linked", "symbolic links"), ("twice", "several")] {
        let path = folder.join(name);
        match name {
            "linked" => std::os::unix::fs::symlink(&other, &path).unwrap(),
            _ => fs::hard_link(&other, &path).unwrap(),
        }
        let log = json!({ "Log": { "MaxSize": "1M" } });
        let service = daemon.service(name).does(&["--print", "said"]).key("Supervisor", log);
        service.key("StandardOutPath", path.to_str().unwrap()).add();
        wait_until("it to be refused", PATIENCE, || daemon.log().contains(reason));
        let status = daemon.ctl(&["status", name]).stdout;
        assert!(status.contains("can't be rotated"), "{status}");
    }
    assert!(40_000 * big.len() as u64 <= fs::metadata(&other).unwrap().len());
}

#[test]
fn two_services_and_both_streams_share_a_file() {
    let daemon = Daemon::start();
    let shared = daemon.base().join("shared.log");
    let path = shared.to_str().unwrap();
    for label in ["one", "two"] {
        let service = daemon.service(label).does(&["--flood", "4", "--stderr", label]);
        let log = json!({ "Log": { "MaxSize": "1M", "Keep": 100 } });
        let service = service.does(&["--exit", "0"]).key("Supervisor", log);
        service.key("StandardOutPath", path).key("StandardErrorPath", path).add();
    }
    for label in ["one", "two"] {
        daemon.wait_status(label, &json!(0));
    }
    wait_until("the file to be rotated", PATIENCE, || {
        fs::metadata(&shared).unwrap().len() < 1 << 20
    });
    let text = daemon.done(&["logs", "one"]);
    assert_eq!(text, daemon.done(&["logs", "two"]));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines() {
        *counts.entry(line).or_default() += 1;
    }
    let lines = (4 << 20) / LINE as usize;
    let is_whole = |line: &&&str| ["one", "two"].contains(*line) || line.len() + 1 == LINE as usize;
    assert_eq!(counts.keys().find(|line| !is_whole(line)), None, "a line is torn");
    assert_eq!(counts.len(), lines + 2, "each line, and what each complained");
    assert!(counts.values().all(|count| *count == 2 || *count == 1));
    assert_eq!(counts.values().filter(|count| **count == 2).count(), lines);
}

#[test]
fn a_full_disk_holds_nobody_up_and_all_is_well_once_there_is_room() {
    let disk = match SmallDisk::mount("12m") {
        Ok(disk) => disk,
        Err(why) => return skip("logs on a full disk", &why),
    };
    let daemon = Daemon::start();
    let path = disk.path().join("web.log");
    let log = json!({ "MaxSize": "1M", "Keep": 2, "Compress": false });
    let service = daemon.service("web").does(&["--flood", "40", "--tick", "5"]);
    let service = service.key("StandardOutPath", path.to_str().unwrap());
    disk.fill();
    service.key("Supervisor", json!({ "Log": log })).add();
    let pid = daemon.pid_of("web");
    daemon.done(&["list"]);
    daemon.done(&["logs", "web"]);
    disk.free();
    wait_until("the service to go on", PATIENCE * 3, || {
        daemon.ctl(&["logs", "-n", "1", "web"]).stdout.starts_with("line 0000")
    });
    wait_until("its log to be small again", PATIENCE * 3, || {
        fs::metadata(&path).unwrap().len() < 2 << 20
    });
    assert_eq!(daemon.pid_of("web"), pid);
}

#[test]
fn a_log_that_is_deleted_or_moved_is_said_to_be_and_a_new_run_makes_a_new_one() {
    let daemon = Daemon::start();
    let live = daemon.base().join("logs/web.log");
    daemon.service("web").does(&["--tick", "5"]).add();
    daemon.wait_logged("web", "line 00000002");
    for (round, verb) in ["delete", "move"].into_iter().enumerate() {
        match verb {
            "delete" => fs::remove_file(&live).unwrap(),
            _ => fs::rename(&live, daemon.base().join("elsewhere")).unwrap(),
        }
        let status = daemon.ctl(&["status", "web"]).stdout;
        assert!(status.contains("restart web"), "{status}");
        daemon.done(&["restart", "web"]);
        wait_until("the new run to have a new file", PATIENCE, || {
            fs::metadata(&live).is_ok_and(|found| found.len() != 0)
        });
        let status = daemon.ctl(&["status", "web"]).stdout;
        assert!(!status.contains("restart web"), "{status}");
        let first = daemon.done(&["logs", "web"]);
        assert!(first.starts_with("line 00000001\n"), "{verb} {round}: {first}");
    }
}

#[test]
fn a_quiet_daemon_with_logs_does_not_wake() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--print", "said"]).add();
    daemon.wait_logged("web", "said");
    let switches = || {
        let thread = fault::threads(daemon.pid()).into_iter().find(|(_, name)| name == "logs");
        let (thread, _) = thread.expect("there is a thread that keeps logs");
        let status = fs::read_to_string(format!("/proc/{}/task/{thread}/status", daemon.pid()));
        let status = status.unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse::<u64>().unwrap()
    };
    // It has looked for the last time when two looks apart by more than its longest pause agree.
    let mut before = switches();
    let mut since = std::time::Instant::now();
    wait_until("the keeper of logs to sleep", PATIENCE, || {
        let now = switches();
        if now != before {
            (before, since) = (now, std::time::Instant::now());
        }
        std::time::Duration::from_secs(3) < since.elapsed()
    });
}

#[test]
fn rotated_logs_belong_to_the_account_of_the_service() {
    if !nix::unistd::geteuid().is_root() {
        return skip("logs of other accounts", "only root may start them");
    }
    let daemon = Daemon::start();
    flood(&daemon, 3).key("UserName", "nobody").add();
    daemon.wait_status("web", &json!(0));
    wait_kept(&daemon.base().join("logs"));
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap().uid.as_raw();
    for file in files(&daemon.base().join("logs")) {
        let found = fs::metadata(&file).unwrap();
        assert_eq!((found.uid(), found.permissions().mode() & 0o777), (nobody, 0o640), "{file:?}");
    }
    assert_eq!(judge(&daemon.done(&["logs", "web"]), 3), Ok(()));
}

#[test]
fn piped_logs_are_kept_and_read_like_others() {
    let daemon = Daemon::start();
    let log = json!({ "Mode": "Pipe", "MaxSize": "200K", "Keep": 3 });
    let service = daemon.service("web").does(&["--flood", "2", "--exit", "0"]);
    service.key("Supervisor", json!({ "Log": log })).add();
    daemon.wait_status("web", &json!(0));
    let folder = daemon.base().join("logs");
    wait_kept(&folder);
    wait_until("three to be kept", PATIENCE, || files(&folder).len() == 4);
    let text = daemon.done(&["logs", "web"]);
    let lines: Vec<&str> = text.lines().collect();
    let last = (2 << 20) / LINE;
    let first = last + 1 - lines.len() as u64;
    for (number, line) in (first..).zip(&lines) {
        assert!(line.starts_with(&format!("line {number:010}")), "{line} instead of {number}");
    }
    assert!(600 << 10 <= text.len() && text.len() < 900 << 10, "{}", text.len());
}

#[test]
fn what_is_known_of_a_log_goes_with_its_last_file_and_service() {
    let mut daemon = Daemon::start();
    let [web, db] = ["web", "db"].map(|label| daemon.base().join(format!("logs/{label}.log")));
    let add = |daemon: &Daemon, label: &str| {
        daemon.service(label).does(&["--print", "said", "--exit", "0"]).add();
        daemon.wait_logged(label, "said\n");
        wait_until("the end to be noted", PATIENCE, || {
            daemon.done(&["logs", "--marks", label]).contains("run 1 ended")
        });
    };
    let indexes = |daemon: &Daemon| {
        let entries = fs::read_dir(daemon.base().join("state/logs")).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        let mut names: Vec<String> =
            names.map(|name| name.split('-').next().unwrap().to_owned()).collect();
        names.sort();
        names.join(" ")
    };
    add(&daemon, "web");
    add(&daemon, "db");
    for number in 0..20 {
        let label = format!("brief{number}");
        let log = daemon.base().join(format!("logs/{label}.log"));
        add(&daemon, &label);
        fs::remove_file(log).unwrap();
        daemon.done(&["remove", &label]);
    }
    wait_until("those of the removed to go", PATIENCE, || indexes(&daemon) == "db web");
    daemon.done(&["remove", "web"]);
    fs::remove_file(db).unwrap();
    daemon.kill9();
    daemon.start_again();
    // One that is removed makes sure that all before it was looked at.
    add(&daemon, "last");
    fs::remove_file(daemon.base().join("logs/last.log")).unwrap();
    daemon.done(&["remove", "last"]);
    wait_until("the last one's to go", PATIENCE, || indexes(&daemon) == "db web");
    assert!(web.exists(), "its log is there, and db is a service");
    daemon.kill9();
    fs::remove_file(web).unwrap();
    daemon.start_again();
    wait_until("what nobody needs to go at the start", PATIENCE, || indexes(&daemon) == "db");
}
