//! The definition of a program given on the command line.

use std::env;
use std::path::{self, Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use protocol::definition::{Conditions, Definition, KeepAlive};

use super::source::{Gathered, take};
use crate::arguments::read_time;
use crate::os;

/// What the definition says beside the command.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Options for a PROGRAM")]
pub(super) struct Options {
    /// A variable of its environment; may be given several times
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable, requires = "program")]
    environment: Vec<(String, String)>,
    /// The folder it starts in
    #[arg(long, value_name = "DIR", requires = "program")]
    directory: Option<PathBuf>,
    /// The user it runs as
    #[arg(long, value_name = "NAME", requires = "program")]
    user_name: Option<String>,
    /// The group it runs as
    #[arg(long, value_name = "NAME", requires = "program")]
    group_name: Option<String>,
    /// Where its standard output goes
    #[arg(long, value_name = "FILE", requires = "program")]
    stdout: Option<PathBuf>,
    /// Where its standard error goes
    #[arg(long, value_name = "FILE", requires = "program")]
    stderr: Option<PathBuf>,
    /// The mode bits withheld from files it makes, in octal, like 027
    #[arg(long, value_name = "MODE", value_parser = octal, requires = "program")]
    umask: Option<u32>,
    /// Its priority, from -20 (first) to 20 (last)
    #[arg(
        long,
        value_name = "N",
        allow_hyphen_values = true,
        value_parser = clap::value_parser!(i32).range(-20..=20),
        requires = "program"
    )]
    nice: Option<i32>,
    /// Start it again always (as without this), never, or after a failure, success or crash
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        hide_possible_values = true,
        requires = "program"
    )]
    keep_alive: Option<When>,
    /// Start it once when it is added and at every boot, whatever --keep-alive says
    #[arg(long, requires = "program")]
    run_at_load: bool,
    /// Two starts are at least this far apart (10 s)
    #[arg(long, value_name = "TIME", value_parser = read_time, requires = "program")]
    throttle: Option<Duration>,
    /// Between the request to end and the kill (20 s); 0 never kills
    #[arg(long, value_name = "TIME", value_parser = read_time, requires = "program")]
    stop_timeout: Option<Duration>,
    /// Add it, but don't start it before it is enabled
    #[arg(long, requires = "program")]
    disabled: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    Always,
    Never,
    Failure,
    Success,
    Crash,
}

impl Options {
    /// The definition of this service with this command, checked like one from a file.
    pub(super) fn source(&self, label: &str, command: &[String]) -> Gathered {
        let definition = self.definition(label, command);
        take(label, "", definition.to_xml().as_bytes())
    }

    fn definition(&self, label: &str, command: &[String]) -> Definition {
        let mut arguments = command.to_vec();
        if let Some(program) = arguments.first_mut() {
            *program = whole_program(program);
        }
        let mut definition = Definition::simple(label, arguments);
        definition.environment.clone_from(&self.environment);
        definition.environment.sort();
        definition.working_directory = self.directory.as_deref().map(whole).map(Into::into);
        definition.user_name = self.user_name.as_deref().map(Into::into);
        definition.standard_out_path = self.stdout.as_deref().map(whole).map(Into::into);
        definition.standard_error_path = self.stderr.as_deref().map(whole).map(Into::into);
        definition.umask = self.umask;
        definition.nice = self.nice;
        definition.run_at_load = self.run_at_load;
        definition.disabled = self.disabled;
        if let Some(group) = &self.group_name {
            definition.rare.group_name = Some(group.clone());
        }
        if let Some(when) = self.keep_alive {
            definition.keep_alive = keep_alive(when);
        }
        if let Some(throttle) = self.throttle {
            definition.throttle_interval = throttle;
        }
        if let Some(timeout) = self.stop_timeout {
            definition.exit_timeout = timeout;
        }
        definition
    }
}

fn keep_alive(when: When) -> KeepAlive {
    let conditions = match when {
        When::Always => return KeepAlive::Always,
        When::Never => return KeepAlive::Never,
        When::Failure => Conditions { successful_exit: Some(false), ..Conditions::default() },
        When::Success => Conditions { successful_exit: Some(true), ..Conditions::default() },
        When::Crash => Conditions { crashed: Some(true), ..Conditions::default() },
    };
    KeepAlive::When(Box::new(conditions))
}

/// A program as the daemon finds it from another folder, with another search path.
fn whole_program(program: &str) -> String {
    if Path::new(program).components().count() != 1 || program.contains('/') {
        return whole(Path::new(program));
    }
    env::var_os("PATH")
        .and_then(|search_path| os::find_program(program, &search_path))
        .map_or_else(|| program.to_owned(), |found| found.to_string_lossy().into_owned())
}

fn whole(path: &Path) -> String {
    path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write it like NAME=VALUE".to_owned()),
    }
}

fn octal(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        Ok(_) | Err(_) => Err("write it in octal, like 022 or 077".to_owned()),
    }
}
