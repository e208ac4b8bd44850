//! The daemon as a service of Windows: installed, started, stopped and removed.

use std::path::Path;

use harness::{Daemon, Output, PATIENCE, observer, wait_until};

/// A registration that is taken back whatever becomes of the scenario.
struct Installed<'a> {
    daemon: &'a Daemon,
    name: String,
    /// `--user`, or nothing.
    scope: &'static [&'static str],
}

impl<'a> Installed<'a> {
    fn of(daemon: &'a Daemon) -> Self {
        Self::in_scope(daemon, &[])
    }

    fn of_user(daemon: &'a Daemon) -> Self {
        Self::in_scope(daemon, &["--user"])
    }

    fn in_scope(daemon: &'a Daemon, scope: &'static [&'static str]) -> Self {
        let folder = daemon.base().file_name().unwrap().to_string_lossy().into_owned();
        Self { daemon, name: format!("{folder}-test"), scope }
    }

    /// `supervisord VERB`, for this registration.
    fn run(&self, verb: &str) -> Output {
        self.run_with(verb, &[])
    }

    fn run_with(&self, verb: &str, words: &[&str]) -> Output {
        let base: &Path = self.daemon.base();
        let program = &harness::BINARIES.supervisord;
        let mut command = std::process::Command::new(program);
        command.arg(verb).arg("--base").arg(base).args(["--name", &self.name]);
        command.args(self.scope).args(words);
        let output = command.env_remove("SUPERVISORD_BASE").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        Output { stdout: text(&output.stdout), stderr: text(&output.stderr), code }
    }

    #[track_caller]
    fn done(&self, verb: &str) -> String {
        let output = self.run(verb);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{verb}: {output:?}");
        output.stdout
    }

    /// The service's process, by the daemon's own word.
    fn pid(&self) -> u32 {
        u32::try_from(self.daemon.json(&["ping"])["pid"].as_u64().unwrap()).unwrap()
    }
}

impl Drop for Installed<'_> {
    fn drop(&mut self) {
        self.run("remove");
    }
}

#[test]
fn the_daemon_is_installed_started_stopped_and_removed_as_a_service() {
    let daemon = Daemon::prepare();
    let service = Installed::of(&daemon);
    assert_eq!(service.run("status").code, 4, "it is not installed yet");
    assert_eq!(service.run("start").code, 4);
    let said = service.done("install");
    assert!(said.contains("installed, starts at boot"), "{said}");
    let said = service.done("install");
    assert!(said.contains("already installed, nothing changed"), "{said}");
    assert_eq!(service.run("status").code, 3);

    service.done("start");
    assert!(service.done("start").contains("runs already"));
    let said = service.done("status");
    let pid = service.pid();
    assert!(said.contains(&format!("running, pid {pid}")), "{said}");
    daemon.service("web").key("KeepAlive", true).add();
    let web = daemon.running("web");

    assert!(service.done("stop").contains("stopped, with all its services"));
    assert!(!observer::lives(web), "a stop of the service is an orderly end");
    assert_eq!(daemon.count("web", "received TERM"), 1);
    wait_until("the daemon to end", PATIENCE, || !observer::lives(pid));
    assert!(service.done("stop").contains("does not run"));

    service.done("start");
    assert_ne!(daemon.running("web"), web);
    assert!(service.done("remove").contains("removed"));
    assert_eq!(observer::services_below(daemon.base()), []);
    assert!(service.done("remove").contains("is not installed"));
    assert!(daemon.base().join("services").join("web.plist").exists(), "definitions stay");
}

#[test]
fn a_service_that_was_killed_leaves_its_services_to_the_next() {
    let daemon = Daemon::prepare();
    let service = Installed::of(&daemon);
    service.done("install");
    service.done("start");
    daemon.service("web").key("KeepAlive", true).add();
    let web = daemon.running("web");
    let pid = service.pid();
    observer::kill(pid);
    wait_until("the service to end", PATIENCE, || !observer::lives(pid));
    assert!(observer::lives(web), "a service ended with the daemon");
    // Whoever starts it finds the domain free: here a person, before the manager does.
    let mut next = daemon.command().stderr(std::process::Stdio::null()).spawn().unwrap();
    wait_until("the next daemon to answer", PATIENCE, || daemon.ctl(&["ping"]).code == 0);
    assert_eq!(daemon.running("web"), web);
    daemon.done(&["shutdown"]);
    wait_until("the next daemon to end", PATIENCE, || next.try_wait().unwrap().is_some());
    assert!(!observer::lives(web));
}

/// The command that is written down for logons.
fn at_logon(name: &str) -> Option<String> {
    let key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
    let asked =
        std::process::Command::new("reg").args(["query", key, "/v", name]).output().unwrap();
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    text.lines().find_map(|line| Some(line.split_once("REG_SZ")?.1.trim().to_owned()))
}

#[test]
fn for_a_user_it_is_started_at_logon_and_needs_no_service() {
    let daemon = Daemon::prepare();
    let user = Installed::of_user(&daemon);
    assert_eq!(user.run("status").code, 4, "it is not installed yet");
    assert_eq!(user.run("start").code, 4);
    let would = user.run_with("install", &["--dry-run"]).stdout;
    assert!(would.contains("would have") && would.contains("--daemonize"), "{would}");
    assert_eq!(at_logon(&user.name), None, "a dry run changes nothing");
    let said = user.done("install");
    assert!(said.contains("installed, starts when you log on"), "{said}");
    let said = user.done("install");
    assert!(said.contains("already installed, nothing changed"), "{said}");
    let command = at_logon(&user.name).unwrap();
    assert!(command.contains("--base") && command.ends_with("--daemonize"), "{command}");
    assert_eq!(user.run("status").code, 3);

    user.done("start");
    assert!(user.done("start").contains("runs already"));
    let said = user.done("status");
    let pid = user.pid();
    assert!(said.contains(&format!("running, pid {pid}")), "{said}");
    daemon.service("web").key("KeepAlive", true).add();
    let web = daemon.running("web");

    assert!(user.done("stop").contains("stopped, with all its services"));
    assert!(!observer::lives(web));
    wait_until("the daemon to end", PATIENCE, || !observer::lives(pid));
    assert!(user.done("stop").contains("does not run"));

    user.done("start");
    let next = user.pid();
    assert!(user.done("remove").contains("removed"));
    wait_until("the daemon to end", PATIENCE, || !observer::lives(next));
    assert_eq!(at_logon(&user.name), None);
    assert!(user.done("remove").contains("is not installed"));
}
