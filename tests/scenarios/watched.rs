//! Files and folders that start services, or keep them alive.

use std::fs;
use std::os::unix::fs::symlink;

use harness::{Daemon, PATIENCE, wait_until};
use serde_json::json;

use crate::triggers::{Fence, add_waiting, brief, text};

#[test]
fn a_watched_file_starts_the_service_when_it_appears_changes_is_replaced_and_goes() {
    let daemon = Daemon::start();
    let folder = daemon.base().join("far").join("away");
    let file = folder.join("file");
    let service = brief(&daemon, "web").key("WatchPaths", json!([text(&file)]));
    add_waiting(&service, &daemon, "web");
    let mut fence = Fence::new(&daemon);

    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("other"), "").unwrap();
    fence.pass();
    assert_eq!(daemon.count("web", "start main"), 0, "started before its path was there");

    let mut times = 0;
    let mut after = |act: &dyn Fn()| {
        act();
        fence.pass();
        times += 1;
        daemon.started("web", times);
    };
    after(&|| fs::write(&file, "new").unwrap());
    after(&|| fs::write(&file, "changed").unwrap());
    after(&|| {
        fs::write(folder.join("next"), "other").unwrap();
        fs::rename(folder.join("next"), &file).unwrap();
    });
    after(&|| fs::write(&file, "changed again").unwrap());
    after(&|| fs::remove_file(&file).unwrap());
    after(&|| fs::write(&file, "back").unwrap());
    after(&|| fs::rename(&folder, daemon.base().join("far").join("gone")).unwrap());
    after(&|| {
        fs::create_dir(&folder).unwrap();
        fs::write(&file, "elsewhere").unwrap();
    });
    after(&|| fs::write(&file, "and changed").unwrap());
}

#[test]
fn a_watched_folder_starts_the_service_when_names_come_and_go_but_not_for_what_is_inside() {
    let daemon = Daemon::start();
    let folder = daemon.base().join("folder");
    fs::create_dir_all(folder.join("sub")).unwrap();
    fs::write(folder.join("old"), "").unwrap();
    let service = brief(&daemon, "web").key("WatchPaths", json!([text(&folder)]));
    add_waiting(&service, &daemon, "web");
    let mut fence = Fence::new(&daemon);

    fs::write(folder.join("old"), "written").unwrap();
    fs::write(folder.join("sub").join("deep"), "").unwrap();
    fence.pass();
    daemon.started("web", 0);
    for (times, act) in [
        (1, (&|| fs::write(folder.join("new"), "").unwrap()) as &dyn Fn()),
        (2, &|| fs::rename(folder.join("new"), daemon.base().join("out")).unwrap()),
        (3, &|| fs::remove_file(folder.join("old")).unwrap()),
        (4, &|| fs::remove_dir_all(&folder).unwrap()),
        (5, &|| fs::create_dir(&folder).unwrap()),
        (6, &|| fs::write(folder.join("again"), "").unwrap()),
    ] {
        act();
        fence.pass();
        daemon.started("web", times);
    }
}

#[test]
fn a_watched_path_is_followed_over_links_that_are_changed() {
    let daemon = Daemon::start();
    let at = |name: &str| daemon.base().join(name);
    for release in ["one", "two"] {
        fs::create_dir(at(release)).unwrap();
        fs::write(at(release).join("conf"), release).unwrap();
    }
    symlink("one", at("current")).unwrap();
    let path = at("current").join("conf");
    let service = brief(&daemon, "web").key("WatchPaths", json!([text(&path)]));
    add_waiting(&service, &daemon, "web");
    let mut fence = Fence::new(&daemon);
    symlink("two", at("next")).unwrap();
    fs::rename(at("next"), at("current")).unwrap();
    fence.pass();
    daemon.started("web", 1);
    fs::write(at("one").join("conf"), "old release").unwrap();
    fence.pass();
    daemon.started("web", 1);
    fs::write(at("two").join("conf"), "new release").unwrap();
    fence.pass();
    daemon.started("web", 2);
}

#[test]
fn changes_during_a_run_are_one_more_run() {
    let daemon = Daemon::start();
    let (file, release) = (daemon.base().join("file"), daemon.base().join("release"));
    let service = brief(&daemon, "web").does(&["--until", text(&release)]);
    let service = service.key("WatchPaths", json!([text(&file)]));
    add_waiting(&service, &daemon, "web");
    let mut fence = Fence::new(&daemon);
    fs::write(&file, "").unwrap();
    fence.pass();
    daemon.started("web", 1);
    for round in 0..3 {
        fs::write(&file, round.to_string()).unwrap();
        fence.pass();
    }
    daemon.started("web", 1);
    fs::write(&release, "").unwrap();
    daemon.wait_noted("web", "start main", 2);
    daemon.wait_state("web", "waiting");
    fence.pass();
    daemon.started("web", 2);
}

