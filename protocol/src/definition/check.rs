//! Holds what was written against the key table: names, forms, ranges. All of it in one go.
//!
//! Knows no key by name; what one key means beside another is [`super::sense`]'s.

mod place;

use super::cause::Cause;
use super::fault::{Fault, Severity};
use super::key::{Key, Kind, Wrong};
use super::keys::row;
use super::label::check_label;
use super::node::{Entry, Node, Value, integer_value};
use super::read::Used;
use super::source::Format;
use super::{allowed, near, scalar};
use place::{Place, join};
use std::collections::HashMap;

/// How many findings one definition may have; a hostile one could have as many as values.
pub(super) const FAULTS_MAX: usize = 500;

/// What has been found so far.
#[derive(Debug)]
pub(super) struct Checker {
    pub(super) format: Format,
    faults: Vec<Fault>,
    left_out: Option<Severity>,
    used: Vec<Used>,
    lines: HashMap<String, u32>,
}

impl Checker {
    pub(super) fn new(format: Format) -> Self {
        let (faults, used, lines) = (Vec::new(), Vec::new(), HashMap::new());
        Self { format, faults, left_out: None, used, lines }
    }

    /// The values that may stand, under the names of the table.
    pub(super) fn root(&mut self, entries: Vec<Entry>, keys: &'static [Key]) -> plist::Dictionary {
        let root = Place { path: String::new(), line: None, wrong: Wrong::Refused };
        self.dictionary(&root, entries, keys)
    }

    /// Adds a finding about the key, on the line it was given.
    pub(super) fn find(&mut self, severity: Severity, path: &str, cause: &Cause) {
        self.find_at(severity, path, self.line(path), cause);
    }

