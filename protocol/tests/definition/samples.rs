//! Values made from the key table itself, so that a new row is tested without a new test.

use plist::{Dictionary, Value};
use proptest::prelude::*;
use protocol::definition::{Key, Kind};

/// Any value that a kind allows.
pub(crate) fn values(kind: &'static Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Integer { min, max } => (*min..=*max).prop_map(|i| Value::Integer(i.into())).boxed(),
        Kind::Number { min, max } => (*min..=*max)
            .prop_map(|number| Value::Real((number * 1000.0).round() / 1000.0))
            .prop_filter("rounded out of range", move |value| {
                (*min..=*max).contains(&value.as_real().unwrap())
            })
            .boxed(),
        Kind::Text => "[^\0]{0,12}".prop_map(Value::String).boxed(),
        Kind::Label => "[a-zäß .%_-]{3,12}".prop_map(Value::String).boxed(),
        Kind::Path | Kind::Program => "/[^\0]{0,12}".prop_map(Value::String).boxed(),
        Kind::Mode => (0..0o7777_u32).prop_map(|mode| Value::String(format!("0{mode:o}"))).boxed(),
        Kind::Size => (1..1000_u32, prop::sample::select(vec!["", "K", "MiB", "gb"]))
            .prop_map(|(count, unit)| Value::String(format!("{count}{unit}")))
            .boxed(),
        Kind::Signal => prop::sample::select(vec!["TERM", "SIGHUP", "usr1", "9"])
            .prop_map(|name| Value::String(name.to_owned()))
            .boxed(),
        Kind::Choice(words) => {
            prop::sample::select(*words).prop_map(|word| Value::String(word.to_owned())).boxed()
        }
        Kind::Anything => Just(Value::Integer(1.into())).boxed(),
        Kind::List(inner) => {
            prop::collection::vec(values(inner), 0..4).prop_map(Value::Array).boxed()
        }
        Kind::Map(inner) => prop::collection::btree_map("[a-z/.]{1,6}", values(inner), 0..4)
            .prop_map(|entries| Value::Dictionary(entries.into_iter().collect()))
            .boxed(),
        Kind::Dictionary(keys) => dictionaries(keys).prop_map(Value::Dictionary).boxed(),
        Kind::OneOf(kinds) => prop::strategy::Union::new(kinds.iter().map(values)).boxed(),
    }
}

/// Dictionaries with any of the keys.
pub(crate) fn dictionaries(keys: &'static [Key]) -> BoxedStrategy<Dictionary> {
    let entries: Vec<_> = keys
        .iter()
        .map(|key| {
            let name = key.name.to_owned();
            prop::option::weighted(0.3, values(&key.kind).prop_map(move |v| (name.clone(), v)))
        })
        .collect();
    entries.prop_map(|entries| entries.into_iter().flatten().collect()).boxed()
}
