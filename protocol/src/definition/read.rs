//! Reading a definition: format, form, sense, in that order, with all faults at once.
//!
//! Never opens a file and never panics, whatever the bytes are.

use super::cause::Cause;
use super::check::Checker;
use super::fault::{Fault, Severity};
use super::node::{Node, Value};
use super::source::{self, Broken, Format};
use super::typed::Keyed;
use super::{Definition, KEYS, Key, sense};

/// What came of reading a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The service, unless some fault is an error.
    pub definition: Option<Definition>,
    /// Everything found, by line.
    pub faults: Vec<Fault>,
    /// Every key given that the table knows, in the order of the file.
    pub used: Vec<Used>,
}

/// One key that a definition gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Used {
    /// Where, as `KeepAlive.SuccessfulExit` or `Sockets.Listener.SockType`.
    pub path: String,
    /// Its row in the table.
    pub key: &'static Key,
    /// The line it is on, counted from 1, where the format has lines.
    pub line: Option<u32>,
}

impl Read {
    /// The faults for which the definition is refused.
    pub fn errors(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.is_error())
    }

    fn broken(broken: &Broken) -> Self {
        let fault = Fault::new(Severity::Error, &broken.key, broken.line, &broken.cause);
        Self { definition: None, faults: vec![fault], used: Vec::new() }
    }
}

/// Reads a definition in any of the formats: XML, binary, OpenStep, JSON.
#[must_use]
pub fn read(bytes: &[u8]) -> Read {
    read_named(bytes, None)
}

/// The same, knowing what the file is called without its ending, for better advice.
#[must_use]
pub fn read_named(bytes: &[u8], file_stem: Option<&str>) -> Read {
    match source::parse(bytes) {
        Ok((root, format)) => judge(root, format, file_stem),
        Err(broken) => Read::broken(&broken),
    }
}

/// Reads a definition from JSON already parsed.
#[must_use]
pub fn from_json(value: &serde_json::Value) -> Read {
    match source::from_json(value) {
        Ok(root) => judge(root, Format::Json, None),
        Err(broken) => Read::broken(&broken),
    }
}

/// Reads a definition from a property list already parsed.
#[must_use]
pub fn from_dictionary(dictionary: &plist::Dictionary) -> Read {
    let mut bytes = Vec::new();
    match plist::to_writer_binary(&mut bytes, dictionary) {
        Ok(()) => read(&bytes),
        Err(error) => Read::broken(&Cause::Binary(error.to_string()).into()),
    }
}

fn judge(root: Node, format: Format, file_stem: Option<&str>) -> Read {
    let line = root.line;
    let what = root.value.what();
    let Value::Dictionary(entries) = root.value else {
        let cause = Cause::NotDictionary(what);
        return Read::broken(&Broken { cause, line, key: String::new() });
    };
    let mut checker = Checker::new(format);
    let mut keys = checker.root(entries, KEYS);
    sense::old_names(&mut keys, &mut checker);
    let mut definition = Definition::read_from(&keys);
    sense::judge(&mut definition, &mut checker, line, file_stem);
    let (faults, used) = checker.finish();
    let is_refused = faults.iter().any(Fault::is_error);
    Read { definition: (!is_refused).then_some(definition), faults, used }
}
