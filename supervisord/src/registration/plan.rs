//! What a verb is going to do, as data: shown by a dry run, performed otherwise. A step that is
//! there is needed; what already is as it should be makes no step.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use protocol::address::Paths;
use tempfile::NamedTempFile;
use thiserror::Error;

use super::running;
use crate::os::{self, logon, scm::Change};

/// How often a call is tried whose failure passes.
const TRIES: u32 = 60;

/// How often it is looked whether something has gone that may have services to stop first.
const LOOKS: u32 = 1200;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// What is going to be done, in order, and what is said at the end.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// What came of it, and what to do next.
    pub(super) notes: Vec<String>,
}

/// One change of the machine.
#[derive(Debug)]
pub(super) enum Step {
    /// Makes a folder with those above it.
    Folder(PathBuf),
    /// Puts a file in place, whole or not at all.
    Write(File),
    /// Deletes a file.
    Delete(PathBuf),
    /// Runs a command of the service manager's.
    Run(Call),
    /// Waits until a command fails: what it looks for is gone.
    Await(Call),
    /// Asks Windows' service control manager.
    Manage(Change),
    /// Changes what Windows starts at logon.
    Logon(logon::Change),
    /// Asks a supervisor to end, and waits until it has.
    End(Paths),
}

/// A file as it should be.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) is_program: bool,
}

/// A command of a service manager's.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// Exit codes with which it is done as well.
    pub(super) also_done: &'static [i32],
    /// Exit codes that pass when it is tried again.
    pub(super) passing: &'static [i32],
    /// What a failure means, and what to do.
    pub(super) explain: fn(&Said) -> Option<String>,
    /// What to look at when it fails.
    pub(super) hint: String,
}

/// What a command left behind.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// Its exit code; `None` when a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Why a step was not done.
#[derive(Debug, Error)]
pub enum Failure {
    /// A file or folder could not be changed.
    #[error("cannot {verb} {}: {cause}{}", path.display(), advice(cause))]
    Disk {
        /// What was tried.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// A command could not be run.
    #[error("cannot run {command}: {cause}; is that this machine's manager? --manager names it")]
    NotRun {
        /// The whole command.
        command: String,
        /// The system's words.
        cause: io::Error,
    },
    /// A command failed.
    #[error("{command} failed ({how}): {words}{meaning}")]
    Refused {
        /// The whole command.
        command: String,
        /// Its exit code.
        how: String,
        /// What it said.
        words: String,
        /// What that means, and what to do.
        meaning: String,
    },
    /// Windows, or the supervisor, refused.
    #[error("cannot {what}: {cause}")]
    Unmanaged {
        /// What was asked.
        what: String,
        /// Why, and what to do.
        cause: String,
    },
    /// What was to go is still there.
    #[error("{command} still succeeds after {} s: what it shows has not ended", waited())]
    StillThere {
        /// The whole command.
        command: String,
    },
}

fn advice(cause: &io::Error) -> &'static str {
    let is_forbidden = cause.kind() == io::ErrorKind::PermissionDenied;
    if is_forbidden { "; run it as root, or add --user" } else { "" }
}

const fn waited() -> u64 {
    PAUSE.as_millis() as u64 * LOOKS as u64 / 1000
}

impl Plan {
    /// Does it all, and tells each step once it is done.
    ///
    /// # Errors
    /// [`Failure`] of the first step that can't be done; the ones after it are not tried.
    pub(super) fn perform(&self, told: fn(&Step)) -> Result<(), Failure> {
        for step in &self.steps {
            step.perform()?;
            told(step);
        }
        Ok(())
    }

    /// Puts a file in place, unless it is there with that very text. True when it is a step.
    pub(super) fn write(&mut self, file: File) -> bool {
        if fs::read_to_string(&file.path).is_ok_and(|text| text == file.text) {
            return false;
        }
        self.folder(file.path.parent().unwrap_or(Path::new("/")));
        self.steps.push(Step::Write(file));
        true
    }

    /// Makes a folder that is not there.
    pub(super) fn folder(&mut self, folder: &Path) {
        if !folder.is_dir() {
            self.steps.push(Step::Folder(folder.to_owned()));
        }
    }

