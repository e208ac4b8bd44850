//! Whether the program of a definition is there and can be executed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use protocol::definition::Definition;

use super::machine::{Missing, is_absent, place};
use crate::os;

/// No system reads more of a script's first line.
const FIRST_LINE_MAX: u64 = 256;

/// What is the matter with the program, if anything.
pub(super) fn missing(definition: &Definition) -> Option<Missing> {
    let named = definition.executable();
    let key = if definition.program.is_some() { "Program" } else { "ProgramArguments[0]" };
    let missing = |cause: String, help: Option<String>| Some((key, cause, help));
    if definition.program.is_none() && definition.rare.enable_globbing && is_pattern(named) {
        return None;
    }
    let path = Path::new(named);
    let file = if path.is_absolute() {
        os::program_file(&place(definition, path))
    } else if named.contains(['/', '\\']) || definition.rare.root_directory.is_some() {
        return None;
    } else {
        let search = search_path(definition)?;
        match os::find_program(named, OsStr::new(search)) {
            Some(file) => file,
            None => {
                let cause = format!("is {named:?}, which is not found on its PATH ({search})");
                return missing(cause, Some("write the full path".to_owned()));
            }
        }
    };
    let found = fs::metadata(&file);
    if is_absent(&found) {
        return missing(format!("is {named:?}, which does not exist"), None);
    }
    let found = found.ok()?;
    if found.is_dir() {
        return missing(format!("is {named:?}, which is a folder"), None);
    }
    if !os::is_executable(&found) {
        let help = format!("chmod +x {}", crate::show::command(&[file.display().to_string()]));
        return missing(format!("is {named:?}, which is not executable"), Some(help));
    }
    let (cause, help) = script(definition, &file)?;
    missing(format!("is {named:?}, {cause}"), help)
}

/// True when the daemon will look what it stands for.
fn is_pattern(word: &str) -> bool {
    word.starts_with('~') || word.contains(['*', '?', '[', '\\'])
}

/// Along which a program without a slash is looked up; `None` where only the daemon knows.
fn search_path(definition: &Definition) -> Option<&str> {
    let default = os::SEARCH_PATH?;
    let own = definition.environment.iter().find(|(name, _)| name == "PATH");
    Some(own.map_or(default, |(_, value)| value))
}

/// What is the matter with a script, if it is one.
fn script(definition: &Definition, file: &Path) -> Option<(String, Option<String>)> {
    if !os::HAS_SCRIPTS {
        return None;
    }
    let mut head = Vec::new();
    File::open(file).ok()?.take(FIRST_LINE_MAX).read_to_end(&mut head).ok()?;
    let Some(line) = head.strip_prefix(b"#!") else {
        let is_text = head
            .iter()
            .take(64)
            .all(|byte| (b' '..=b'~').contains(byte) || b"\r\n\t".contains(byte));
        let cause = "which is neither a program nor begins with #! and an interpreter";
        let help = "write #!/bin/sh, or what it is for, in its first line";
        return is_text.then(|| (cause.to_owned(), Some(help.to_owned())));
    };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    if line.ends_with('\r') {
        let help = "save it with Unix line ends".to_owned();
        let cause = format!("a script whose interpreter is {:?}", line.trim_start());
        return Some((cause, Some(help)));
    }
    let mut words = line.split_whitespace();
    let interpreter = PathBuf::from(words.next()?);
    if is_absent(&fs::metadata(place(definition, &interpreter))) {
        let shown = interpreter.display();
        return Some((format!("a script whose interpreter {shown} does not exist"), None));
    }
    let through_env = interpreter.file_name().is_some_and(|name| name == "env");
    let name = words.find(|word| *word != "-S" && !word.contains('='))?;
    if !through_env || name.contains('/') || definition.rare.root_directory.is_some() {
        return None;
    }
    let search = search_path(definition)?;
    if os::find_program(name, OsStr::new(search)).is_some() {
        return None;
    }
    let cause = format!("a script run by {name}, which is not found on its PATH ({search})");
    Some((cause, Some("set PATH in EnvironmentVariables".to_owned())))
}