#[test]
fn a_queue_is_worked_off_whenever_something_is_in_it() {
    let daemon = Daemon::start();
    let queue = daemon.base().join("spool").join("queue");
    let service = brief(&daemon, "work").does(&["--drain", text(&queue)]);
    let service = service.key("QueueDirectories", json!([text(&queue)]));
    add_waiting(&service, &daemon, "work");
    let mut fence = Fence::new(&daemon);
    fs::create_dir_all(&queue).unwrap();
    fence.pass();
    daemon.started("work", 0);
    for round in 1..=5 {
        fs::write(queue.join(".hidden"), "").unwrap();
        daemon.wait_noted("work", "start main", round);
        daemon.wait_state("work", "waiting");
        fence.pass();
        // Once a job: what it drained before it ended is no reason to start it again.
        daemon.started("work", round);
    }
    assert_eq!(daemon.row("work")["state"], "waiting");
}

#[test]
fn a_queue_that_is_not_emptied_starts_the_service_again() {
    let daemon = Daemon::start();
    let queue = daemon.base().join("queue");
    fs::create_dir(&queue).unwrap();
    fs::write(queue.join("job"), "").unwrap();
    let service = brief(&daemon, "work").key("QueueDirectories", json!([text(&queue)]));
    let added = service.add_in_any_case();
    assert!(added.stdout.starts_with("work: ") && !added.stdout.contains("already"), "{added:?}");
    daemon.wait_noted("work", "start main", 3);
    fs::remove_file(queue.join("job")).unwrap();
    daemon.wait_state("work", "waiting");
}

#[test]
fn a_path_that_exists_keeps_a_service_alive_and_its_end_does_not_stop_it() {
    let daemon = Daemon::start();
    let (path, release) = (daemon.base().join("path"), daemon.base().join("release"));
    let state = json!({"PathState": {text(&path): true}});
    let service = brief(&daemon, "web").does(&["--until", text(&release)]);
    add_waiting(&service.key("KeepAlive", state), &daemon, "web");
    fs::write(&path, "").unwrap();
    daemon.running("web");
    fs::remove_file(&path).unwrap();
    Fence::new(&daemon).pass();
    assert_eq!(daemon.row("web")["state"], "up");
    fs::write(&release, "").unwrap();
    daemon.wait_state("web", "waiting");
    daemon.started("web", 1);
    fs::create_dir(&path).unwrap();
    daemon.wait_noted("web", "start main", 4);
}

#[test]
fn a_path_that_is_missing_keeps_a_service_alive() {
    let daemon = Daemon::start();
    let path = daemon.base().join("path");
    fs::write(&path, "").unwrap();
    let state = json!({"PathState": {text(&path): false}});
    add_waiting(&brief(&daemon, "web").key("KeepAlive", state), &daemon, "web");
    fs::remove_file(&path).unwrap();
    daemon.wait_noted("web", "start main", 3);
    fs::write(&path, "").unwrap();
    daemon.wait_state("web", "waiting");
}

#[test]
fn a_condition_that_holds_when_the_service_is_added_starts_it_and_add_waits_for_that() {
    let daemon = Daemon::start();
    let state = json!({"PathState": {text(daemon.base()): true}});
    let service = daemon.service("web").without("RunAtLoad").key("KeepAlive", state);
    let said = service.add();
    assert!(said.contains("up, pid"), "{said}");
    daemon.running("web");
}

#[test]
fn a_replaced_definition_is_watched_by_its_new_paths_only() {
    let daemon = Daemon::start();
    let (old, new) = (daemon.base().join("old"), daemon.base().join("new"));
    let service = brief(&daemon, "web").key("WatchPaths", json!([text(&old)]));
    add_waiting(&service, &daemon, "web");
    let service = brief(&daemon, "web").key("WatchPaths", json!([text(&new)]));
    daemon.done(&["add", "--replace", text(&service.file())]);
    let mut fence = Fence::new(&daemon);
    fs::write(&old, "").unwrap();
    fence.pass();
    daemon.started("web", 0);
    fs::write(&new, "").unwrap();
    fence.pass();
    daemon.started("web", 1);
}

#[test]
fn events_that_are_lost_are_made_up_for_by_looking_at_everything() {
    let daemon = Daemon::start();
    let (busy, quiet) = (daemon.base().join("busy"), daemon.base().join("quiet"));
    fs::create_dir(&busy).unwrap();
    let queue = brief(&daemon, "quiet").key("WatchPaths", json!([text(&quiet)]));
    add_waiting(&queue, &daemon, "quiet");
    let service = daemon.service("busy").without("RunAtLoad");
    add_waiting(&service.key("WatchPaths", json!([text(&busy)])), &daemon, "busy");
    daemon.signal(nix::sys::signal::Signal::SIGSTOP);
    for number in 0..20_000 {
        fs::write(busy.join(number.to_string()), "").unwrap();
    }
    fs::write(&quiet, "").unwrap();
    daemon.signal(nix::sys::signal::Signal::SIGCONT);
    daemon.wait_noted("quiet", "start main", 1);
    daemon.wait_noted("busy", "start main", 1);
    wait_until("the loss to be in the log", PATIENCE, || daemon.log().contains("faster than"));
}
