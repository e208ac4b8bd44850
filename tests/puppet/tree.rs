//! The puppet's family: children, their children, and one that runs away.

use std::process::{Command, Stdio};

use crate::arguments::Arguments;

/// Starts the relatives that were asked for; they note themselves in the same log.
pub(crate) fn grow(arguments: &Arguments) {
    for _ in 0..arguments.children {
        let mut child = relative(arguments, "child");
        if arguments.grandchildren {
            child.args(["--children", "1"]);
        }
        start(&mut child);
    }
    if arguments.escape {
        let mut helper = relative(arguments, "helper");
        helper.arg("--escaping");
        if let Ok(mut helper) = helper.spawn() {
            let _ = helper.wait();
        }
    }
    if arguments.escaping {
        new_session();
        let mut escapee = relative(arguments, "escapee");
        escapee.arg("--deaf").stdout(Stdio::null()).stderr(Stdio::null());
        start(&mut escapee);
        std::process::exit(0);
    }
}

/// Starts a child that whoever ended us knows nothing of.
pub(crate) fn one_more(arguments: &Arguments) {
    start(&mut relative(arguments, "child"));
}

fn relative(arguments: &Arguments, role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
    let role = if arguments.role == "child" { "grandchild" } else { role };
    command.args(["--role", role]).stdin(Stdio::null());
    if let Some(log) = &arguments.log {
        command.arg("--log").arg(log);
    }
    if arguments.deaf {
        command.arg("--deaf");
    }
    command
}

/// A relative that could not be started is missed by the scenario, which counts them.
fn start(command: &mut Command) {
    if let Err(error) = command.spawn() {
        eprintln!("puppet: cannot start a relative: {error}");
    }
}

#[cfg(unix)]
fn new_session() {
    let _ = nix::unistd::setsid();
}

#[cfg(windows)]
fn new_session() {}
