//! A real daemon in a fresh folder, and everything a scenario does with it.
//!
//! Dropped, it is shut down and nothing of it may be left; a failed scenario shows its log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::client::{self, Output};
use crate::{BINARIES, Note, PATIENCE, Service, journal, observer, wait_for, wait_until};

/// `supervisord --base DIR`, running or not.
#[derive(Debug)]
pub struct Daemon {
    base: TempDir,
    child: Option<Child>,
    abandoned: bool,
}

impl Daemon {
    /// One that runs and answers.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let mut daemon = Self::prepare();
        daemon.start_again();
        daemon
    }

    /// Only its folder, so that files can be put in place first.
    ///
    /// # Panics
    /// When the machine has no place for temporary files.
    #[must_use]
    pub fn prepare() -> Self {
        // Sockets have short paths, and some systems' temporary folders have long ones.
        let place = if cfg!(unix) { PathBuf::from("/tmp") } else { std::env::temp_dir() };
        Self::prepare_in(&place)
    }

    /// Only its folder, in that place.
    ///
    /// # Panics
    /// When nothing can be written there.
    #[must_use]
    pub fn prepare_in(place: &Path) -> Self {
        let base = tempfile::Builder::new().prefix("sv-").tempdir_in(place);
        let base = base.expect("temporary folders can be made");
        fs::create_dir(base.path().join("services")).expect("the folder is ours");
        Self { base, child: None, abandoned: false }
    }

    /// Starts the daemon and waits until it answers.
    ///
    /// # Panics
    /// When it ends instead.
    #[track_caller]
    pub fn start_again(&mut self) {
        let log = File::options().append(true).create(true).open(self.base().join("daemon.log"));
        let log = log.expect("the folder is ours");
        let child = self.command().stdout(Stdio::null()).stderr(log).spawn();
        self.child = Some(child.expect("supervisord can be started"));
        self.abandoned = false;
        wait_until("the daemon to answer", PATIENCE, || {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok()?) {
                panic!("the daemon ended at once ({status}):\n{}", self.log());
            }
            self.ctl(&["ping"]).code == 0
        });
    }

    /// `supervisord --base DIR`, not yet started.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = client::cleansed(&BINARIES.supervisord);
        command.arg("--base").arg(self.base()).env("HOME", self.base());
        if let Some(level) = std::env::var_os("RUST_LOG") {
            command.env("RUST_LOG", level);
        }
        command
    }

    /// The folder everything of it is in.
    #[must_use]
    pub fn base(&self) -> &Path {
        self.base.path()
    }

    /// The daemon's process.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    #[track_caller]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the daemon runs").id()
    }

    /// What the daemon wrote on its standard error so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.base().join("daemon.log")).unwrap_or_default()
    }

    /// Ends the daemon in a way it cannot notice.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
            self.abandoned = true;
        }
    }

    /// True once the daemon has died by itself; it can be started again then.
    pub fn has_died(&mut self) -> bool {
        let has_ended = |child: &mut Child| child.try_wait().is_ok_and(|status| status.is_some());
        if self.child.as_mut().is_some_and(has_ended) {
            self.child = None;
            self.abandoned = true;
        }
        self.child.is_none()
    }

    /// Sends the daemon a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.pid().cast_signed());
        nix::sys::signal::kill(pid, signal).expect("the daemon is our child");
    }

    /// Waits until the daemon has ended by itself.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the daemon runs");
        wait_for("the daemon to end", PATIENCE, || child.try_wait().ok()?)
    }

    /// Ends the daemon in order.
    #[track_caller]
    pub fn shut_down(&mut self) {
        // What it waits for it may tell.
        let output = self.ctl(&["shutdown"]);
        assert_eq!(output.code, 0, "svcctl shutdown: {output:?}");
        let status = self.ended();
        assert!(status.success(), "the daemon ended with {status}:\n{}", self.log());
    }

    /// Runs `svcctl` with these words.
    #[track_caller]
    pub fn ctl(&self, arguments: &[&str]) -> Output {
        client::run(self.client(arguments))
    }

    /// `svcctl` with these words, not yet started.
    #[must_use]
    pub fn client(&self, arguments: &[&str]) -> Command {
        client::svcctl(self.base(), arguments)
    }

    /// Runs `svcctl`, which must succeed and complain about nothing; what it printed.
    #[track_caller]
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.ctl(arguments);
        assert!(
            output.code == 0 && output.stderr.is_empty(),
            "svcctl {}: exit {}\n{}{}",
            arguments.join(" "),
            output.code,
            output.stdout,
            output.stderr
        );
        output.stdout
    }

    /// Runs `svcctl`, which must fail with this code; its complaint.
    #[track_caller]
    pub fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.ctl(arguments);
        assert_eq!(output.code, code, "svcctl {}: {output:?}", arguments.join(" "));
        output.stderr
    }

    /// What `svcctl … --json` printed.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.done(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("not JSON: {text:?}: {error}"))
    }

    /// `list --json`'s object of one service, or null.
    #[track_caller]
    pub fn row(&self, label: &str) -> Value {
        let list = self.json(&["list"]);
        let rows = list.as_array().unwrap_or_else(|| panic!("list is no array: {list}"));
        rows.iter().find(|row| row["label"] == label).cloned().unwrap_or_default()
    }

    /// `status --json`'s object of one service, running or not.
    #[track_caller]
    pub fn json_of(&self, label: &str) -> Value {
        let output = self.ctl(&["status", label, "--json"]);
        assert!([0, 3].contains(&output.code), "status {label}: {output:?}");
        serde_json::from_str(&output.stdout).expect("status --json prints JSON")
    }

    /// The service's process, once it is up.
    #[track_caller]
    pub fn pid_of(&self, label: &str) -> u32 {
        wait_for(&format!("{label} to have a process"), PATIENCE, || {
            let row = self.row(label);
            let pid = row["pid"].as_u64().filter(|_| row["state"] == "up")?;
            u32::try_from(pid).ok()
        })
    }

    /// The puppet's process, once it is up and has noted its start.
    ///
    /// A service is up when its program was entered, which is before the program did anything.
    #[track_caller]
    pub fn running(&self, label: &str) -> u32 {
        let pid = self.pid_of(label);
        wait_until(&format!("{label} to note its start"), PATIENCE, || {
            self.journal(label).iter().any(|note| note.pid == pid && note.event == "start main")
        });
        pid
    }

    /// Waits until the service is in that state; its row.
    #[track_caller]
    pub fn wait_state(&self, label: &str, state: &str) -> Value {
        wait_for(&format!("{label} to be {state}"), PATIENCE, || {
            Some(self.row(label)).filter(|row| row["state"] == state)
        })
    }

    /// Waits until the service's last run has ended that way; its row.
    #[track_caller]
    pub fn wait_status(&self, label: &str, status: &Value) -> Value {
        wait_for(&format!("{label} to have status {status}"), PATIENCE, || {
            Some(self.row(label)).filter(|row| &row["status"] == status)
        })
    }

    /// Waits until `svcctl logs` shows that text of the service.
    #[track_caller]
    pub fn wait_logged(&self, label: &str, text: &str) -> String {
        wait_for(&format!("{label} to have logged {text:?}"), PATIENCE, || {
            Some(self.done(&["logs", label])).filter(|log| log.contains(text))
        })
    }

    /// A raw connection to the control socket.
    #[cfg(unix)]
    #[track_caller]
    pub fn wire(&self) -> crate::Wire {
        crate::Wire::connect(&self.socket()).expect("the control socket takes connections")
    }

    /// Where the control socket is.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.base().join("run").join("socket")
    }

    /// A puppet in the making.
    pub fn service(&self, label: &str) -> Service<'_> {
        Service::new(self, label)
    }

    /// Where the puppet of that label writes down what happens to it.
    #[must_use]
    pub fn journal_path(&self, label: &str) -> PathBuf {
        let folder = self.base().join("journals");
        fs::create_dir_all(&folder).expect("the folder is ours");
        folder.join(label)
    }

    /// What the puppet of that label wrote down.
    #[must_use]
    #[track_caller]
    pub fn journal(&self, label: &str) -> Vec<Note> {
        journal(&self.journal_path(label))
    }

    /// How many notes of that event the puppet wrote.
    #[must_use]
    #[track_caller]
    pub fn count(&self, label: &str, event: &str) -> usize {
        self.journal(label).iter().filter(|note| note.event == event).count()
    }

    /// Waits until the puppet has noted the event so many times.
    #[track_caller]
    pub fn wait_noted(&self, label: &str, event: &str, times: usize) {
        wait_until(&format!("{label} to note {event:?} {times} times"), PATIENCE, || {
            times <= self.count(label, event)
        });
    }

    /// Waits until the puppet noted that many starts.
    ///
    /// # Panics
    /// When there were more.
    #[track_caller]
    pub fn started(&self, label: &str, times: usize) {
        self.wait_noted(label, "start main", times);
        assert_eq!(self.count(label, "start main"), times, "starts of {label}");
    }

    /// Shuts down if it still runs, and says what is left that should not be.
    fn leave(&mut self) -> Vec<String> {
        let Some(mut child) = self.child.take() else { return Vec::new() };
        let mut faults = Vec::new();
        let alone = observer::cgroup(child.id());
        let groups: Vec<PathBuf> = observer::services_below(self.base())
            .iter()
            .filter_map(|process| observer::cgroup(process.pid))
            .filter(|group| Some(group) != alone.as_ref())
            .collect();
        let output = self.ctl(&["shutdown"]);
        if output.code != 0 {
            faults.push(format!("shutdown failed: {output:?}"));
        }
        if !patiently(|| child.try_wait().is_ok_and(|status| status.is_some())) {
            faults.push("the daemon did not end after shutdown".to_owned());
            let _ = child.kill();
        }
        let _ = child.wait();
        if cfg!(unix) && self.socket().exists() {
            faults.push("the control socket is left".to_owned());
        }
        let left = groups.iter().filter(|group| group.exists());
        faults.extend(left.map(|group| format!("a cgroup is left: {}", group.display())));
        faults
    }

    /// Ends by number what carries this folder's mark, and says what that was.
    fn sweep(&self) -> Vec<String> {
        let left = observer::services_below(self.base());
        for process in left.iter().filter(|process| observer::lives(process.pid)) {
            observer::kill(process.pid);
        }
        left.iter().map(|process| format!("a process is left: {process:?}")).collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let abandoned = self.abandoned;
        let log = self.log();
        if thread::panicking() {
            eprintln!("--- log of the daemon below {}\n{log}---", self.base().display());
            if let Some(mut child) = self.child.take() {
                // The client may hang where the daemon does; its going is what counts.
                let client = self.client(&["shutdown"]).stdout(Stdio::null()).spawn();
                if !patiently(|| child.try_wait().is_ok_and(|status| status.is_some())) {
                    let _ = child.kill();
                }
                let _ = child.wait();
                let _ = client.map(|mut client| client.wait());
            }
            self.sweep();
            return;
        }
        let mut faults = self.leave();
        let left = self.sweep();
        if !abandoned {
            faults.extend(left);
        }
        let log = self.log();
        assert!(faults.is_empty(), "{}\n--- log of the daemon\n{log}---", faults.join("\n"));
    }
}

fn patiently(mut condition: impl FnMut() -> bool) -> bool {
    for _ in 0..400 {
        if condition() {
            return true;
        }
        thread::sleep(Duration::from_millis(25));
    }
    false
}
