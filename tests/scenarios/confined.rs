//! RootDirectory: what a service sees as `/`, and what becomes of its paths, log and errors.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{BINARIES, Daemon, PATIENCE, Service, skip, wait_until};
use serde_json::json;

use crate::spawning::{facts, open_to_all, skip_unless_root};

/// A folder with nothing in it but the puppet, what it needs to run, and its journal's folder,
/// each under the path it has outside.
fn jail(daemon: &Daemon) -> Option<PathBuf> {
    let jail = daemon.base().join("jail");
    let needed = Command::new("ldd").arg(&BINARIES.puppet).output().ok()?;
    let needed = String::from_utf8(needed.stdout).unwrap();
    let libraries = needed.split_whitespace().filter(|word| word.starts_with('/'));
    for file in libraries.map(Path::new).chain([BINARIES.puppet.as_path()]) {
        let inside = below(&jail, file);
        fs::create_dir_all(inside.parent().unwrap()).unwrap();
        fs::copy(file, inside).unwrap();
    }
    let journals = daemon.journal_path("any").parent().unwrap().to_owned();
    for folder in [journals, "/srv".into(), "/log".into()] {
        fs::create_dir_all(below(&jail, &folder)).unwrap();
    }
    Some(jail)
}

fn below(jail: &Path, path: &Path) -> PathBuf {
    jail.join(path.strip_prefix("/").unwrap())
}

/// A service in such a folder, unless this machine can't have one.
fn confined(daemon: &Daemon) -> Option<(Service<'_>, PathBuf)> {
    if skip_unless_root() {
        return None;
    }
    let Some(jail) = jail(daemon) else {
        skip("confinement", "there is no ldd to tell what a program needs");
        return None;
    };
    Some((daemon.service("web").key("RootDirectory", jail.to_str().unwrap()), jail))
}

#[test]
fn a_root_directory_is_all_a_service_sees() {
    let daemon = Daemon::start();
    let Some((service, jail)) = confined(&daemon) else { return };
    let service = service.key("WorkingDirectory", "/srv").key("StandardErrorPath", "/log/err");
    let facts = facts(&daemon, &service.does(&["--stderr", "complained"]));
    assert_eq!(facts["cwd"], "/srv", "{facts}");
    let root = fs::read_link(format!("/proc/{}/root", daemon.pid_of("web"))).unwrap();
    assert_eq!(root, fs::canonicalize(&jail).unwrap());
    assert_eq!(fs::read_to_string(jail.join("log/err")).unwrap(), "complained\n");
    let status = daemon.json_of("web");
    assert_eq!(status["directory"], "/srv", "{status}");
    assert_eq!(status["stderr"], json!(jail.join("log/err")), "as seen from outside");
    assert_eq!(daemon.done(&["logs", "--stderr", "web"]), "complained\n");
}

#[test]
fn a_confined_user_still_writes_to_the_log_kept_outside() {
    let daemon = Daemon::start();
    let Some((service, jail)) = confined(&daemon) else { return };
    open_to_all(daemon.base());
    open_to_all(&below(&jail, daemon.base()));
    let facts = facts(&daemon, &service.key("UserName", "nobody"));
    assert_ne!(facts["uid"], 0, "{facts}");
    let pid = daemon.pid_of("web");
    assert!(fs::read_link(format!("/proc/{pid}/root")).unwrap().ends_with("jail"));
}

#[test]
fn what_is_missing_inside_is_missed_by_stage() {
    let daemon = Daemon::start();
    let Some((service, jail)) = confined(&daemon) else { return };
    let cases = [
        (service.clone().key("RootDirectory", "/nowhere"), "chroot /nowhere: No such file"),
        (service.clone().key("ProgramArguments", json!(["/bin/sh"])), "exec /bin/sh: No such file"),
        (service.clone().key("WorkingDirectory", "/usr/share"), "chdir /usr/share: No such file"),
        (service.clone().key("StandardOutPath", "/var/log"), "open /var/log: No such file"),
    ];
    for (service, words) in cases {
        let said = daemon.refused(1, &["add", service.file().to_str().unwrap()]);
        assert!(said.contains(words), "{said:?} lacks {words:?}");
        daemon.done(&["remove", "web"]);
    }
    // Its libraries are outside only.
    fs::remove_dir_all(jail.join("lib64")).unwrap();
    let said = daemon.refused(1, &["add", service.file().to_str().unwrap()]);
    assert!(said.contains("loader /lib64/"), "{said:?}");
}

#[test]
fn who_is_not_root_is_told_that_it_takes_root() {
    let daemon = Daemon::prepare();
    if skip_unless_root() {
        return;
    }
    let nobody = nix::unistd::User::from_name("nobody").unwrap().expect("every system has one");
    open_to_all(daemon.base());
    for folder in [daemon.base(), &daemon.base().join("services")] {
        nix::unistd::chown(folder, Some(nobody.uid), Some(nobody.gid)).unwrap();
    }
    let mut command = daemon.command();
    command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    wait_until("the daemon to answer", PATIENCE, || daemon.ctl(&["ping"]).code == 0);
    for (key, value, words) in [
        ("RootDirectory", "/srv", "chroot /srv: Operation not permitted; only a supervisord that"),
        ("UserName", "root", "setuid root: Operation not permitted; only a supervisord that"),
        ("GroupName", "root", "setuid root: Operation not permitted; only a supervisord that"),
    ] {
        let service = daemon.service("web").key(key, value);
        let said = daemon.refused(1, &["add", service.file().to_str().unwrap()]);
        assert!(said.contains(words), "{said:?} lacks {words:?}");
        daemon.done(&["remove", "web"]);
    }
    daemon.done(&["shutdown"]);
    assert!(child.wait().unwrap().success());
}
