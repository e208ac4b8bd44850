//! Windows: a service that starts at boot and that the service control manager starts again when
//! it fails.

use super::plan::{Plan, Step};
use super::{Fault, Registration, Standing};
use crate::os::scm::{Change, Entry, find, is_same_command};

pub(super) fn install(registration: &Registration) -> Result<Plan, Fault> {
    let found = look(registration, "install")?;
    let entry = entry(registration);
    let mut plan = Plan::default();
    let is_same = found.as_ref().is_some_and(|found| {
        found.is_automatic
            && found.display_name == entry.display_name
            && is_same_command(&entry, found)
    });
    if !is_same {
        plan.steps.push(Step::Manage(Change::Register(Box::new(entry))));
    }
    let (name, which) = (&registration.name, &registration.which);
    plan.note(if is_same {
        format!("{name}: already installed, nothing changed")
    } else if found.is_some() {
        format!("{name}: installed anew, counts from its next start on")
    } else {
        format!("{name}: installed, starts at boot; now: supervisord start{which}")
    });
    Ok(plan)
}

pub(super) fn remove(registration: &Registration) -> Result<Plan, Fault> {
    let found = look(registration, "remove")?;
    let mut plan = Plan::default();
    if let Some(found) = found {
        if found.is_running {
            plan.steps.push(Step::Manage(Change::Stop(registration.name.clone())));
        }
        plan.steps.push(Step::Manage(Change::Delete(registration.name.clone())));
    }
    registration.note_what_stays(&mut plan);
    Ok(plan)
}

pub(super) fn start(registration: &Registration) -> Result<Plan, Fault> {
    let found = look(registration, "start")?;
    let found = found.ok_or_else(|| registration.not_installed("start"))?;
    let name = &registration.name;
    let mut plan = Plan::default();
    if found.is_running {
        plan.note(format!("{name}: runs already"));
    } else {
        plan.steps.push(Step::Manage(Change::Start(name.clone())));
        plan.note(format!("{name}: started; svcctl list shows what runs"));
    }
    Ok(plan)
}

pub(super) fn stop(registration: &Registration) -> Result<Plan, Fault> {
    let found = look(registration, "stop")?;
    let found = found.ok_or_else(|| registration.not_installed("stop"))?;
    let name = &registration.name;
    let mut plan = Plan::default();
    if found.is_running {
        plan.steps.push(Step::Manage(Change::Stop(name.clone())));
        plan.note(format!("{name}: stopped, with all its services"));
    } else {
        plan.note(format!("{name}: does not run"));
    }
    Ok(plan)
}

pub(super) fn standing(registration: &Registration) -> Standing {
    let name = &registration.name;
    let Ok(Some(found)) = find(name) else { return Standing::default() };
    let log = registration.paths.logs.join(LOG);
    Standing {
        place: Some(format!("service {name}: {}", found.command)),
        is_enabled: found.is_automatic,
        is_running: found.is_running,
        pid: found.pid,
        look: vec![
            format!("sc.exe qc {name}"),
            format!("Get-Content -Tail 20 '{}'", log.display()),
        ],
    }
}

/// The daemon's own log, since a service has no standard error.
const LOG: &str = "supervisord.log";

fn look(
    registration: &Registration,
    verb: &'static str,
) -> Result<Option<crate::os::scm::Found>, Fault> {
    find(&registration.name).map_err(|cause| registration.unable(verb, &cause))
}

fn entry(registration: &Registration) -> Entry {
    let Registration { name, display_name, description, program, paths, .. } = registration;
    let mut arguments = registration.arguments.clone();
    if registration.log_file.is_none() {
        arguments.extend(["--log-file".into(), paths.logs.join(LOG).into()]);
    }
    arguments.extend(["--service".into(), name.into()]);
    Entry {
        name: name.clone(),
        display_name: display_name.clone(),
        description: description.clone(),
        program: program.clone(),
        arguments,
    }
}
