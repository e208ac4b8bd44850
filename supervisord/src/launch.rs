//! From a definition to what it takes to start its process.
//!
//! The environment is made anew at every start from the definition and a few facts of the daemon's
//! own, so that it never depends on who started the daemon from which shell.

use std::ffi::OsString;
use std::path::{MAIN_SEPARATOR_STR as SLASH, Path, PathBuf};

use protocol::address::Paths;
use protocol::definition::{Definition, KillMode, Limits, ProcessType, UNLIMITED, file_name};

use crate::os::{
    self, Account, Environment, Launch, Limit, Patterns, Reach, Resource, Signal, Stdio,
};

/// What the system needs to start the process of that definition.
#[must_use]
pub fn launch(definition: &Definition, paths: &Paths) -> Launch {
    let rare = &definition.rare;
    let files = &rare.supervisor.environment_files;
    let is_background = rare.process_type == ProcessType::Background;
    Launch {
        program: definition.executable().into(),
        arguments: definition.arguments().iter().map(OsString::from).collect(),
        patterns: match (rare.enable_globbing, &definition.program) {
            (false, _) => Patterns::None,
            (true, Some(_)) => Patterns::Arguments,
            (true, None) => Patterns::ProgramToo,
        },
        environment: variables(definition),
        base: os::base_environment(definition.user_name.is_some()),
        environment_files: files.iter().map(|file| Path::new(SLASH).join(file)).collect(),
        directory: directory(definition),
        root: root(definition),
        stdin: stdio(rare.standard_in_path.as_deref()).unwrap_or(Stdio::Null),
        stdout: output(definition.standard_out_path.as_deref(), definition, paths),
        stderr: output(definition.standard_error_path.as_deref(), definition, paths),
        account: account(definition),
        umask: definition.umask,
        nice: definition.nice,
        is_background,
        has_idle_disk: rare.low_priority_io || (is_background && rare.low_priority_background_io),
        limits: limits(&rare.soft_limits, &rare.hard_limits),
        is_held: rare.wait_for_debugger,
        reach: reach(definition),
        ..Launch::new(definition.label.clone(), definition.executable())
    }
}

/// What is about to be started, for the log. Values of variables may be secrets and are left out.
#[must_use]
pub fn summary(launch: &Launch) -> String {
    let variables = launch.base.iter().chain(&launch.environment);
    let names: Vec<_> = variables.map(|(name, _)| name.to_string_lossy()).collect();
    let root = launch.root.as_ref().map(|root| format!(" below {}", root.display()));
    let user = launch.account.as_ref().and_then(|account| account.user.as_ref());
    let user = user.map(|user| format!(" as {user}"));
    format!(
        "entering {} as {:?} in {}{}{}, with variables {}",
        launch.program.display(),
        launch.arguments,
        launch.directory.display(),
        root.unwrap_or_default(),
        user.unwrap_or_default(),
        names.join(" ")
    )
}

/// Where a stream's text is found; `None` when it goes nowhere.
#[must_use]
pub fn log_file(path: Option<&str>, definition: &Definition, paths: &Paths) -> Option<PathBuf> {
    match path {
        Some(path) if path == os::NULL => None,
        Some(path) => Some(outside(definition, &directory(definition).join(path))),
        None => Some(paths.log(&file_name(&definition.label))),
    }
}

/// Where the process starts, as it sees it: `/`, unless its definition says otherwise.
#[must_use]
pub fn directory(definition: &Definition) -> PathBuf {
    Path::new(SLASH).join(definition.working_directory.as_deref().unwrap_or_default())
}

/// What becomes its `/`.
fn root(definition: &Definition) -> Option<PathBuf> {
    definition.rare.root_directory.as_ref().map(|root| Path::new(SLASH).join(root))
}

/// Where a path that the process sees is for us.
fn outside(definition: &Definition, path: &Path) -> PathBuf {
    match root(definition) {
        Some(root) => root.join(path.strip_prefix(SLASH).unwrap_or(path)),
        None => path.to_owned(),
    }
}

/// Whose the process is, where that is said.
#[must_use]
pub fn account(definition: &Definition) -> Option<Account> {
    let rare = &definition.rare;
    (definition.user_name.is_some() || rare.group_name.is_some()).then(|| Account {
        user: definition.user_name.as_deref().map(str::to_owned),
        group: rare.group_name.clone(),
        init_groups: rare.init_groups,
    })
}

/// Whom stopping it reaches; inetd's servers are never followed further than launchd follows them.
#[must_use]
pub fn reach(definition: &Definition) -> Reach {
    let rare = &definition.rare;
    match rare.supervisor.kill_mode {
        _ if rare.abandon_process_group || rare.inetd.is_some() => Reach::Process,
        KillMode::Tree => Reach::Tree,
        KillMode::Mixed => Reach::Mixed,
        KillMode::Process => Reach::Process,
    }
}

/// What asks it to end.
#[must_use]
pub fn stop_signal(definition: &Definition) -> Signal {
    let named = definition.rare.supervisor.stop_signal.as_deref();
    named.and_then(os::signal_number).map_or(Signal::Terminate, Signal::Number)
}

fn output(path: Option<&str>, definition: &Definition, paths: &Paths) -> Stdio {
    let log = || Stdio::File(paths.log(&file_name(&definition.label)));
    stdio(path).unwrap_or_else(log)
}

fn stdio(path: Option<&str>) -> Option<Stdio> {
    path.map(|path| if path == os::NULL { Stdio::Null } else { Stdio::File(path.into()) })
}

fn variables(definition: &Definition) -> Environment {
    definition.environment.iter().map(|(name, value)| (name.into(), value.into())).collect()
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
