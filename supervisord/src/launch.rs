//! From a definition to what it takes to start its process.
//!
//! The environment is made anew at every start from the definition and a few facts of the daemon's
//! own, so that it never depends on who started the daemon from which shell.

use std::ffi::OsString;
use std::path::PathBuf;

use protocol::address::Paths;
use protocol::definition::{Definition, Limits, UNLIMITED, file_name};

use crate::os::{self, Account, Environment, Launch, Limit, Resource, Stdio};

/// What the system needs to start the process of that definition.
#[must_use]
pub fn launch(definition: &Definition, paths: &Paths) -> Launch {
    let rare = &definition.rare;
    Launch {
        program: definition.executable().into(),
        arguments: definition.arguments().iter().map(OsString::from).collect(),
        environment: environment(definition),
        directory: directory(definition),
        stdin: stdio(rare.standard_in_path.as_deref()).unwrap_or(Stdio::Null),
        stdout: output(definition.standard_out_path.as_deref(), definition, paths),
        stderr: output(definition.standard_error_path.as_deref(), definition, paths),
        account: account(definition),
        umask: definition.umask,
        nice: (definition.nice != 0).then_some(definition.nice),
        limits: limits(&rare.soft_limits, &rare.hard_limits),
        abandon_group: rare.abandon_process_group,
        ..Launch::new(definition.label.clone(), definition.executable())
    }
}

/// Where a stream's text is found; `None` when it goes nowhere.
#[must_use]
pub fn log_file(path: Option<&str>, definition: &Definition, paths: &Paths) -> Option<PathBuf> {
    match path {
        Some(path) if path == os::NULL => None,
        Some(path) => Some(directory(definition).join(path)),
        None => Some(paths.log(&file_name(&definition.label))),
    }
}

/// Where the process starts.
#[must_use]
pub fn directory(definition: &Definition) -> PathBuf {
    let root = || PathBuf::from(std::path::MAIN_SEPARATOR_STR);
    definition.working_directory.as_ref().map_or_else(root, PathBuf::from)
}

/// Whose the process is, where that is said.
#[must_use]
pub fn account(definition: &Definition) -> Option<Account> {
    let rare = &definition.rare;
    (definition.user_name.is_some() || rare.group_name.is_some()).then(|| Account {
        user: definition.user_name.clone(),
        group: rare.group_name.clone(),
        init_groups: rare.init_groups,
    })
}

fn output(path: Option<&str>, definition: &Definition, paths: &Paths) -> Stdio {
    let log = || Stdio::File(paths.log(&file_name(&definition.label)));
    stdio(path).unwrap_or_else(log)
}

fn stdio(path: Option<&str>) -> Option<Stdio> {
    path.map(|path| if path == os::NULL { Stdio::Null } else { Stdio::File(path.into()) })
}

fn environment(definition: &Definition) -> Environment {
    let mut environment = os::base_environment(definition.user_name.is_some());
    for (name, value) in &definition.environment {
        environment.retain(|(known, _)| !os::is_same_variable(known, name));
        environment.push((name.into(), value.into()));
    }
    environment
}

fn limits(soft: &Limits, hard: &Limits) -> Vec<Limit> {
    let resources = [
        (Resource::Core, "Core"),
        (Resource::Cpu, "CPU"),
        (Resource::Data, "Data"),
        (Resource::FileSize, "FileSize"),
        (Resource::MemoryLock, "MemoryLock"),
        (Resource::NumberOfFiles, "NumberOfFiles"),
        (Resource::NumberOfProcesses, "NumberOfProcesses"),
        (Resource::ResidentSetSize, "ResidentSetSize"),
        (Resource::Stack, "Stack"),
    ];
    let given = |limits: &Limits, name| {
        let value = limits.given().find(|(given, _)| *given == name).map(|(_, value)| value);
        value.map(|value| if UNLIMITED <= value { u64::MAX } else { value })
    };
    resources
        .into_iter()
        .map(|(resource, name)| Limit {
            resource,
            soft: given(soft, name),
            hard: given(hard, name),
        })
        .filter(|limit| limit.soft.is_some() || limit.hard.is_some())
        .collect()
}
