//! launchd: a property list, and launchctl, whose codes say little and whose removals go on after
//! it returned.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::plan::{Call, File, Plan, Said, Step};
use super::{Fault, Registration, Scope, Standing, quote};
use crate::os;

/// The property list of the machine's supervisor, as it is packaged.
pub(super) const DAEMON: &str = include_str!("../../../packaging/launchd/supervisord.daemon.plist");

/// The property list of a user's supervisor, as it is packaged.
pub(super) const AGENT: &str = include_str!("../../../packaging/launchd/supervisord.agent.plist");

/// What launchctl's exit codes mean for us, and what to do. launchctl(1) documents none of them
/// beyond `launchctl error CODE`.
const CODES: [(i32, &str); 13] = [
    (1, "it is not permitted: the machine's services need root (sudo)"),
    (3, "nothing of that name is loaded"),
    (
        5,
        "launchd says that for many things: it is loaded already, the one before has not ended \
         yet, it is disabled, or the file or a folder above it is not root's (or, for an agent, \
         yours) or writable for others; supervisord status and launchctl print tell which",
    ),
    (17, "it is loaded already"),
    (36, "launchd is still ending the one before"),
    (37, "launchd is still at work on the one before"),
    (112, "there is no such domain: that user is not logged in"),
    (113, "nothing of that name is loaded"),
    (119, "it is disabled; launchctl enable allows it again"),
    (122, "the file or a folder above it has the wrong owner, or others may write to it"),
    (
        125,
        "a user's agents need a login at the Mac's own screen, which ssh is not; log in there, or \
         install for the machine: sudo supervisord install",
    ),
    (134, "it can't be loaded in this kind of session; log in at the Mac's own screen"),
    (150, "the system's integrity protection forbids it"),
];

/// Failures of `bootstrap` that pass, as long as the one before is ending.
const PASSING: &[i32] = &[5, 36, 37];

/// A `bootout` that has done or begun what it should.
const GOING: &[i32] = &[3, 36, 113];

pub(super) fn install(registration: &Registration) -> Plan {
    let mut plan = Plan::default();
    let path = path(registration);
    let is_known = path.exists();
    // launchd makes no folder for it, and does not start what it can't open.
    plan.folder(log_file(registration).parent().unwrap_or(Path::new("/")));
    plan.write(File { path, text: text(registration), is_program: false });
    if is_disabled(registration) {
        plan.run(launchctl(["enable".to_owned(), target(registration)]));
    }
    let (name, which) = (&registration.name, &registration.which);
    let when = match registration.scope {
        Scope::System => "at boot",
        Scope::User => "when you log in",
    };
    if plan.steps.is_empty() {
        plan.note(format!("{name}: already installed, nothing changed"));
    } else if is_known {
        plan.note(format!("{name}: installed anew"));
    } else {
        plan.note(format!("{name}: installed, starts {when}; now: supervisord start{which}"));
    }
    if !plan.steps.is_empty() && is_loaded(registration) {
        plan.note(format!(
            "launchd goes on with what it has loaded; services end when it is loaded anew: \
             supervisord stop{which} && supervisord start{which}"
        ));
    }
    plan
}

pub(super) fn remove(registration: &Registration) -> Plan {
    let mut plan = Plan::default();
    unload(registration, &mut plan);
    let path = path(registration);
    if path.exists() {
        plan.steps.push(Step::Delete(path));
    }
    registration.note_what_stays(&mut plan);
    plan
}

pub(super) fn start(registration: &Registration) -> Result<Plan, Fault> {
    let path = path(registration);
    if !path.exists() {
        return Err(registration.not_installed("start"));
    }
    let mut plan = Plan::default();
    let name = &registration.name;
    match printed(registration) {
        Some(printed) if is_running(&printed) => plan.note(format!("{name}: runs already")),
        Some(_) => {
            plan.run(launchctl(["kickstart".to_owned(), target(registration)]));
            plan.note(format!("{name}: started; svcctl list shows what runs"));
        }
        None => {
            let words = ["bootstrap".into(), domain(registration).into(), path.into_os_string()];
            let mut call = launchctl(words);
            call.passing = PASSING;
            plan.run(call);
            plan.note(format!("{name}: started; svcctl list shows what runs"));
        }
    }
    Ok(plan)
}

pub(super) fn stop(registration: &Registration) -> Result<Plan, Fault> {
    if !path(registration).exists() {
        return Err(registration.not_installed("stop"));
    }
    let mut plan = Plan::default();
    unload(registration, &mut plan);
    let is_so = plan.steps.is_empty();
    let done = if is_so { "does not run" } else { "stopped, with all its services" };
    plan.note(format!("{}: {done}", registration.name));
    Ok(plan)
}

