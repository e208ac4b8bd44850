//! What keys mean beside one another: what is missing, what outdoes what, what can't work.
//!
//! Comes after [`super::check`], so every value here has the form its key asks for.

use super::cause::Cause;
use super::check::Checker;
use super::fault::Severity;
use super::limit::Limits;
use super::supervisor::{HealthKind, LogFormat, LogFull, LogMode, LogSink, ReadyKind};
use super::{Definition, KeepAlive, RestartOn, scalar};
use plist::Value;

/// Puts keys of older systems under their present names.
pub(super) fn old_names(keys: &mut plist::Dictionary, checker: &mut Checker) {
    if let Some(Value::Boolean(on_demand)) = keys.remove("OnDemand") {
        match keys.contains_key("KeepAlive") {
            true => checker.find(Severity::Warning, "OnDemand", &Cause::Outdone("KeepAlive")),
            false => {
                keys.insert("KeepAlive".to_owned(), Value::Boolean(!on_demand));
            }
        }
    }
    if let Some(old) = keys.remove("POSIXSpawnType") {
        match keys.contains_key("ProcessType") {
            true => {
                checker.find(Severity::Warning, "POSIXSpawnType", &Cause::Outdone("ProcessType"));
            }
            false => {
                keys.insert("ProcessType".to_owned(), old);
            }
        }
    }
}

/// Finds what only shows when several keys are looked at together.
pub(super) fn judge(
    definition: &mut Definition,
    checker: &mut Checker,
    root_line: Option<u32>,
    file_stem: Option<&str>,
) {
    let missing = |checker: &mut Checker, key: &str, cause: &Cause| {
        checker.find_at(Severity::Error, key, root_line, cause);
    };
    let (stem, format) = (file_stem.map(str::to_owned), checker.format);
    if !checker.is_used("Label") {
        missing(checker, "Label", &Cause::NoLabel { stem, format });
    }
    if definition.program.is_none() && definition.program_arguments.is_empty() {
        let given = ["Program", "ProgramArguments"].map(|key| checker.is_refused(key));
        match (checker.is_used("ProgramArguments"), checker.is_used("BundleProgram")) {
            _ if given.contains(&true) => {}
            (true, _) => checker.find(Severity::Error, "ProgramArguments", &Cause::NoArguments),
            (false, true) => {
                checker.find(Severity::Error, "BundleProgram", &Cause::OnlyBundleProgram);
            }
            (false, false) => missing(checker, "ProgramArguments", &Cause::NoProgram),
        }
    }
    executable(definition, checker);
    environment(definition, checker);
    starting(definition, checker);
    limits(definition, checker);
    supervisor(definition, checker);
}

fn executable(definition: &Definition, checker: &mut Checker) {
    let (None, Some(first)) = (&definition.program, definition.program_arguments.first()) else {
        return;
    };
    let is_path = first.contains(['/', '\\']);
    let (severity, cause) = match scalar::doubt_about_path(first) {
        _ if first.is_empty() => (Severity::Error, Cause::EmptyProgram),
        Some(doubt) if is_path && !definition.rare.enable_globbing => (Severity::Warning, doubt),
        Some(_) | None => return,
    };
    checker.find(severity, "ProgramArguments[0]", &cause);
}

fn environment(definition: &mut Definition, checker: &mut Checker) {
    definition.environment.retain(|(name, value)| {
        let is_name = !name.is_empty() && !name.contains(['=', '\0']);
        let cause = match name.as_str() {
            _ if !is_name => Cause::VariableName,
            "PATH" if scalar::has_variable(value) || value.contains('~') => {
                Cause::NotExpanded(value.clone())
            }
            _ => return true,
        };
        let key = format!("EnvironmentVariables.{name}");
        checker.find(Severity::Warning, &key, &cause);
        is_name
    });
}

