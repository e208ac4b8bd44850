//! `svcctl add FILE…` and `svcctl add LABEL -- PROGRAM ARGS…`
//!
//! Files are read and checked here, so that all faults come at once; the daemon reads none.

mod program;
mod source;

use std::path::{Path, PathBuf};

use clap::Args;
use protocol::message::{Add, Call, DefinitionSource};

use self::source::{Gathered, Source};
pub(super) use self::source::{label_in, text_of};
use super::change::patience;
use super::report::Report;
use crate::arguments::{Waiting, milliseconds};
use crate::client::Client;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show::Did;

/// Take in definition files, folders of them, or a program
#[derive(Debug, Args)]
#[command(
    override_usage = "svcctl add [OPTIONS] FILE|DIR|- …\n       \
        svcctl add [OPTIONS] LABEL [OPTIONS FOR A PROGRAM] -- PROGRAM [ARGS…]",
    after_help = "\
A definition is a launchd property list: XML, binary, OpenStep, or JSON with the same keys.
Of a folder every *.plist and *.json is taken, not those in folders below; bad ones are
reported, good ones added. An XML file is kept as it is, comments included. A definition for
other hosts (LimitLoadToHosts, LimitLoadFromHosts) is passed over.

A program is always kept running unless --keep-alive says otherwise. It starts in / unless
--directory says otherwise. What is relative is made absolute, and a PROGRAM without a slash is
looked up on your PATH now, for the supervisor's may differ.

Examples:
  svcctl add web.plist
  svcctl add --replace ~/services
  svcctl add web --directory . --env PORT=8080 -- ./web --verbose
  svcctl add backup --keep-alive never --run-at-load -- /usr/local/bin/backup"
)]
pub(crate) struct Arguments {
    /// Definition files, folders of them, - for standard input; or the label for PROGRAM
    #[arg(required = true, value_name = "FILE|DIR|LABEL")]
    what: Vec<PathBuf>,
    /// The program to run, and its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    program: Vec<String>,
    /// Take the place of another definition with the same label
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    options: program::Options,
}

impl Arguments {
    /// Files to add with nothing special.
    pub(super) fn files(what: Vec<PathBuf>) -> Self {
        let (program, waiting, options) = Default::default();
        Self { what, program, replace: false, waiting, options }
    }

    /// Checks all, then sends what is good.
    pub(crate) fn run(self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let mut exit = Exit::Done;
        let mut sources = Vec::new();
        for source in self.sources()? {
            match source {
                Ok(Source { skipped: Some(skipped), .. }) => output.remark(skipped),
                Ok(source) => {
                    source.remarks.iter().for_each(|remark| output.remark(remark));
                    sources.push(source);
                }
                Err(errors) => {
                    errors.iter().for_each(|error| exit = exit.or(output.complain(error)));
                }
            }
        }
        let task = match sources.as_slice() {
            [] => return Ok(exit),
            [source] => format!("add {}", source.label),
            sources => format!("add {} services", sources.len()),
        };
        let mut client = Client::connect(place, task.as_str())?;
        client.be_patient(patience(&self.waiting));
        let expected = if self.is_one() { 1 } else { usize::MAX };
        let mut report = Report::begin(output, &task, expected);
        report.note(exit);
        let (replace, wait) = (self.replace, !self.waiting.no_wait);
        let (timeout_ms, reason) = (milliseconds(self.waiting.timeout), &self.waiting.reason);
        let (texts, remarks): (Vec<_>, Vec<_>) =
            sources.into_iter().map(|Source { text, remarks, .. }| (text, remarks)).unzip();
        let mut remarks = remarks.into_iter();
        let calls = texts.into_iter().map(|text| {
            let definition = DefinitionSource::Text(text);
            Call::Add(Add { definition, replace, wait, timeout_ms, reason: reason.clone() })
        });
        client.ask_all(calls, |answer, _| {
            report.hush(remarks.next().unwrap_or_default());
            report.take_outcome(Did::Add, wait, answer)
        })?;
        report.end()
    }

    fn is_one(&self) -> bool {
        matches!(self.what.as_slice(), [one] if !one.is_dir())
    }

    fn sources(&self) -> Result<Vec<Gathered>, Error> {
        match (self.what.as_slice(), self.program.is_empty()) {
            (files, true) => Ok(files.iter().flat_map(|file| source::gather(file)).collect()),
            ([label], false) => Ok(vec![self.options.source(&as_label(label)?, &self.program)]),
            (_, false) => {
                Err(Error::Usage("cannot add: name one LABEL before -- PROGRAM".to_owned()))
            }
        }
    }
}

/// A label as typed where a file might have been.
pub(super) fn as_label(label: &Path) -> Result<String, Error> {
    label.to_str().map(str::to_owned).ok_or_else(|| {
        Error::Usage(format!("cannot take {} as a label: it is not UTF-8", label.display()))
    })
}