pub(super) fn standing(registration: &Registration) -> Standing {
    let path = path(registration);
    let printed = printed(registration).unwrap_or_default();
    Standing {
        place: path.exists().then(|| path.display().to_string()),
        is_enabled: path.exists() && !is_disabled(registration),
        is_running: is_running(&printed),
        pid: value(&printed, "pid").and_then(|pid| pid.parse().ok()),
        look: vec![
            format!("launchctl print {}", target(registration)),
            format!("tail {}", quote::shell(&log_file(registration).to_string_lossy())),
        ],
    }
}

/// The property list that is written.
pub(super) fn text(registration: &Registration) -> String {
    let Registration { name, program, arguments, display_name, description, .. } = registration;
    let words =
        std::iter::once(program.as_os_str()).chain(arguments.iter().map(OsString::as_os_str));
    let mut list = String::from("<array>\n");
    for word in words {
        list.push_str(&format!("        {}\n", string(&word.to_string_lossy())));
    }
    let template = match registration.scope {
        Scope::System => DAEMON,
        Scope::User => AGENT,
    };
    let (before, rest) = template.split_once("<array>\n").expect("the template has one list");
    let (_, after) = rest.split_once("    </array>").expect("the template's list ends");
    let title = format!("{display_name}: {description}").replace("--", "- -");
    let (comment, label) = ("supervisord: runs services and never loses one", "supervisord");
    let before =
        before.replace(comment, &quote::xml(&title)).replace(&string(label), &string(name));
    let (after, _) = after.rsplit_once("    <string>").expect("the template ends with the log");
    let log = string(&log_file(registration).to_string_lossy());
    format!("{before}{list}    </array>{after}    {log}\n</dict>\n</plist>\n")
}

fn string(text: &str) -> String {
    format!("<string>{}</string>", quote::xml(text))
}

fn log_file(registration: &Registration) -> PathBuf {
    let usual = || registration.paths.logs.join(format!("{}.log", registration.name));
    registration.log_file.clone().unwrap_or_else(usual)
}

fn path(registration: &Registration) -> PathBuf {
    let folder = match registration.scope {
        Scope::System => PathBuf::from("/Library/LaunchDaemons"),
        Scope::User => {
            PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join("Library/LaunchAgents")
        }
    };
    folder.join(format!("{}.plist", registration.name))
}

fn domain(registration: &Registration) -> String {
    match registration.scope {
        Scope::System => "system".to_owned(),
        Scope::User => format!("gui/{}", os::current_user()),
    }
}

fn target(registration: &Registration) -> String {
    format!("{}/{}", domain(registration), registration.name)
}

fn launchctl<S: Into<OsString>>(words: impl IntoIterator<Item = S>) -> Call {
    let mut call = Call::new("launchctl", words);
    call.explain = explain;
    call
}

/// What launchctl's code means here.
pub(super) fn explain(said: &Said) -> Option<String> {
    let code = said.code?;
    let found = CODES.iter().find(|(known, _)| *known == code);
    found.map(|(_, meaning)| (*meaning).to_owned())
}

/// Takes it from launchd, which stops it and goes on doing so after launchctl has returned.
fn unload(registration: &Registration, plan: &mut Plan) {
    if is_loaded(registration) {
        let mut call = launchctl(["bootout".to_owned(), target(registration)]);
        call.also_done = GOING;
        plan.run(call);
        plan.steps.push(Step::Await(print(registration)));
    }
}

fn print(registration: &Registration) -> Call {
    launchctl(["print".to_owned(), target(registration)])
}

fn printed(registration: &Registration) -> Option<String> {
    print(registration).answer()
}

fn is_loaded(registration: &Registration) -> bool {
    printed(registration).is_some()
}

fn is_running(printed: &str) -> bool {
    value(printed, "state") == Some("running")
}

/// The first value of that name in what `launchctl print` prints.
fn value<'a>(printed: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = printed.lines().filter_map(|line| line.trim().split_once(" = "));
    pairs.find_map(|(known, value)| (known == name).then_some(value))
}

/// Someone forbade it with `launchctl disable`, which outlives its file.
fn is_disabled(registration: &Registration) -> bool {
    let call = launchctl(["print-disabled".to_owned(), domain(registration)]);
    let start = format!("\"{}\" => ", registration.name);
    let printed = call.answer().unwrap_or_default();
    let mut values = printed.lines().filter_map(|line| line.trim().strip_prefix(&start));
    values.any(|value| ["disabled", "true"].contains(&value))
}
