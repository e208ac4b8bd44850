//! `svcctl check FILE|DIR…`: what is wrong with definitions, without a daemon.
//!
//! An error is what `add` would refuse; what only this machine lacks is a warning.

mod labels;
mod machine;
mod program;
mod starts;

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use protocol::definition::{self, Fault, Os, Read, Severity};

use self::labels::Labels;
use super::add::text_of;
use super::files::{self, DefinitionFile};
use crate::error::{Error, Exit};
use crate::os;
use crate::output::Output;
use crate::show::{self, Checked, Tally};

/// Tell all that is wrong with definition files, and what each system does with them
#[derive(Debug, Args)]
#[command(after_help = "\
Each finding is FILE:LINE: error|warning|note: KEY cause; help. An error is what svcctl add would
refuse. A warning is about what has no effect, or is missing on this machine: the program, its
interpreter, user, group, folders. Of a folder every *.plist and *.json is checked, not those in
folders below. What --os tells of macOS is what the code does by the manual: it was not run there.

Examples:
  svcctl check web.plist
  svcctl check --os all web.plist       what each system does with each key
  svcctl check --strict ~/services      for a build: warnings are errors too

Exit codes: 0 when add would take all of them, 1 when not.")]
pub(crate) struct Arguments {
    /// Definition files, folders of them, - for standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Show what these systems do with each key: linux, macos, windows, or all of them
    #[arg(long, value_name = "OS", value_delimiter = ',')]
    os: Vec<Systems>,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
}

/// A value of `--os`.
#[derive(Debug, Clone)]
struct Systems(Vec<Os>);

impl FromStr for Systems {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self(Os::ALL.to_vec())),
            name => name.parse().map(|os| Self(vec![os])).map_err(|_| {
                format!("'{name}' is no system known here: linux, macos, windows, or all")
            }),
        }
    }
}

impl Arguments {
    /// Checks all and shows what was found, file by file.
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Error> {
        let mut systems: Vec<Os> = self.os.iter().flat_map(|os| os.0.iter().copied()).collect();
        systems.sort();
        systems.dedup();
        let is_one = matches!(self.files.as_slice(), [one] if !one.is_dir());
        let (mut labels, mut tally) = (Labels::default(), Tally::default());
        let mut shown = 0;
        for file in self.files.iter().flat_map(|file| files::gather(file)) {
            let checked = match file {
                Ok(file) => self.check(&file, &systems, &mut labels),
                Err(error) => {
                    output.complain(&error);
                    tally.unreadable();
                    continue;
                }
            };
            tally.count(&checked);
            if output.is_json() {
                let before = if is_one { "" } else { ["[\n", ",\n"][usize::from(0 < shown)] };
                output.text(&format!("{before}{}", show::checked_json(&checked)))?;
            } else {
                output.text(&show::checked(&checked))?;
            }
            shown += 1;
        }
        match (output.is_json(), is_one) {
            (true, true) if shown == 0 => {}
            (true, true) => output.line("")?,
            (true, false) => output.line(if shown == 0 { "[]" } else { "\n]" })?,
            (false, true) => {}
            (false, false) => output.line(&tally)?,
        }
        Ok(if tally.is_good() { Exit::Done } else { Exit::Failed })
    }

    fn check(&self, file: &DefinitionFile, systems: &[Os], labels: &mut Labels) -> Checked {
        let here = Os::current();
        let mut read = file.read();
        let mut faults = std::mem::take(&mut read.faults);
        faults.extend(faults_on(&read, systems));
        if let Some(definition) = &read.definition {
            if let Err(cause) = text_of(definition, &file.bytes) {
                faults.push(fault(&read, Severity::Error, "", cause, None));
            }
            if systems.is_empty() || systems.contains(&here) {
                if let Some(never) = starts::faults(&read, definition, here) {
                    faults.retain(|fault| !is_said_by(&never, fault));
                    faults.push(never);
                }
                faults.extend(machine::faults(&read, definition));
            }
            // One for another host may have the label of one for this.
            if definition.kept_off(&os::host_name()).is_none() {
                faults.extend(labels.meet(file, &read, definition));
            }
        }
        let is_strict = |fault: &Fault| self.strict && fault.severity == Severity::Warning;
        for fault in faults.iter_mut().filter(|fault| is_strict(fault)) {
            fault.severity = Severity::Error;
        }
        faults.sort_by_key(|fault| (fault.line.is_none(), fault.line));
        let rows = systems.iter().map(|os| definition::report(&read, *os)).collect();
        let label = read.definition.map(|definition| definition.label);
        Checked { file: file.name.clone(), label, faults, systems: systems.to_vec(), rows }
    }
}

/// What this system refuses, and what others asked about do; without a table, what this one does
/// with each key as well.
fn faults_on(read: &Read, systems: &[Os]) -> Vec<Fault> {
    let here = Os::current();
    let mut faults = definition::faults_on(read, here);
    if !systems.is_empty() {
        faults.retain(Fault::is_error);
    }
    for os in systems.iter().filter(|os| **os != here) {
        let refused = definition::faults_on(read, *os).into_iter().filter(Fault::is_error);
        faults.extend(refused.map(|fault| Fault { severity: Severity::Warning, ..fault }));
    }
    faults
}

/// True for a mere note about a key of which there is more to say.
fn is_said_by(more: &Fault, fault: &Fault) -> bool {
    !more.key.is_empty() && fault.key == more.key && fault.severity == Severity::Note
}

/// A finding about a key, on the line it was given.
fn fault(read: &Read, severity: Severity, key: &str, cause: String, help: Option<String>) -> Fault {
    let whole = key.split('[').next().unwrap_or_default();
    let used = read.used.iter().find(|used| used.path == key || used.path == whole);
    Fault { severity, key: key.to_owned(), line: used.and_then(|used| used.line), cause, help }
}
