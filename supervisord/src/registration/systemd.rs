//! systemd, the machine's or the caller's: a unit file, and systemctl.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::plan::{Call, File, Plan, Said, Step};
use super::{Fault, Registration, Scope, Standing, quote};

/// The unit of the machine's supervisor, as it is packaged.
pub(super) const SYSTEM: &str = include_str!("../../../packaging/systemd/supervisord.service");

/// The unit of a user's supervisor, as it is packaged.
pub(super) const USER: &str = include_str!("../../../packaging/systemd/user/supervisord.service");

pub(super) fn install(registration: &Registration) -> Plan {
    let mut plan = Plan::default();
    let path = path(registration);
    let is_known = path.exists();
    let is_written = plan.write(File { path, text: text(registration), is_program: false });
    if is_written {
        plan.run(systemctl(registration, &["daemon-reload"], ""));
    }
    if answer(registration, &["is-enabled"]).as_deref() != Some("enabled") {
        plan.run(of_unit(registration, &["enable", "--quiet"]));
    }
    let (name, which) = (&registration.name, &registration.which);
    if plan.steps.is_empty() {
        plan.note(format!("{name}: already installed, nothing changed"));
    } else if is_known {
        plan.note(format!("{name}: installed anew"));
        if state(registration) == "active" {
            let again = format!("supervisord stop{which} && supervisord start{which}");
            plan.note(format!(
                "the daemon that runs was started by the former unit; services end when it is \
                 started by the new one: {again}"
            ));
        }
    } else {
        plan.note(format!("{name}: installed, starts at boot; now: supervisord start{which}"));
    }
    if registration.scope == Scope::User && !has_linger() {
        plan.note(
            "it runs while you are logged in; to have it from boot on, and after you log out: \
             loginctl enable-linger",
        );
    }
    plan
}

pub(super) fn remove(registration: &Registration) -> Plan {
    let mut plan = Plan::default();
    let path = path(registration);
    if path.exists() {
        plan.run(of_unit(registration, &["disable", "--quiet", "--now"]));
        plan.steps.push(Step::Delete(path));
        plan.run(systemctl(registration, &["daemon-reload"], ""));
    }
    // A unit that failed is remembered without its file.
    if answer(registration, &["is-failed"]).as_deref() == Some("failed") {
        plan.run(of_unit(registration, &["reset-failed"]));
    }
    registration.note_what_stays(&mut plan);
    plan
}

pub(super) fn start(registration: &Registration) -> Result<Plan, Fault> {
    change(registration, "start", "started; svcctl list shows what runs", "runs already")
}

pub(super) fn stop(registration: &Registration) -> Result<Plan, Fault> {
    change(registration, "stop", "stopped, with all its services", "does not run")
}

fn change(
    registration: &Registration,
    verb: &'static str,
    done: &str,
    already: &str,
) -> Result<Plan, Fault> {
    if !path(registration).exists() {
        return Err(registration.not_installed(verb));
    }
    let mut plan = Plan::default();
    let name = &registration.name;
    let state = state(registration);
    let is_so = match verb {
        "start" => state == "active",
        // One that is about to be started again has to be stopped as well.
        _ => ["inactive", "failed", "unknown"].contains(&state.as_str()),
    };
    if is_so {
        plan.note(format!("{name}: {already}"));
    } else {
        plan.run(of_unit(registration, &[verb]));
        plan.note(format!("{name}: {done}"));
    }
    Ok(plan)
}

pub(super) fn standing(registration: &Registration) -> Standing {
    let path = path(registration);
    let unit = unit(registration);
    let users = if registration.scope == Scope::User { "--user " } else { "" };
    let pid = answer(registration, &["show", "--property=MainPID", "--value"]);
    Standing {
        place: path.exists().then(|| path.display().to_string()),
        is_enabled: answer(registration, &["is-enabled"]).as_deref() == Some("enabled"),
        is_running: state(registration) == "active",
        pid: pid.and_then(|pid| pid.parse().ok()).filter(|pid| *pid != 0),
        look: vec![
            format!("systemctl {users}status {unit}"),
            format!("journalctl {users}--unit {unit}"),
        ],
    }
}

/// The unit that is written.
pub(super) fn text(registration: &Registration) -> String {
    let Registration { program, arguments, display_name, description, .. } = registration;
    let words =
        std::iter::once(program.as_os_str()).chain(arguments.iter().map(OsString::as_os_str));
    let words: Vec<String> = words.map(|word| quote::unit_word(&word.to_string_lossy())).collect();
    let title = quote::unit_text(&format!("{display_name}: {description}"));
    let template = match registration.scope {
        Scope::System => SYSTEM,
        Scope::User => USER,
    };
    let mut text = String::new();
    for line in template.lines() {
        match line.split_once('=') {
            Some(("Description", _)) => text.push_str(&format!("Description={title}")),
            Some(("ExecStart", _)) => text.push_str(&format!("ExecStart={}", words.join(" "))),
            Some(_) | None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

fn unit(registration: &Registration) -> String {
    format!("{}.service", registration.name)
}

fn path(registration: &Registration) -> PathBuf {
    let folder = match registration.scope {
        Scope::System => PathBuf::from("/etc/systemd/system"),
        Scope::User => {
            let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
            let home = || PathBuf::from(set("HOME").unwrap_or_default()).join(".config");
            set("XDG_CONFIG_HOME").map_or_else(home, PathBuf::from).join("systemd/user")
        }
    };
    folder.join(unit(registration))
}

fn state(registration: &Registration) -> String {
    answer(registration, &["is-active"]).unwrap_or_default()
}

/// What systemctl prints about the unit, whatever its exit code is.
fn answer(registration: &Registration, words: &[&str]) -> Option<String> {
    of_unit(registration, words).ask().ok().map(|said| said.stdout)
}

fn of_unit(registration: &Registration, words: &[&str]) -> Call {
    systemctl(registration, words, &unit(registration))
}

fn systemctl(registration: &Registration, words: &[&str], unit: &str) -> Call {
    let is_users = registration.scope == Scope::User;
    let users = is_users.then_some("--user");
    let unit = Some(unit).filter(|unit| !unit.is_empty());
    let words = users.into_iter().chain(words.iter().copied()).chain(unit);
    let mut call = Call::new("systemctl", words);
    call.explain = explain;
    if unit.is_some() {
        let users = if is_users { "--user " } else { "" };
        let name = &registration.name;
        call.hint = format!("its log: journalctl {users}--unit {name}.service --lines 20");
    }
    call
}

/// What systemctl's own words leave open.
pub(super) fn explain(said: &Said) -> Option<String> {
    let meanings = [
        (
            "Failed to connect to bus",
            "no systemd of that user runs: log in properly (su and sudo make no session), \
             or, as root, let it run from boot on: loginctl enable-linger USER",
        ),
        (
            "not been booted with systemd",
            "another manager is process 1 here; name it with --manager",
        ),
        ("Access denied", "it needs root; your own supervisor is registered with --user"),
        (
            "Interactive authentication required",
            "it needs root; your own is registered with --user",
        ),
        ("is masked", "someone forbade that unit; systemctl unmask allows it again"),
        ("Unit file is masked", "someone forbade that unit; systemctl unmask allows it again"),
    ];
    let found = meanings.iter().find(|(words, _)| said.stderr.contains(words));
    found.map(|(_, meaning)| (*meaning).to_owned())
}

/// The user's systemd runs without a session.
fn has_linger() -> bool {
    let names = ["USER", "LOGNAME"].into_iter().filter_map(std::env::var_os);
    names.into_iter().any(|name| Path::new("/var/lib/systemd/linger").join(name).exists())
}