fn starting(definition: &Definition, checker: &mut Checker) {
    let rare = &definition.rare;
    if definition.is_always_up() {
        for key in ["StartInterval", "StartCalendarInterval"] {
            if checker.is_used(key) {
                let rule = definition.restart().map_or("KeepAlive true", |_| "Restart On Always");
                checker.find(Severity::Warning, key, &Cause::KeptAliveAnyway(rule));
            }
        }
    }
    if let KeepAlive::When(conditions) = &definition.keep_alive {
        for (path, _) in &conditions.path_state {
            if let Some(doubt) = scalar::doubt_about_path(path) {
                let key = format!("KeepAlive.PathState.{path}");
                checker.find(Severity::Warning, &key, &doubt);
            }
        }
    }
    if rare.inetd.is_some() && rare.sockets.is_empty() {
        checker.find(Severity::Warning, "inetdCompatibility", &Cause::NoSockets);
    }
    for key in ["SandboxProfile", "SandboxContainer"] {
        if rare.launchd_only.contains(key) {
            checker.find(Severity::Warning, key, &Cause::NotConfined);
        }
    }
    let is_started_here = definition.run_at_load
        || definition.restart().is_some_and(|restart| restart.on != RestartOn::Never)
        || definition.keep_alive != KeepAlive::Never
        || rare.start_interval.is_some()
        || rare.start_on_mount
        || !rare.start_calendar.is_empty()
        || !rare.watch_paths.is_empty()
        || !rare.queue_directories.is_empty()
        || !rare.sockets.is_empty();
    if !is_started_here {
        for key in ["MachServices", "LaunchEvents"] {
            if rare.launchd_only.contains(key) {
                checker.find(Severity::Warning, key, &Cause::OnlyLaunchdStarts);
            }
        }
    }
}

fn limits(definition: &Definition, checker: &mut Checker) {
    let hard: Vec<_> = Limits::given(&definition.rare.hard_limits).collect();
    for (name, soft) in definition.rare.soft_limits.given() {
        let above = hard.iter().find(|(other, hard)| *other == name && *hard < soft);
        if let Some((_, hard)) = above {
            let cause = Cause::SoftAboveHard { soft, hard: *hard };
            checker.find(Severity::Warning, &format!("SoftResourceLimits.{name}"), &cause);
        }
    }
}

fn supervisor(definition: &Definition, checker: &mut Checker) {
    let ours = &definition.rare.supervisor;
    let mut needed = |at: &str, name: &str, is_there: bool, kind: &'static str| {
        if !is_there {
            let (key, line) = (format!("{at}.{name}"), checker.line(at));
            checker.find_at(Severity::Error, &key, line, &Cause::Needed(kind));
        }
    };
    if let Some(ready) = &ours.ready {
        let at = "Supervisor.Ready";
        match ready.kind {
            ReadyKind::Started | ReadyKind::Notify => {}
            ReadyKind::Fd => needed(at, "Fd", ready.fd.is_some(), "Fd"),
            ReadyKind::Tcp => needed(at, "Address", ready.address.is_some(), "Tcp"),
            ReadyKind::Http => needed(at, "Url", ready.url.is_some(), "Http"),
            ReadyKind::Command => needed(at, "Command", !ready.command.is_empty(), "Command"),
            ReadyKind::Log => needed(at, "Pattern", ready.pattern.is_some(), "Log"),
            ReadyKind::Delay => needed(at, "Delay", ready.delay.is_some(), "Delay"),
        }
    }
    if let Some(health) = &ours.health {
        let at = "Supervisor.Health";
        match health.kind {
            HealthKind::Tcp => needed(at, "Address", health.address.is_some(), "Tcp"),
            HealthKind::Http => needed(at, "Url", health.url.is_some(), "Http"),
            HealthKind::Command => needed(at, "Command", !health.command.is_empty(), "Command"),
        }
    }
    if ours.requires.iter().any(|(label, _)| *label == definition.label) {
        checker.find(Severity::Error, "Supervisor.Requires", &Cause::Itself);
    }
    if ours.after.contains(&definition.label) {
        checker.find(Severity::Error, "Supervisor.After", &Cause::Itself);
    }
    if ours.log.mode == LogMode::File {
        let log = &*ours.log;
        let of_pipes = [
            ("Timestamps", log.timestamps),
            ("Format", log.format != LogFormat::Text),
            ("LocalTime", log.local_time),
            ("Full", log.full != LogFull::Block),
            ("Sinks", log.sinks.iter().any(|sink| *sink != LogSink::File)),
        ];
        for (name, _) in of_pipes.into_iter().filter(|(_, is_said)| *is_said) {
            checker.find(Severity::Warning, &format!("Supervisor.Log.{name}"), &Cause::NeedsPipe);
        }
    }
}
