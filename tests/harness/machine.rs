//! A machine of its own: this one's systemd booted in namespaces, with the binaries under test in
//! it. Booted again it has the same disk, and nothing else of before.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::client::{self, Output};
use crate::{BINARIES, PATIENCE, skip, wait_until, workspace};

/// Where programs are found in it.
const PATH: &str = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where their disks are, which take memory.
const DISKS: &str = "/dev/shm";

/// How their folders' names begin; the pid of the test follows.
const PREFIX: &str = "sv-machine-";

/// It runs until it is dropped.
#[derive(Debug)]
pub struct Machine {
    folder: TempDir,
    boot: Child,
    init: u32,
}

impl Machine {
    /// One that has booted; says loudly why there is none where that can't be.
    ///
    /// # Panics
    /// When the binaries can't be put into it.
    #[must_use]
    pub fn boot(what: &str) -> Option<Self> {
        sweep();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(DISKS);
        let folder = match folder {
            Ok(folder) => folder,
            Err(error) => {
                skip(what, &format!("no tmpfs in /dev/shm: {error}"));
                return None;
            }
        };
        let programs = folder.path().join("changes/usr/local/bin");
        fs::create_dir_all(&programs).expect("the folder is ours");
        for program in [&BINARIES.supervisord, &BINARIES.svcctl, &BINARIES.puppet] {
            let name = program.file_name().expect("a program has a name");
            fs::copy(program, programs.join(name)).expect("programs can be copied");
        }
        match switch_on(&folder) {
            Ok((boot, init)) => Some(Self { folder, boot, init }),
            Err(reason) => {
                skip(what, &reason);
                None
            }
        }
    }

    /// Lets everything end in order, and boots again.
    ///
    /// # Panics
    /// When it does not come back.
    #[track_caller]
    pub fn reboot(&mut self) {
        // Its answer is lost with the connection.
        let _ = self.run(&["systemctl", "poweroff"]);
        wait_until("the machine to power off", PATIENCE, || {
            self.boot.try_wait().is_ok_and(|status| status.is_some())
        });
        self.boot_again();
    }

    /// Cuts the power, and boots again.
    ///
    /// # Panics
    /// When it does not come back.
    #[track_caller]
    pub fn cut_power(&mut self) {
        self.switch_off();
        self.boot_again();
    }

    /// Runs a program in it, as root with nothing in its environment.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Output {
        client::run(self.command(words))
    }

    /// A program in it, not yet started.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let init = self.init.to_string();
        let mut command = client::cleansed("nsenter".as_ref());
        command.args(["-t", &init, "-m", "-u", "-i", "-p", "-C", "env", "-i"]);
        command.arg(format!("PATH={PATH}")).args(["LC_ALL=C", "HOME=/root"]).args(words);
        command
    }

    /// Runs a program in it, which must succeed and complain about nothing; what it printed.
    #[track_caller]
    pub fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.code == 0 && output.stderr.is_empty(), "{words:?}: {output:?}");
        output.stdout.trim_end().to_owned()
    }

    /// Where a path of it is on the machine that tests it, for as long as it is on.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.init))
    }

    fn boot_again(&mut self) {
        let (boot, init) = switch_on(&self.folder).expect("what has booted boots again");
        (self.boot, self.init) = (boot, init);
    }

    fn switch_off(&mut self) {
        drop(self.boot.stdin.take());
        let _ = self.boot.wait();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.run(&["journalctl", "--no-pager", "--lines", "200"]);
            eprintln!("--- journal of the machine\n{}---", log.stdout);
        }
        self.switch_off();
    }
}

/// Removes what tests left that were killed.
fn sweep() {
    for entry in fs::read_dir(DISKS).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        let owner = owner.and_then(|pid| pid.parse::<u32>().ok());
        if owner.is_some_and(|pid| !PathBuf::from(format!("/proc/{pid}")).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn switch_on(folder: &TempDir) -> Result<(Child, u32), String> {
    let mut boot = Command::new(workspace().join("tests/systemd/boot.sh"))
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("tests/systemd/boot.sh: {error}"))?;
    let mut said = BufReader::new(boot.stdout.take().expect("it is piped"));
    let mut line = String::new();
    let _ = said.read_line(&mut line);
    match line.trim().strip_prefix("booted ").and_then(|pid| pid.parse().ok()) {
        Some(init) => Ok((boot, init)),
        None => {
            let _ = said.read_to_string(&mut line);
            let _ = boot.wait();
            Err(line.trim().to_owned())
        }
    }
}
