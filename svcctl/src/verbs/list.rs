//! `svcctl list`

use std::collections::BTreeSet;

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
        let mut table = Table::new(output, self.long, self.labels);
        let mut after = None;
        loop {
            let brief = !self.long && !table.output.is_json();
            let call = Call::List(List { after, limit: None, brief });
            let next = if table.output.is_json() {
                let page: Page<&RawValue> = client.ask(call)?;
                page.services.into_iter().try_for_each(|row| table.object(row))?;
                page.next
            } else {
                let page: Page<Row<'_>> = client.ask(call)?;
                table.header()?;
                page.services.iter().try_for_each(|row| table.row(row))?;
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
    long: bool,
    now: Timestamp,
    all: bool,
    missing: BTreeSet<String>,
    begun: bool,
}

impl<'o> Table<'o> {
    fn new(output: &'o mut Output, long: bool, labels: Vec<String>) -> Self {
        let (all, missing) = (labels.is_empty(), BTreeSet::from_iter(labels));
        Self { output, long, now: Timestamp::now(), all, missing, begun: false }
    }

    /// Stands above the rows once the daemon has answered at all.
    fn header(&mut self) -> Result<(), Error> {
        match (std::mem::replace(&mut self.begun, true), self.long) {
            (true, _) => Ok(()),
            (false, false) => self.output.line(BRIEF_HEADER),
            (false, true) => self.output.line(WIDE_HEADER),
        }
    }

    fn wants(&mut self, label: &str) -> bool {
        self.all || self.missing.remove(label)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), Error> {
        match (self.wants(&row.label), self.long) {
            (false, _) => Ok(()),
            (true, false) => self.output.line(Brief(row)),
            (true, true) => self.output.line(Wide(row, self.now)),
        }
    }

    /// The object as the daemon wrote it, with all it may say beyond what we know.
    fn object(&mut self, object: &RawValue) -> Result<(), Error> {
        if !self.all && !self.wants(&client::read::<Row<'_>>(TASK, object)?.label) {
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
