//! What is wrong, doubtful or worth knowing about a definition, with where and what to do.
//!
//! Only carries findings; the sentences themselves are in [`super::cause`].

use super::cause::Cause;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a fault matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Something in the file has no effect, or not the one it seems to have.
    Warning,
    /// The definition is refused.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One finding about a definition.
///
/// Prints as `line 9: ProgramArguments is empty; write the program first, …`: a cause that fits
/// behind `cannot read web.plist: `. Severity and file are the caller's to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// How much it matters.
    pub severity: Severity,
    /// Where in the definition, as `KeepAlive.SuccessfulExit` or `ProgramArguments[2]`; empty when
    /// it is about the file as a whole.
    pub key: String,
    /// The line in the file, counted from 1, where the format has lines.
    pub line: Option<u32>,
    /// What is wrong: with a key, the rest of a sentence that begins with it.
    pub cause: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    pub(super) fn new(severity: Severity, key: &str, line: Option<u32>, cause: &Cause) -> Self {
        let help = cause.help();
        let cause = match key.is_empty() || cause.is_predicate() {
            true => cause.to_string(),
            false => format!("can't be read: {cause}"),
        };
        Self { severity, key: key.to_owned(), line, cause, help }
    }

    /// True when the definition is refused because of it.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self.severity, Severity::Error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(out, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(out, "{} ", self.key)?;
        }
        out.write_str(&self.cause)?;
        match &self.help {
            Some(help) => write!(out, "; {help}"),
            None => Ok(()),
        }
    }
}
