//! What people are told about a registration.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a verb's answer, not the daemon's")]

use super::plan::{Plan, Step};
use super::{Fault, Manager, Registration, Standing, running};

/// Why it was not done.
pub(super) fn fault(fault: &Fault) {
    eprintln!("supervisord: {fault}");
}

/// What would be done.
pub(super) fn preview(plan: &Plan) {
    if plan.steps.is_empty() {
        println!("would change nothing");
    }
    for step in &plan.steps {
        println!("would {step}");
        if let Step::Write(file) = step {
            for line in file.text.lines() {
                println!("    {line}");
            }
        }
    }
}

/// What was done.
pub(super) fn step(step: &Step) {
    println!("done: {step}");
}

/// What came of it.
pub(super) fn end(plan: &Plan) {
    for note in &plan.notes {
        println!("{note}");
    }
}

/// How it stands.
pub(super) fn standing(manager: Manager, registration: &Registration, standing: &Standing) {
    let (name, which) = (&registration.name, &registration.which);
    let hello = running::hello(&registration.paths);
    match (&standing.place, &hello) {
        (None, _) => println!("{name}: not installed; supervisord install{which} does that"),
        (Some(_), Some(hello)) if standing.is_running => {
            let (pid, since, version) = (hello.pid, &hello.since, &hello.version);
            println!("{name}: running, pid {pid}, since {since}, version {version}");
        }
        (Some(_), _) if standing.is_running => {
            let pid = standing.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
            let socket = registration.paths.socket();
            println!("{name}: running{pid}, but nobody answers on {}", socket.display());
        }
        (Some(_), _) => println!("{name}: not running; supervisord start{which} starts it"),
    }
    if let Some(place) = &standing.place {
        let boot = if standing.is_enabled { "starts" } else { "does not start" };
        println!("registered with {}: {place}; it {boot} by itself", manager.title());
    }
    if let Some(hello) = hello.filter(|_| !standing.is_running) {
        let pid = hello.pid;
        println!("a supervisord that was started otherwise has its folders: pid {pid}");
    }
    for command in &standing.look {
        println!("look further: {command}");
    }
}
