//! A script in /etc/init.d, and the tools around it: what OpenRC and System V's init share.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::plan::{Call, File, Plan, Step};
use super::{Fault, Registration, Scope, Standing, quote, running};

/// Where scripts are.
const FOLDER: &str = "/etc/init.d";

/// One manager's own: its script and its commands.
pub(super) struct Script {
    /// What people call the manager.
    pub(super) manager: &'static str,
    /// The script as it is packaged.
    pub(super) template: &'static str,
    /// How a line of the template begins, and what stands there instead, quoted already.
    pub(super) lines: Vec<(&'static str, String)>,
    /// Has the script run at boot.
    pub(super) enable: Call,
    /// Undoes that.
    pub(super) disable: Call,
    /// It runs at boot.
    pub(super) is_enabled: bool,
    /// Runs the script for a verb.
    pub(super) run: fn(&Registration, &'static str) -> Call,
}

pub(super) fn install(registration: &Registration, script: &Script) -> Result<Plan, Fault> {
    of_system(registration, "install", script)?;
    let mut plan = Plan::default();
    let path = path(registration);
    let is_known = path.exists();
    plan.write(File { path, text: text(script), is_program: true });
    if !script.is_enabled {
        plan.run(script.enable.clone());
    }
    let (name, which) = (&registration.name, &registration.which);
    plan.note(if plan.steps.is_empty() {
        format!("{name}: already installed, nothing changed")
    } else if is_known {
        format!("{name}: installed anew, counts from its next start on")
    } else {
        format!("{name}: installed, starts at boot; now: supervisord start{which}")
    });
    Ok(plan)
}

pub(super) fn remove(registration: &Registration, script: &Script) -> Result<Plan, Fault> {
    of_system(registration, "remove", script)?;
    let mut plan = Plan::default();
    let path = path(registration);
    if path.exists() {
        if is_running(registration) {
            plan.run((script.run)(registration, "stop"));
        }
        // Each refuses it in its own order: OpenRC after, System V's tools before the file is gone.
        if script.is_enabled {
            plan.run(script.disable.clone());
        }
        plan.steps.push(Step::Delete(path));
    }
    registration.note_what_stays(&mut plan);
    Ok(plan)
}

pub(super) fn start(registration: &Registration, script: &Script) -> Result<Plan, Fault> {
    let done = "started; svcctl list shows what runs";
    change(registration, script, ("start", done, "runs already"))
}

pub(super) fn stop(registration: &Registration, script: &Script) -> Result<Plan, Fault> {
    change(registration, script, ("stop", "stopped, with all its services", "does not run"))
}

fn change(
    registration: &Registration,
    script: &Script,
    (verb, done, already): (&'static str, &str, &str),
) -> Result<Plan, Fault> {
    of_system(registration, verb, script)?;
    if !path(registration).exists() {
        return Err(registration.not_installed(verb));
    }
    let mut plan = Plan::default();
    let name = &registration.name;
    if is_running(registration) == (verb == "start") {
        plan.note(format!("{name}: {already}"));
    } else {
        plan.run((script.run)(registration, verb));
        plan.note(format!("{name}: {done}"));
    }
    Ok(plan)
}

pub(super) fn standing(registration: &Registration, script: &Script) -> Standing {
    let path = path(registration);
    let pid = fs::read_to_string(pid_file(registration)).ok();
    let pid = pid.and_then(|pid| pid.trim().parse().ok());
    Standing {
        place: path.exists().then(|| path.display().to_string()),
        is_enabled: path.exists() && script.is_enabled,
        is_running: path.exists() && is_running(registration),
        pid,
        look: vec![
            (script.run)(registration, "status").to_string(),
            format!("tail {}", quote::shell(&log_file(registration).to_string_lossy())),
        ],
    }
}

/// The script that is written.
pub(super) fn text(script: &Script) -> String {
    let mut text = String::new();
    for line in script.template.lines() {
        let other = script.lines.iter().find(|(start, _)| line.starts_with(start));
        match other {
            Some((start, rest)) => text.extend([start, rest.as_str()]),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// The arguments of a daemon that goes to the background, as words of a shell.
pub(super) fn arguments(registration: &Registration) -> String {
    let words = registration.arguments.iter().cloned().chain([OsString::from("--daemonize")]);
    let words: Vec<String> = words.map(|word| quote::shell(&word.to_string_lossy())).collect();
    words.join(" ")
}

/// The daemon's own record of its pid, which its lock makes true.
pub(super) fn pid_file(registration: &Registration) -> PathBuf {
    registration.paths.run.join("pid")
}

pub(super) fn path(registration: &Registration) -> PathBuf {
    Path::new(FOLDER).join(&registration.name)
}

fn log_file(registration: &Registration) -> PathBuf {
    let usual = || registration.paths.logs.join("supervisord.log");
    registration.log_file.clone().unwrap_or_else(usual)
}

fn is_running(registration: &Registration) -> bool {
    running::hello(&registration.paths).is_some()
}

/// These managers serve the machine only.
fn of_system(
    registration: &Registration,
    verb: &'static str,
    script: &Script,
) -> Result<(), Fault> {
    let cause = format!(
        "{} starts nothing for users; register it for the machine as root, or let your session \
         run supervisord --user --daemonize",
        script.manager
    );
    match registration.scope {
        Scope::System => Ok(()),
        Scope::User => Err(registration.unable(verb, &cause)),
    }
}
