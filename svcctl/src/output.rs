//! The one place that writes to the terminal: answers to stdout, all else to stderr.
//!
//! Stdout is buffered; whoever waits for the daemon after writing calls `flush` first.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::error::{Error, Exit};

/// Where a verb says what it has to say.
pub(crate) struct Output {
    stdout: BufWriter<StdoutLock<'static>>,
    json: bool,
}

impl Output {
    /// With `json`, verbs write objects instead of sentences.
    pub(crate) fn new(json: bool) -> Self {
        Self { stdout: BufWriter::with_capacity(1 << 16, io::stdout().lock()), json }
    }

    /// True when the reader is a program.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// True when the reader is a person, as far as one can tell.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// True when the reader likes colours: a terminal, unless `NO_COLOR` is set (no-color.org).
    pub(crate) fn is_coloured(&self) -> bool {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.is_terminal() && !is_refused
    }

    /// Writes one line of the answer.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<(), Error> {
        Ok(writeln!(self.stdout, "{line}")?)
    }

    /// Writes text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Error> {
        Ok(self.stdout.write_all(text.as_bytes())?)
    }

    /// Lets the reader see what was written so far.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        Ok(self.stdout.flush()?)
    }

    /// Says something beside the answer.
    pub(crate) fn remark(&mut self, remark: impl Display) {
        // A terminal that is gone must not change how the verb ends.
        let _ = self.stdout.flush();
        let _ = writeln!(io::stderr(), "{remark}");
    }

    /// Says what went wrong, and tells the code that goes with it.
    pub(crate) fn complain(&mut self, error: &Error) -> Exit {
        self.remark(error);
        error.exit()
    }
}
