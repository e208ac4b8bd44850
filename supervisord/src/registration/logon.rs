//! Windows, for one user: a program that starts when that user logs on, and goes to the background.

use super::plan::{Plan, Step};
use super::{Fault, Registration, Standing, running};
use crate::os::logon::{Change, Entry, command, find};

pub(super) fn install(registration: &Registration) -> Result<Plan, Fault> {
    let (name, which) = (&registration.name, &registration.which);
    let entry = entry(registration);
    let found = look(registration, "install")?;
    let mut plan = Plan::default();
    plan.folder(&registration.paths.logs);
    let is_same = found.as_ref().is_some_and(|found| *found == command(&entry));
    if !is_same {
        plan.steps.push(Step::Logon(Change::Register(entry)));
    }
    plan.note(if is_same {
        format!("{name}: already installed, nothing changed")
    } else if found.is_some() {
        format!("{name}: installed anew, counts from its next start on")
    } else {
        format!("{name}: installed, starts when you log on; now: supervisord start{which}")
    });
    Ok(plan)
}

pub(super) fn remove(registration: &Registration) -> Result<Plan, Fault> {
    let mut plan = Plan::default();
    if look(registration, "remove")?.is_some() {
        if running::hello(&registration.paths).is_some() {
            plan.steps.push(Step::End(registration.paths.clone()));
        }
        plan.steps.push(Step::Logon(Change::Delete(registration.name.clone())));
    }
    registration.note_what_stays(&mut plan);
    Ok(plan)
}

pub(super) fn start(registration: &Registration) -> Result<Plan, Fault> {
    let command = installed(registration, "start")?;
    let name = registration.name.clone();
    let mut plan = Plan::default();
    if running::hello(&registration.paths).is_some() {
        plan.note(format!("{name}: runs already"));
    } else {
        plan.note(format!("{name}: started; svcctl list shows what runs"));
        plan.steps.push(Step::Logon(Change::Start { name, command }));
    }
    Ok(plan)
}

pub(super) fn stop(registration: &Registration) -> Result<Plan, Fault> {
    installed(registration, "stop")?;
    let name = &registration.name;
    let mut plan = Plan::default();
    if running::hello(&registration.paths).is_some() {
        plan.steps.push(Step::End(registration.paths.clone()));
        plan.note(format!("{name}: stopped, with all its services"));
    } else {
        plan.note(format!("{name}: does not run"));
    }
    Ok(plan)
}

pub(super) fn standing(registration: &Registration) -> Standing {
    let name = &registration.name;
    let Ok(Some(command)) = find(name) else { return Standing::default() };
    let hello = running::hello(&registration.paths);
    let log = registration.paths.logs.join("supervisord.log");
    Standing {
        place: Some(format!("{name}: {command}")),
        is_enabled: true,
        is_running: hello.is_some(),
        pid: hello.map(|hello| hello.pid),
        look: vec![format!("Get-Content -Tail 20 '{}'", log.display())],
    }
}

fn installed(registration: &Registration, verb: &'static str) -> Result<String, Fault> {
    look(registration, verb)?.ok_or_else(|| registration.not_installed(verb))
}

fn look(registration: &Registration, verb: &'static str) -> Result<Option<String>, Fault> {
    find(&registration.name).map_err(|cause| registration.unable(verb, &cause))
}

fn entry(registration: &Registration) -> Entry {
    let mut arguments = registration.arguments.clone();
    arguments.push("--daemonize".into());
    let (name, program) = (registration.name.clone(), registration.program.clone());
    Entry { name, program, arguments }
}