    /// Adds a finding.
    pub(super) fn find_at(
        &mut self,
        severity: Severity,
        path: &str,
        line: Option<u32>,
        cause: &Cause,
    ) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault::new(severity, path, line, cause));
        } else {
            self.left_out = self.left_out.max(Some(severity));
        }
    }

    /// The line a value was given on.
    pub(super) fn line(&self, path: &str) -> Option<u32> {
        self.lines.get(path).copied()
    }

    /// True when the key was given, whatever became of its value.
    pub(super) fn is_used(&self, path: &str) -> bool {
        self.used.iter().any(|used| used.path == path)
    }

    /// True when there is an error about the key or something in it.
    pub(super) fn is_refused(&self, path: &str) -> bool {
        self.faults.iter().any(|fault| {
            let rest = fault.key.strip_prefix(path);
            fault.is_error() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
        })
    }

    /// All findings by line, and all keys given.
    pub(super) fn finish(mut self) -> (Vec<Fault>, Vec<Used>) {
        self.faults.sort_by_key(|fault| fault.line);
        if let Some(severity) = self.left_out {
            self.faults.push(Fault::new(severity, "", None, &Cause::TooManyFaults));
        }
        (self.faults, self.used)
    }

    fn wrong(&mut self, place: &Place, cause: &Cause) {
        let severity = match place.wrong {
            Wrong::Ignored => Severity::Warning,
            Wrong::Refused => Severity::Error,
        };
        self.find_at(severity, &place.path, place.line, cause);
    }

    fn warn(&mut self, path: &str, line: Option<u32>, cause: &Cause) {
        self.find_at(Severity::Warning, path, line, cause);
    }

    /// Keeps the line of a value, for what is found out about it later.
    fn note(&mut self, place: &Place) {
        if let Some(line) = place.line {
            self.lines.insert(place.path.clone(), line);
        }
    }

    fn dictionary(
        &mut self,
        place: &Place,
        entries: Vec<Entry>,
        keys: &'static [Key],
    ) -> plist::Dictionary {
        let mut known: Vec<(&'static Key, Entry)> = Vec::new();
        for entry in entries {
            let Some(key) = self.recognise(place, &entry, keys) else { continue };
            match known.iter_mut().find(|(other, _)| other.name == key.name) {
                Some((_, earlier)) => {
                    let twice = Cause::Twice { first: earlier.line };
                    let path = join(&place.path, key.name);
                    self.warn(&path, entry.line, &twice);
                    *earlier = entry;
                }
                None => known.push((key, entry)),
            }
        }
        let mut dictionary = plist::Dictionary::new();
        for (key, entry) in known {
            let inner = Place { wrong: key.wrong, ..place.inside(key.name, entry.line) };
            self.note(&inner);
            self.used.push(Used { path: inner.path.clone(), key, line: inner.line });
            if let Some(value) = self.value(&inner, entry.node, &key.kind) {
                dictionary.insert(key.name.to_owned(), value);
            }
        }
        dictionary
    }

    /// The row of a key, whatever its case.
    fn recognise(
        &mut self,
        place: &Place,
        entry: &Entry,
        keys: &'static [Key],
    ) -> Option<&'static Key> {
        if let Some(key) = row(keys, &entry.name) {
            return Some(key);
        }
        let key = keys.iter().find(|key| key.name.eq_ignore_ascii_case(&entry.name));
        let (path, cause) = match key {
            Some(key) => {
                let written = entry.name.clone();
                (join(&place.path, key.name), Cause::Case { written, meant: key.name })
            }
            None if FAULTS_MAX <= self.faults.len() => {
                (join(&place.path, &entry.name), Cause::Unknown { near: None })
            }
            None => {
                let near = near::hint(&entry.name, &place.path, keys);
                (join(&place.path, &entry.name), Cause::Unknown { near })
            }
        };
        self.warn(&path, entry.line.or(place.line), &cause);
        key
    }

    fn value(&mut self, place: &Place, node: Node, kind: &Kind) -> Option<plist::Value> {
        if !allowed::fits(kind, &node.value) {
            let found = node.value.what();
            let write = allowed::write(kind, &node.value, self.format);
            let ignored = place.is_ignored();
            let cause = Cause::Type { found, allowed: allowed::phrase(kind), write, ignored };
            self.wrong(&Place { line: node.line.or(place.line), ..place.clone() }, &cause);
            return None;
        }
        match (kind, node.value) {
            (Kind::OneOf(kinds), value) => {
                let kind = kinds.iter().find(|kind| allowed::fits(kind, &value))?;
                self.value(place, Node { line: node.line, value }, kind)
            }
            (Kind::List(kind), Value::Array(nodes)) => Some(self.list(place, nodes, kind)),
            (Kind::Map(kind), Value::Dictionary(entries)) => Some(self.map(place, entries, kind)),
            (Kind::Dictionary(keys), Value::Dictionary(entries)) => {
                Some(plist::Value::Dictionary(self.dictionary(place, entries, keys)))
            }
            (Kind::Anything, value) => value.plain(),
            (kind, value) => self.scalar(place, &value, kind),
        }
    }

    fn list(&mut self, place: &Place, nodes: Vec<Node>, kind: &Kind) -> plist::Value {
        let mut values = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.into_iter().enumerate() {
            let element = place.element(at, node.line);
            self.note(&element);
            values.extend(self.value(&element, node, kind));
        }
        plist::Value::Array(values)
    }

    fn map(&mut self, place: &Place, entries: Vec<Entry>, kind: &Kind) -> plist::Value {
        let mut dictionary = plist::Dictionary::new();
        for entry in entries {
            let inner = place.inside(&entry.name, entry.line);
            self.note(&inner);
            if dictionary.contains_key(&entry.name) {
                self.warn(&inner.path, inner.line, &Cause::Twice { first: None });
            }
            if let Some(value) = self.value(&inner, entry.node, kind) {
                dictionary.insert(entry.name, value);
            }
        }
        plist::Value::Dictionary(dictionary)
    }

    fn scalar(&mut self, place: &Place, value: &Value, kind: &Kind) -> Option<plist::Value> {
        let ignored = place.is_ignored();
        if value.text().is_some_and(|text| text.contains('\0')) {
            self.wrong(place, &Cause::Nul { ignored });
            return None;
        }
        let read = match kind {
            Kind::Boolean => scalar::boolean(value).map(plist::Value::Boolean),
            Kind::Integer { min, max } => scalar::integer(value)
                .filter(|integer| (i128::from(*min)..=i128::from(*max)).contains(integer))
                .and_then(integer_value),
            Kind::Number { min, max } => scalar::number(value, *min, *max),
            Kind::Mode => scalar::mode(value).and_then(integer_value),
            Kind::Size => scalar::size(value).and_then(integer_value),
            Kind::Signal => scalar::signal(value).map(|name| plist::Value::String(name.to_owned())),
            Kind::Choice(words) => self.choice(place, value, words),
            Kind::Text | Kind::Label | Kind::Path | Kind::Program => {
                return self.text(place, value.text()?, kind);
            }
            Kind::Anything
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Dictionary(_)
            | Kind::OneOf(_) => None,
        };
        if read.is_none() {
            let (found, allowed) = (scalar::shown(value), allowed::range(kind));
            self.wrong(place, &Cause::Range { found, allowed, ignored });
        }
        read
    }

    fn choice(
        &mut self,
        place: &Place,
        value: &Value,
        words: &'static [&'static str],
    ) -> Option<plist::Value> {
        let text = value.text()?;
        let word = words.iter().find(|word| word.eq_ignore_ascii_case(text))?;
        if *word != text {
            let cause = Cause::Case { written: text.to_owned(), meant: word };
            self.warn(&place.path, place.line, &cause);
        }
        Some(plist::Value::String((*word).to_owned()))
    }

    fn text(&mut self, place: &Place, text: &str, kind: &Kind) -> Option<plist::Value> {
        let refused = match kind {
            Kind::Label => check_label(text).err().map(Cause::Label),
            Kind::Program if !scalar::is_absolute(text) => Some(Cause::Relative(text.to_owned())),
            Kind::Path | Kind::Program => {
                if let Some(doubt) = scalar::doubt_about_path(text) {
                    self.warn(&place.path, place.line, &doubt);
                }
                None
            }
            Kind::Boolean
            | Kind::Integer { .. }
            | Kind::Number { .. }
            | Kind::Text
            | Kind::Mode
            | Kind::Size
            | Kind::Signal
            | Kind::Choice(_)
            | Kind::Anything
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Dictionary(_)
            | Kind::OneOf(_) => None,
        };
        match refused {
            Some(cause) => {
                self.wrong(place, &cause);
                None
            }
            None => Some(plist::Value::String(text.to_owned())),
        }
    }
}
