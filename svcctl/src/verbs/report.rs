//! Answers about several services, each shown as it comes; together they make one exit code.

use protocol::message::Outcome;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::{self, Answer};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::show::{self, Did};

/// Writes answers one by one, with `--json` as an array unless there is only one.
pub(super) struct Report<'o> {
    output: &'o mut Output,
    task: String,
    alone: bool,
    written: usize,
    said: Vec<String>,
    exit: Exit,
}

impl<'o> Report<'o> {
    /// A report about so many answers.
    pub(super) fn begin(output: &'o mut Output, task: &str, expected: usize) -> Self {
        let task = task.to_owned();
        Self { output, task, alone: expected == 1, written: 0, said: Vec::new(), exit: Exit::Done }
    }

    /// Takes what is not an answer into the exit code.
    pub(super) fn note(&mut self, exit: Exit) {
        self.exit = self.exit.or(exit);
    }

    /// Keeps the next outcome's notes from saying again what these remarks said.
    pub(super) fn hush(&mut self, said: Vec<String>) {
        self.said = said;
    }

    /// Shows an answer as text made from its `T`, or as it came; a refusal is said at once.
    pub(super) fn take<'a, T: Deserialize<'a>>(
        &mut self,
        answer: Answer<'a>,
        show: impl FnOnce(&mut Output, T) -> Result<Exit, Error>,
    ) -> Result<(), Error> {
        let result = match answer {
            Ok(result) => result,
            Err(refusal) => {
                let exit = self.output.complain(&Error::Refused(refusal));
                self.note(exit);
                return Ok(());
            }
        };
        let value: T = client::read(&self.task, result)?;
        if self.output.is_json() {
            self.object(result)?;
        }
        let exit = show(self.output, value)?;
        self.note(exit);
        self.output.flush()
    }

    /// Shows what came of a change.
    pub(super) fn take_outcome(
        &mut self,
        did: Did,
        awaited: bool,
        answer: Answer<'_>,
    ) -> Result<(), Error> {
        let said = std::mem::take(&mut self.said);
        self.take(answer, |output, outcome: Outcome| {
            if !output.is_json() {
                output.line(show::outcome(did, &outcome))?;
            }
            let is_new = |note: &&String| !said.iter().any(|said| said.contains(*note));
            for note in outcome.notes.iter().filter(is_new) {
                output.remark(format_args!("{}: note: {note}", outcome.row.label));
            }
            let missed = awaited && did.is_missed_by(outcome.row.state);
            Ok(if missed { Exit::Failed } else { Exit::Done })
        })
    }

    /// Shows that a service is gone of which nothing more can be told.
    pub(super) fn take_removed(&mut self, label: &str) -> Result<(), Error> {
        if self.output.is_json() {
            let object = serde_json::json!({ "label": label, "changed": true });
            let object = serde_json::value::to_raw_value(&object);
            self.object(&object.expect("a label makes JSON"))?;
        } else {
            self.output.line(format_args!("{label}: removed"))?;
        }
        self.output.flush()
    }

    fn object(&mut self, object: &RawValue) -> Result<(), Error> {
        let before = match (self.alone, self.written) {
            (true, _) => "",
            (false, 0) => "[\n",
            (false, _) => ",\n",
        };
        self.written += 1;
        self.output.text(before)?;
        self.output.text(object.get())?;
        if self.alone { self.output.text("\n") } else { Ok(()) }
    }

    /// Writes what is left and tells how it all went.
    pub(super) fn end(self) -> Result<Exit, Error> {
        if self.output.is_json() && !self.alone {
            self.output.line(if self.written == 0 { "[]" } else { "\n]" })?;
        }
        Ok(self.exit)
    }
}
