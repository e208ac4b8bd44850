//! JSON, with keys given twice still visible, which `serde_json::Value` hides.

use super::{Broken, Budget, Cause};
use crate::definition::node::{Entry, Node, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

pub(super) fn read(text: &str) -> Result<Node, Broken> {
    let mut budget = Budget::new();
    let mut exceeded = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Seed { budget: &mut budget, exceeded: &mut exceeded };
    let root = seed.deserialize(&mut deserializer);
    let root = root.and_then(|root| deserializer.end().map(|()| root));
    root.map_err(|error| {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX).max(1);
        exceeded.unwrap_or_else(|| Cause::Json(without_place(&error))).at(line)
    })
}

/// The values of parsed JSON.
pub(in crate::definition) fn from_json(value: &serde_json::Value) -> Result<Node, Broken> {
    let mut budget = Budget::new();
    let mut exceeded = None;
    let seed = Seed { budget: &mut budget, exceeded: &mut exceeded };
    let root = seed.deserialize(value);
    root.map_err(|error| exceeded.unwrap_or_else(|| Cause::Json(error.to_string())).into())
}

/// The message alone: the line is told apart from it.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}

struct Seed<'a> {
    budget: &'a mut Budget,
    exceeded: &'a mut Option<Cause>,
}

impl Seed<'_> {
    fn again(&mut self) -> Seed<'_> {
        Seed { budget: self.budget, exceeded: self.exceeded }
    }

    fn within<E: Error>(&mut self, paid: Result<(), Cause>) -> Result<(), E> {
        paid.map_err(|cause| {
            let error = E::custom(&cause);
            *self.exceeded = Some(cause);
            error
        })
    }

    fn enter<E: Error>(&mut self) -> Result<(), E> {
        let paid = self.budget.enter();
        self.within(paid)
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(mut self, from: D) -> Result<Node, D::Error> {
        let paid = self.budget.node();
        self.within(paid)?;
        Ok(Node { line: None, value: from.deserialize_any(self)? })
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Value, E> {
        Ok(Value::Boolean(boolean))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::Integer(integer.into()))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Value, E> {
        Ok(Value::Integer(integer.into()))
    }

    fn visit_f64<E>(self, real: f64) -> Result<Value, E> {
        Ok(Value::Real(real))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut nodes = Vec::new();
        while let Some(node) = elements.next_element_seed(self.again())? {
            nodes.push(node);
        }
        self.budget.leave();
        Ok(Value::Array(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut pairs: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut entries = Vec::new();
        while let Some(name) = pairs.next_key::<String>()? {
            let node = pairs.next_value_seed(self.again())?;
            entries.push(Entry { name, line: None, node });
        }
        self.budget.leave();
        Ok(Value::Dictionary(entries))
    }
}