    pub(super) fn run(&mut self, call: Call) {
        self.steps.push(Step::Run(call));
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl Step {
    fn perform(&self) -> Result<(), Failure> {
        match self {
            Self::Folder(folder) => os::create_folder(folder, false).map_err(|cause| {
                Failure::Disk { verb: "create folder", path: folder.clone(), cause }
            }),
            Self::Write(file) => file.put().map_err(|cause| Failure::Disk {
                verb: "write",
                path: file.path.clone(),
                cause,
            }),
            Self::Delete(path) => fs::remove_file(path).map_err(|cause| Failure::Disk {
                verb: "delete",
                path: path.clone(),
                cause,
            }),
            Self::Run(call) => call.perform(),
            Self::Await(call) => call.vanish(),
            Self::Manage(change) => change
                .perform()
                .map_err(|cause| Failure::Unmanaged { what: change.to_string(), cause }),
            Self::Logon(change) => change
                .perform()
                .map_err(|cause| Failure::Unmanaged { what: change.to_string(), cause }),
            Self::End(paths) => {
                end(paths).map_err(|cause| Failure::Unmanaged { what: self.to_string(), cause })
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "create folder {}", path.display()),
            Self::Write(file) => write!(f, "write {}", file.path.display()),
            Self::Delete(path) => write!(f, "delete {}", path.display()),
            Self::Run(call) => write!(f, "run {call}"),
            Self::Await(call) => write!(f, "wait until this fails: {call}"),
            Self::Manage(change) => change.fmt(f),
            Self::Logon(change) => change.fmt(f),
            Self::End(paths) => write!(f, "shut down what answers on {}", paths.socket().display()),
        }
    }
}

impl File {
    fn put(&self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let mut beside = NamedTempFile::with_prefix_in(".supervisord-", folder)?;
        beside.write_all(self.text.as_bytes())?;
        if self.is_program {
            os::make_executable(beside.as_file())?;
        } else {
            os::make_readable(beside.as_file())?;
        }
        beside.as_file().sync_all()?;
        beside.persist(&self.path)?;
        os::sync_folder(folder)
    }
}

impl Call {
    /// A command whose every failure is one, with nothing to explain.
    pub(super) fn new<S: Into<OsString>>(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        let explain = |_: &Said| None;
        let hint = String::new();
        let program = program.into();
        Self { program, arguments, also_done: &[], passing: &[], explain, hint }
    }

    /// Runs it once and takes what it says.
    ///
    /// # Errors
    /// When it can't be run at all.
    pub(super) fn ask(&self) -> io::Result<Said> {
        let mut command = Command::new(&self.program);
        // The words of native tools are told to people and read by us: in one language.
        command.args(&self.arguments).stdin(Stdio::null()).env("LC_ALL", "C");
        let output = command.output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Ok(Said { code: output.status.code(), stdout, stderr })
    }

    /// What it prints when it succeeds.
    pub(super) fn answer(&self) -> Option<String> {
        self.ask().ok().filter(|said| said.code == Some(0)).map(|said| said.stdout)
    }

    fn perform(&self) -> Result<(), Failure> {
        for is_last in (1..=TRIES).map(|count| count == TRIES) {
            let cannot = |cause| Failure::NotRun { command: self.to_string(), cause };
            let said = self.ask().map_err(cannot)?;
            let is_in = |codes: &[i32]| said.code.is_some_and(|code| codes.contains(&code));
            if said.code == Some(0) || is_in(self.also_done) {
                return Ok(());
            }
            if is_last || !is_in(self.passing) {
                return Err(self.refused(&said));
            }
            pause();
        }
        Ok(())
    }

    fn vanish(&self) -> Result<(), Failure> {
        for _ in 0..LOOKS {
            if self.answer().is_none() {
                return Ok(());
            }
            pause();
        }
        Err(Failure::StillThere { command: self.to_string() })
    }

    fn refused(&self, said: &Said) -> Failure {
        let words = [&said.stderr, &said.stdout].into_iter().find(|words| !words.is_empty());
        let meaning = [(self.explain)(said), Some(self.hint.clone())];
        let meaning = meaning.into_iter().flatten().filter(|meaning| !meaning.is_empty());
        Failure::Refused {
            command: self.to_string(),
            how: said.code.map_or("ended by a signal".to_owned(), |code| format!("exit {code}")),
            words: words.map_or("it said nothing", String::as_str).to_owned(),
            meaning: meaning.map(|meaning| format!("\n  {meaning}")).collect(),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.display())?;
        for word in self.arguments.iter().map(OsString::as_os_str).map(OsStr::to_string_lossy) {
            write!(f, " {}", super::quote::shell(&word))?;
        }
        Ok(())
    }
}

fn end(paths: &Paths) -> Result<(), String> {
    running::shut_down(paths)?;
    for _ in 0..LOOKS {
        if running::hello(paths).is_none() {
            return Ok(());
        }
        pause();
    }
    Err(format!("it still answers after {} s", waited()))
}

#[expect(clippy::disallowed_methods, reason = "the service manager tells nobody when it is done")]
fn pause() {
    std::thread::sleep(PAUSE);
}
