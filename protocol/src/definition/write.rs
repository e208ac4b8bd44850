//! A definition written again: only what differs from the defaults. Reading it gives an equal one.

use super::typed::Keyed;
use super::{Definition, KEYS, Key};
use plist::{Dictionary, Value};

impl Definition {
    /// The keys whose values are not the default.
    #[must_use]
    pub fn to_dictionary(&self) -> Dictionary {
        let mut dictionary = Dictionary::new();
        self.write_to(&mut dictionary);
        dictionary
    }

    /// An XML property list that launchd can load.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut bytes = Vec::new();
        let written = Value::Dictionary(self.to_dictionary()).to_writer_xml(&mut bytes);
        debug_assert!(written.is_ok(), "writing to memory does not fail");
        // A reader takes a bare carriage return for the end of a line.
        let mut text = String::from_utf8_lossy(&bytes).replace('\r', "&#13;");
        text.push('\n');
        text
    }

    /// The same keys as JSON; data and dates, which JSON lacks, as text.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json_of(&Value::Dictionary(self.to_dictionary()))
    }

    /// The keys whose values differ, in the order of the table; of the `Supervisor` dictionary, and
    /// of `Log` in it, the keys inside.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Vec<&'static Key> {
        differing(KEYS, &self.to_dictionary(), &other.to_dictionary())
    }
}

fn differing(keys: &'static [Key], left: &Dictionary, right: &Dictionary) -> Vec<&'static Key> {
    let nothing = Dictionary::new();
    let mut different = Vec::new();
    for key in keys {
        let (left, right) = (left.get(key.name), right.get(key.name));
        if left == right {
            continue;
        }
        if ["Supervisor", "Log"].contains(&key.name) {
            let inside = |value: Option<&'_ Value>| {
                value.and_then(Value::as_dictionary).unwrap_or(&nothing).clone()
            };
            different.extend(differing(key.kind.keys(), &inside(left), &inside(right)));
        } else {
            different.push(key);
        }
    }
    different
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the values are the plist crate's to add to")]
fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Array(values) => values.iter().map(json_of).collect(),
        Value::Dictionary(dictionary) => {
            dictionary.iter().map(|(name, value)| (name.clone(), json_of(value))).collect()
        }
        Value::Boolean(boolean) => (*boolean).into(),
        Value::Integer(integer) => match (integer.as_signed(), integer.as_unsigned()) {
            (Some(signed), _) => signed.into(),
            (None, unsigned) => unsigned.into(),
        },
        Value::Real(real) => (*real).into(),
        Value::String(text) => text.as_str().into(),
        Value::Date(date) => date.to_xml_format().into(),
        Value::Data(data) => {
            data.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
        other => format!("{other:?}").into(),
    }
}
