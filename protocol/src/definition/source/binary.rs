//! The binary format, read event by event, so that bounds hold before any value is built.

use super::{Broken, Budget, Cause};
use crate::definition::node::{Entry, Node, Value};
use plist::stream::{BinaryReader, Event};
use std::io::Cursor;

pub(super) fn read(bytes: &[u8]) -> Result<Node, Broken> {
    let mut reader =
        Reader { events: BinaryReader::new(Cursor::new(bytes)), budget: Budget::new() };
    let first = reader.next()?;
    Ok(reader.value(first)?)
}

struct Reader<'a> {
    events: BinaryReader<Cursor<&'a [u8]>>,
    budget: Budget,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Event<'static>, Cause> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Cause::Binary(error.to_string())),
            None => Err(Cause::Binary("it ends too early".to_owned())),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the events are the plist crate's to add to"
    )]
    fn value(&mut self, event: Event<'static>) -> Result<Node, Cause> {
        self.budget.node()?;
        let value = match event {
            Event::StartArray(_) => self.array()?,
            Event::StartDictionary(_) => self.dictionary()?,
            Event::Boolean(boolean) => Value::Boolean(boolean),
            Event::Data(data) => Value::Data(data.into_owned()),
            Event::Date(date) => Value::Date(date),
            Event::Integer(integer) => Value::Integer(match integer.as_signed() {
                Some(signed) => signed.into(),
                None => integer.as_unsigned().unwrap_or(u64::MAX).into(),
            }),
            Event::Real(real) => Value::Real(real),
            Event::String(text) => Value::Text(text.into_owned()),
            other => return Err(Cause::Binary(format!("{other:?} is no value of ours"))),
        };
        Ok(Node { line: None, value })
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the events are the plist crate's to add to"
    )]
    fn array(&mut self) -> Result<Value, Cause> {
        self.budget.enter()?;
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                Event::EndCollection => break,
                event => nodes.push(self.value(event)?),
            }
        }
        self.budget.leave();
        Ok(Value::Array(nodes))
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the events are the plist crate's to add to"
    )]
    fn dictionary(&mut self) -> Result<Value, Cause> {
        self.budget.enter()?;
        let mut entries = Vec::new();
        loop {
            let name = match self.next()? {
                Event::EndCollection => break,
                Event::String(name) => name.into_owned(),
                other => return Err(Cause::Binary(format!("{other:?} stands for a key"))),
            };
            let event = self.next()?;
            entries.push(Entry { name, line: None, node: self.value(event)? });
        }
        self.budget.leave();
        Ok(Value::Dictionary(entries))
    }
}
