//! `svcctl export LABEL|FILE`: a definition as we understand it, in the plainest form.
//!
//! A file needs no daemon. Of a label the daemon tells the file, which is then read here.

use std::path::{Path, PathBuf};

use clap::Args;
use protocol::definition::{Os, Severity, faults_on};
use protocol::message::{Call, Status, Target};

use super::add::as_label;
use super::files::{self, DefinitionFile};
use crate::client::Client;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;

/// Print a definition anew, as XML property list or JSON, with the same meaning
#[derive(Debug, Args)]
#[command(after_help = "\
A word that names a file is that file; any other is the label of a service, whose file the
supervisor tells. What is printed has every key that is not at its default, under its present
name; comments, unknown keys and ignored values are gone, and a warning says which.

Examples:
  svcctl export old.plist > new.plist
  svcctl export --json web")]
pub(crate) struct Arguments {
    /// A definition file, - for standard input, or a service's label
    #[arg(value_name = "LABEL|FILE")]
    what: PathBuf,
    /// Print an XML property list, as without this
    #[arg(long, conflicts_with = "json")]
    plist: bool,
}

impl Arguments {
    /// Prints it.
    pub(crate) fn run(&self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let file = self.file(place)?;
        let read = file.read();
        let here = faults_on(&read, Os::current());
        for fault in read.faults.iter().chain(here.iter().filter(|fault| fault.is_error())) {
            match fault.severity {
                Severity::Error if read.definition.is_none() => {
                    let cause = fault.to_string();
                    output.complain(&Error::Unreadable { file: file.name.clone(), cause });
                }
                severity @ (Severity::Error | Severity::Warning) => {
                    output.remark(format_args!("{}: {severity}: {fault}", file.name));
                }
                Severity::Note => {}
            }
        }
        let Some(definition) = read.definition else { return Ok(Exit::Failed) };
        match output.is_json() {
            true => output.line(format_args!("{:#}", definition.to_json()))?,
            false => output.text(&definition.to_xml())?,
        }
        Ok(Exit::Done)
    }

    fn file(&self, place: &Place) -> Result<DefinitionFile, Error> {
        if self.is_file() {
            return files::open(&self.what);
        }
        let label = as_label(&self.what)?;
        let task = format!("export {label}");
        let mut client = Client::connect(place, task.as_str())?;
        let status: Status = client.ask(Call::Status(Target { label }))?;
        files::open(Path::new(&status.definition))
    }

    /// True unless it can only be a label, which holds no slash.
    fn is_file(&self) -> bool {
        let has_ending = self.what.extension().is_some_and(|ending| {
            ending.eq_ignore_ascii_case("plist") || ending.eq_ignore_ascii_case("json")
        });
        let is_path = 1 < self.what.components().count() || self.what.is_absolute();
        self.what == Path::new("-") || is_path || has_ending || self.what.is_file()
    }
}
