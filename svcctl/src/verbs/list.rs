//! `svcctl list`

use std::collections::BTreeSet;
use std::fmt::Display;

use clap::Args;
use jiff::Timestamp;
use protocol::message::{Call, List, Reason, Refusal};
use serde_json::value::RawValue;

use crate::client::{self, Client};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::place::Place;
use crate::show::{BRIEF_HEADER, Brief, Page, Row, WIDE_HEADER, Wide};

const TASK: &str = "list services";

/// Show every service in a line: PID, Status, Label, as launchctl list does
#[derive(Debug, Args)]
#[command(after_help = "\
PID is - when there is no process. Status tells how the last run ended: its exit code, or minus
the signal's number; - before the first end.")]
pub(crate) struct Arguments {
    /// Only these services
    #[arg(value_name = "LABEL")]
    labels: Vec<String>,
    /// More columns: state, goal, restarts, and since when
    #[arg(short, long)]
    long: bool,
}

impl Arguments {
    /// Writes page after page as they come.
    pub(crate) fn run(self, place: &Place, output: &mut Output) -> Result<Exit, Error> {
        let mut client = Client::connect(place, TASK)?;
        let mut table = Table::new(output, self.labels);
        let now = Timestamp::now();
        let mut after = None;
        loop {
            let (json, long) = (table.output.is_json(), self.long);
            let brief = !long && !json;
            let call = Call::List(List { after, limit: None, brief });
            let next = if json {
                let page: Page<&RawValue> = client.ask(call)?;
                page.services.into_iter().try_for_each(|row| table.object(row))?;
                page.next
            } else if long {
                let page: Page<Row<'_>> = client.ask(call)?;
                table.header(WIDE_HEADER)?;
                page.services.iter().try_for_each(|row| table.row(&row.label, Wide(row, now)))?;
                page.next
            } else {
                let page: Page<Brief<'_>> = client.ask(call)?;
                table.header(BRIEF_HEADER)?;
                page.services.iter().try_for_each(|row| table.row(&row.label, row))?;
                page.next
            };
            match next {
                Some(next) => after = Some(next),
                None => return table.end(),
            }
        }
    }
}

struct Table<'o> {
    output: &'o mut Output,
    all: bool,
    missing: BTreeSet<String>,
    begun: bool,
}

impl<'o> Table<'o> {
    fn new(output: &'o mut Output, labels: Vec<String>) -> Self {
        let (all, missing) = (labels.is_empty(), BTreeSet::from_iter(labels));
        Self { output, all, missing, begun: false }
    }

    /// Stands above the rows once the daemon has answered at all.
    fn header(&mut self, header: &str) -> Result<(), Error> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.output.line(header)
    }

    fn wants(&mut self, label: &str) -> bool {
        self.all || self.missing.remove(label)
    }

    fn row(&mut self, label: &str, row: impl Display) -> Result<(), Error> {
        if self.wants(label) { self.output.line(row) } else { Ok(()) }
    }

    /// The object as the daemon wrote it, with all it may say beyond what we know.
    fn object(&mut self, object: &RawValue) -> Result<(), Error> {
        if !self.all && !self.wants(&client::read::<Brief<'_>>(TASK, object)?.label) {
            return Ok(());
        }
        self.output.text(if std::mem::replace(&mut self.begun, true) { ",\n" } else { "[\n" })?;
        self.output.text(object.get())
    }

    fn end(self) -> Result<Exit, Error> {
        if self.output.is_json() {
            self.output.line(if self.begun { "\n]" } else { "[]" })?;
        }
        let mut exit = Exit::Done;
        for label in self.missing {
            let sentence = format!("cannot list {label}: no service has this label");
            let refusal = Refusal::new(Reason::NoSuchService, sentence);
            exit = exit.or(self.output.complain(&Error::Refused(refusal)));
        }
        Ok(exit)
    }
}
