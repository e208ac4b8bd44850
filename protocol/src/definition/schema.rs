//! The JSON Schema of a definition, from the key table. It takes what is read without an error or a
//! warning, as JSON or as a property list in JSON's form.

use serde_json::{Map, Value, json};

use super::key::{Class, Key, Kind, Support};
use super::{KEYS, LABEL_MAX, Os};

/// Definitions as JSON Schema (draft 2020-12). `x-support` tells what each system does with a key,
/// `x-change` what a change of it asks of a service that runs.
#[must_use]
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "supervisord service definition",
        "description": "A launchd property list, with the key Supervisor for what launchd can't say.",
        "required": ["Label"],
        "anyOf": [{ "required": ["ProgramArguments"] }, { "required": ["Program"] }],
    });
    if let (Some(schema), Value::Object(keys)) = (schema.as_object_mut(), dictionary(KEYS)) {
        schema.extend(keys);
    }
    schema
}

fn dictionary(keys: &[Key]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn property(key: &Key) -> Value {
    let mut property = of(&key.kind);
    if let Some(property) = property.as_object_mut() {
        let support = Os::ALL.map(|os| (os.name().to_owned(), Value::from(support(key.on(os)))));
        property.insert("description".to_owned(), key.summary.into());
        property.insert("x-support".to_owned(), support.into_iter().collect::<Map<_, _>>().into());
        property.insert("x-change".to_owned(), change(key.class).into());
    }
    property
}

fn of(kind: &Kind) -> Value {
    match kind {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Integer { min, max: i64::MAX } => json!({ "type": "integer", "minimum": min }),
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Text | Kind::Path => json!({ "type": "string" }),
        Kind::Label => json!({
            "type": "string",
            "minLength": 1,
            "maxLength": LABEL_MAX,
            "pattern": "^[^/\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$",
            "not": { "enum": [".", ".."] },
        }),
        Kind::Program => json!({ "type": "string", "pattern": r"^(/|\\\\|[A-Za-z]:[/\\])" }),
        Kind::Mode => json!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": 0o17_7777 },
            { "type": "string", "pattern": "^(0[xX][0-9a-fA-F]+|0[oO]?[0-7]*|[1-9][0-9]*)$" },
        ] }),
        Kind::Size => json!({ "anyOf": [
            { "type": "integer", "minimum": 1 },
            { "type": "string", "pattern": "^[0-9]+ *([KMGTkmgt][iI]?)?[bB]?$" },
        ] }),
        Kind::Signal => json!({ "anyOf": [
            { "type": "string", "pattern": "^((SIG)?[A-Z]+[12]?|[0-9]+)$" },
            { "type": "integer", "minimum": 1 },
        ] }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Anything => json!({}),
        Kind::List(inner) => json!({ "type": "array", "items": of(inner) }),
        Kind::Map(inner) => json!({ "type": "object", "additionalProperties": of(inner) }),
        Kind::Dictionary(keys) => dictionary(keys),
        Kind::OneOf(kinds) => json!({ "anyOf": kinds.iter().map(of).collect::<Vec<_>>() }),
    }
}

/// What a system does with a key, in words that begin with one of five.
pub(super) fn support(support: Support) -> String {
    match support {
        Support::Honoured => "honoured".to_owned(),
        Support::Approximated(how) => format!("approximated: {how}"),
        Support::NotAvailable(why) => format!("not available: {why}"),
        Support::Refused(why) => format!("refused: {why}"),
        Support::NotYet => "not yet".to_owned(),
    }
}

/// What a change of a key asks of a service that runs.
pub(super) fn change(class: Class) -> &'static str {
    match class {
        Class::Hot => "at once",
        Class::NextStart => "next start",
        Class::Restart => "restart",
    }
}
