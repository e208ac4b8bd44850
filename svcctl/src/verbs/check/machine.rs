//! What a definition names and this machine lacks. Looks, and changes nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use protocol::definition::{Definition, Fault, Read, Severity};

use super::program;
use crate::os;

/// Something that is missing: the key, what is the matter, and what to do.
pub(super) type Missing = (&'static str, String, Option<String>);

/// A warning for each thing that is not there.
pub(super) fn faults(read: &Read, definition: &Definition) -> Vec<Fault> {
    let mut missing: Vec<Missing> = Vec::new();
    missing.extend(program::missing(definition));
    missing.extend(account(definition));
    missing.extend(folder(definition));
    missing.extend(files(definition));
    missing.extend(host(definition));
    let warn =
        |(key, cause, help): Missing| super::fault(read, Severity::Warning, key, cause, help);
    let note = |(key, cause, help): Missing| super::fault(read, Severity::Note, key, cause, help);
    missing.into_iter().map(warn).chain(rotated(definition).into_iter().map(note)).collect()
}

/// Logs to be rotated where rotation can't be as good as elsewhere.
fn rotated(definition: &Definition) -> Vec<Missing> {
    if definition.rare.supervisor.log.is_unset() {
        return Vec::new();
    }
    let paths = [
        ("StandardOutPath", &definition.standard_out_path),
        ("StandardErrorPath", &definition.standard_error_path),
    ];
    let poor = paths.into_iter().filter_map(|(key, path)| {
        let path = path.as_deref().filter(|path| Path::new(path).is_absolute())?;
        let folder = place(definition, Path::new(path)).parent()?.to_owned();
        let cause = format!(
            "is {path:?}, whose file system can't take the head of a file away: rotation copies \
             the log and cuts it off, and what is written in that instant may be lost"
        );
        let help = "use ext4, xfs, or what lies on them".to_owned();
        (os::can_collapse(&folder) == Some(false)).then_some((key, cause, Some(help)))
    });
    poor.collect()
}

/// Where a path of the definition lies for us: below the folder that is its `/`.
pub(super) fn place(definition: &Definition, path: &Path) -> PathBuf {
    match (&definition.rare.root_directory, path.strip_prefix("/")) {
        (Some(root), Ok(inside)) => Path::new(root).join(inside),
        (Some(_) | None, _) => path.to_owned(),
    }
}

/// True when it is certain that there is nothing.
pub(super) fn is_absent<T>(found: &io::Result<T>) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    found.as_ref().is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}

fn host(definition: &Definition) -> Option<Missing> {
    let kept_off = definition.kept_off(&os::host_name())?;
    Some((kept_off.key, format!("{}; it is not loaded here", kept_off.cause), None))
}

fn account(definition: &Definition) -> impl Iterator<Item = Missing> {
    let user = definition.user_name.as_deref().filter(|name| !os::knows_user(name));
    let group = definition.rare.group_name.as_deref().filter(|name| !os::knows_group(name));
    let user = user.map(|name| ("UserName", format!("is {name:?}, no user of this machine"), None));
    let group =
        group.map(|name| ("GroupName", format!("is {name:?}, no group of this machine"), None));
    user.into_iter().chain(group)
}

fn folder(definition: &Definition) -> impl Iterator<Item = Missing> {
    let folders = [
        ("RootDirectory", definition.rare.root_directory.as_deref()),
        ("WorkingDirectory", definition.working_directory.as_deref()),
    ];
    let missing = folders.map(|(key, named)| {
        let path = named.map(Path::new).filter(|path| path.is_absolute())?;
        let place = match key {
            "RootDirectory" => path.to_owned(),
            _ => place(definition, path),
        };
        let found = fs::metadata(place);
        let cause = match found {
            found if is_absent(&found) => "which does not exist",
            Ok(found) if !found.is_dir() => "which is not a folder",
            Ok(_) | Err(_) => return None,
        };
        Some((key, format!("is {:?}, {cause}", path.display().to_string()), None))
    });
    missing.into_iter().flatten()
}

fn files(definition: &Definition) -> Vec<Missing> {
    let mut missing = Vec::new();
    let at = |path: &str| place(definition, Path::new(path));
    if let Some(path) = &definition.rare.standard_in_path
        && Path::new(path).is_absolute()
        && is_absent(&fs::metadata(at(path)))
    {
        missing.push(("StandardInPath", format!("is {path:?}, which does not exist"), None));
    }
    for path in &definition.rare.supervisor.environment_files {
        if Path::new(path).is_absolute() && is_absent(&fs::metadata(path)) {
            let cause = format!("names {path:?}, which does not exist");
            missing.push(("Supervisor.EnvironmentFile", cause, None));
        }
    }
    // Whether another user may write there is not ours to tell.
    let is_ours = definition.user_name.as_deref().is_none_or(os::is_user);
    for (key, path) in [
        ("StandardOutPath", &definition.standard_out_path),
        ("StandardErrorPath", &definition.standard_error_path),
    ] {
        // One that is relative, or to be expanded, was warned of already.
        let Some(path) = path.as_deref().filter(|path| Path::new(path).is_absolute()) else {
            continue;
        };
        if let Some((cause, help)) = log(&at(path), is_ours) {
            missing.push((key, format!("is {path:?}, {cause}"), help));
        }
    }
    missing
}

/// Why nothing can be written to the log, and what to do.
fn log(file: &Path, is_ours: bool) -> Option<(String, Option<String>)> {
    let folder = file.parent()?;
    if file.is_dir() {
        return Some(("which is a folder".to_owned(), Some("name a file".to_owned())));
    }
    let shown = folder.display();
    if is_absent(&fs::metadata(folder)) {
        let help = format!("mkdir -p {}", crate::show::command(&[shown.to_string()]));
        return Some((format!("but there is no folder {shown}"), Some(help)));
    }
    if !is_ours {
        return None;
    }
    match file.exists() {
        true if !os::is_writable(file) => Some(("which you may not write".to_owned(), None)),
        false if !os::is_writable(folder) => {
            Some((format!("but you may not write in {shown}"), None))
        }
        true | false => None,
    }
}
