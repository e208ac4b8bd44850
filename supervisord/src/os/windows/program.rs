//! The file to execute and the command line for it: as named or along the service's own PATH.
//!
//! Batch files are run by `cmd.exe`, which reads a line by rules of its own; what it could take for
//! anything but an argument is refused.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::arguments::{batch_line, command_line};
use crate::os::{Environment, Launch, SpawnError, Stage};

/// Endings that are tried in this order when a name has none that can be executed.
const ENDINGS: [&str; 4] = ["com", "exe", "bat", "cmd"];

/// What is executed.
pub(super) struct Program {
    /// The program that was found.
    pub(super) file: PathBuf,
    /// Its command line, ended by zero.
    pub(super) line: Vec<u16>,
    shell: Option<PathBuf>,
}

impl Program {
    /// Finds the program of a launch.
    pub(super) fn find(launch: &Launch) -> Result<Self, SpawnError> {
        let file = find(launch)?;
        if !is_batch(&file) {
            let line = command_line(&launch.arguments);
            return Ok(Self { file, line, shell: None });
        }
        let arguments = launch.arguments.get(1..).unwrap_or_default();
        let line = batch_line(file.as_os_str(), arguments).map_err(|detail| {
            SpawnError::because(Stage::Prepare, Some(file.clone().into()), detail.to_owned())
        })?;
        let root =
            variable(&launch.environment, "SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
        let shell = Some(Path::new(&root).join(r"System32\cmd.exe"));
        Ok(Self { file, line, shell })
    }

    /// The file that the system executes.
    pub(super) fn shell(&self) -> &Path {
        self.shell.as_deref().unwrap_or(&self.file)
    }
}

fn find(launch: &Launch) -> Result<PathBuf, SpawnError> {
    let is_path = 1 < launch.program.components().count();
    if is_path {
        let named = launch.directory.join(&launch.program);
        // One that is missing is told by whoever executes it.
        return Ok(executable(&named).unwrap_or(named));
    }
    let path = variable(&launch.environment, "PATH");
    let mut folders = path.iter().flat_map(std::env::split_paths);
    folders.find_map(|folder| executable(&folder.join(&launch.program))).ok_or_else(|| {
        let path = path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let detail = format!("not found in PATH ({path})");
        SpawnError::because(Stage::Exec, Some(launch.program.clone().into()), detail)
    })
}

/// The file of that name, or with one of the endings after it.
fn executable(named: &Path) -> Option<PathBuf> {
    let ended = |ending: &&str| {
        let mut name = named.as_os_str().to_owned();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    };
    let has_ending = ENDINGS.iter().any(|ending| is_ending(named, ending));
    let whole = std::iter::once(named.to_owned()).filter(|_| has_ending);
    let mut files = whole.chain(ENDINGS.iter().map(ended)).chain([named.to_owned()]);
    files.find(|file| file.is_file())
}

fn is_ending(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|known| known.eq_ignore_ascii_case(ending))
}

fn is_batch(file: &Path) -> bool {
    // The system drops blanks and dots at the end of a name.
    let name = file.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    let name = PathBuf::from(name.trim_end_matches([' ', '.']));
    is_ending(&name, "bat") || is_ending(&name, "cmd")
}

pub(super) fn variable(environment: &Environment, name: &str) -> Option<OsString> {
    let mut known = environment.iter().rev();
    known.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
}
