//! What one system does with each key a definition gives, straight from the table.

use super::cause::Cause;
use super::{Fault, Key, Os, Read, Severity, Support};

/// One key given, and what the system does with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where, as `KeepAlive.SuccessfulExit`.
    pub path: String,
    /// Its row in the table.
    pub key: &'static Key,
    /// The line it is on, counted from 1, where the format has lines.
    pub line: Option<u32>,
    /// The system asked about.
    pub os: Os,
    /// What that system does with it.
    pub support: Support,
}

/// One row per key given, in the order of the file.
#[must_use]
pub fn report(read: &Read, os: Os) -> Vec<Row> {
    let row = |used: &super::Used| {
        let (path, key, line) = (used.path.clone(), used.key, used.line);
        Row { path, key, line, os, support: key.on(os) }
    };
    read.used.iter().map(row).collect()
}

/// The rows worth a word: an error where the system refuses the key, else a note. What is said of
/// a dictionary is not said again of the keys inside it.
#[must_use]
pub fn faults_on(read: &Read, os: Os) -> Vec<Fault> {
    let mut said: Option<String> = None;
    let is_new = |row: &Row| -> bool {
        let holder = said.as_deref().and_then(|said| row.path.strip_prefix(said));
        if holder.is_some_and(|rest| rest.starts_with(['.', '['])) {
            return false;
        }
        said = (row.support != Support::Honoured).then(|| row.path.clone());
        said.is_some()
    };
    report(read, os).into_iter().filter(is_new).filter_map(|row| row.fault()).collect()
}

impl Row {
    /// What there is to say about it: nothing when the key is honoured.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        let (severity, cause) = match self.support {
            Support::Honoured => return None,
            Support::Approximated(how) => (Severity::Note, Cause::Approximated(self.os, how)),
            Support::NotAvailable(why) => (Severity::Note, Cause::NotAvailable(self.os, why)),
            Support::NotYet => (Severity::Note, Cause::NotYet(self.os)),
            Support::Refused(why) => (Severity::Error, Cause::Refused(self.os, why)),
        };
        Some(Fault::new(severity, &self.path, self.line, &cause))
    }
}
