//! What was found out about a definition file, as text that a compiler could have written, and as
//! a table of what systems do with its keys.

use std::fmt::{self, Write};

use protocol::definition::{Fault, Os, Row, Severity, Support};
use serde_json::{Map, Value, json};

/// All that was found out about one file.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The file as the caller named it.
    pub(crate) file: String,
    /// The service, where the file could be read.
    pub(crate) label: Option<String>,
    /// What was found, by line.
    pub(crate) faults: Vec<Fault>,
    /// The systems asked about.
    pub(crate) systems: Vec<Os>,
    /// For each of them, what it does with each key given.
    pub(crate) rows: Vec<Vec<Row>>,
}

/// How many files and findings there were.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    files: usize,
    refused: usize,
    warned: usize,
}

impl Tally {
    /// Counts a file.
    pub(crate) fn count(&mut self, checked: &Checked) {
        let has = |severity| checked.faults.iter().any(|fault| fault.severity == severity);
        self.files += 1;
        self.refused += usize::from(has(Severity::Error));
        self.warned += usize::from(!has(Severity::Error) && has(Severity::Warning));
    }

    /// Counts a file that could not be read.
    pub(crate) fn unreadable(&mut self) {
        self.files += 1;
        self.refused += 1;
    }

    /// True when nothing is an error.
    pub(crate) fn is_good(&self) -> bool {
        self.refused == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, refused, warned } = self;
        let good = files - refused - warned;
        let s = if *files == 1 { "" } else { "s" };
        write!(out, "{files} file{s}: {good} good, {warned} with warnings, {refused} with errors")
    }
}

/// The findings, one a line, then the table if systems were asked about; a good file is called so.
pub(crate) fn checked(checked: &Checked) -> String {
    let mut text: String = checked.faults.iter().map(|fault| line(&checked.file, fault)).collect();
    if text.is_empty() && checked.systems.is_empty() {
        return format!("{}: good\n", checked.file);
    }
    if !checked.systems.is_empty() && checked.rows.iter().any(|rows| !rows.is_empty()) {
        text.push_str(&table(checked));
    }
    text
}

/// The same for a program; no newline at its end.
pub(crate) fn checked_json(checked: &Checked) -> Value {
    let is_good = !checked.faults.iter().any(Fault::is_error);
    let mut object = json!({
        "file": checked.file,
        "label": checked.label,
        "good": is_good,
        "faults": checked.faults,
    });
    if !checked.systems.is_empty() {
        object["keys"] = keys(checked).map(|rows| key_json(&rows)).collect();
    }
    object
}

fn line(file: &str, fault: &Fault) -> String {
    let bare = Fault { line: None, ..fault.clone() };
    match fault.line {
        Some(line) => format!("{file}:{line}: {}: {bare}\n", fault.severity),
        None => format!("{file}: {}: {bare}\n", fault.severity),
    }
}

/// For each key given, its row for each system.
fn keys(checked: &Checked) -> impl Iterator<Item = Vec<&Row>> {
    let count = checked.rows.first().map_or(0, Vec::len);
    (0..count).map(|at| checked.rows.iter().filter_map(|rows| rows.get(at)).collect())
}

fn table(checked: &Checked) -> String {
    let width = keys(checked).flatten().map(|row| row.path.chars().count()).max().unwrap_or(0);
    let name = checked.label.as_deref().unwrap_or("refused");
    let mut text = format!("{} ({name}):\n  {:<width$}  LINE", checked.file, "KEY");
    for os in &checked.systems {
        let _ = write!(text, "  {:<13}", os.name());
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    for rows in keys(checked) {
        let Some(first) = rows.first() else { continue };
        let line = first.line.map(|line| line.to_string()).unwrap_or_default();
        let _ = write!(text, "  {:<width$}  {line:>4}", first.path);
        for row in &rows {
            let _ = write!(text, "  {:<13}", word(row.support));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        for (systems, reason) in reasons(&rows) {
            let _ = writeln!(text, "    {}: {reason}", systems.join(", "));
        }
    }
    text
}

/// Each reason once, with the systems it is true of.
fn reasons(rows: &[&Row]) -> Vec<(Vec<&'static str>, &'static str)> {
    let mut reasons: Vec<(Vec<&'static str>, &'static str)> = Vec::new();
    for row in rows {
        let Some(reason) = reason(row.support) else { continue };
        match reasons.iter_mut().find(|(_, known)| *known == reason) {
            Some((systems, _)) => systems.push(row.os.name()),
            None => reasons.push((vec![row.os.name()], reason)),
        }
    }
    reasons
}

fn word(support: Support) -> &'static str {
    match support {
        Support::Honoured => "honoured",
        Support::Approximated(_) => "approximated",
        Support::NotAvailable(_) => "not available",
        Support::Refused(_) => "refused",
        Support::NotYet => "not yet",
    }
}

fn reason(support: Support) -> Option<&'static str> {
    match support {
        Support::Approximated(reason)
        | Support::NotAvailable(reason)
        | Support::Refused(reason) => Some(reason),
        Support::Honoured | Support::NotYet => None,
    }
}

fn key_json(rows: &[&Row]) -> Value {
    let mut object = Map::new();
    if let Some(first) = rows.first() {
        object.insert("key".to_owned(), json!(first.path));
        object.insert("line".to_owned(), json!(first.line));
    }
    for row in rows {
        let mut support = json!({ "support": word(row.support) });
        if let Some(reason) = reason(row.support) {
            support["reason"] = json!(reason);
        }
        object.insert(row.os.name().to_owned(), support);
    }
    object.into()
}
