//! A property list as it was written: values with their lines, whatever the format.
//!
//! Lives only while a definition is read. Judges nothing.

/// One value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: Option<u32>,
    pub(super) value: Value,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Boolean(bool),
    Integer(i128),
    Real(f64),
    Text(String),
    /// Text of a format that has no booleans and numbers (OpenStep): its key decides what it is.
    Word(String),
    Data(Vec<u8>),
    Date(plist::Date),
    Null,
    Array(Vec<Node>),
    Dictionary(Vec<Entry>),
}

/// One key and its value, in the order of the file; a key may come twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: Option<u32>,
    pub(super) node: Node,
}

impl Value {
    /// What it is, as a sentence says it.
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real number",
            Self::Text(_) | Self::Word(_) => "a string",
            Self::Data(_) => "data",
            Self::Date(_) => "a date",
            Self::Null => "null",
            Self::Array(_) => "an array",
            Self::Dictionary(_) => "a dictionary",
        }
    }

    /// The text, when it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Word(text) => Some(text),
            Self::Boolean(_)
            | Self::Integer(_)
            | Self::Real(_)
            | Self::Data(_)
            | Self::Date(_)
            | Self::Null
            | Self::Array(_)
            | Self::Dictionary(_) => None,
        }
    }

    /// The same without lines; of keys given twice the last one; nothing for null.
    pub(super) fn plain(self) -> Option<plist::Value> {
        Some(match self {
            Self::Boolean(boolean) => plist::Value::Boolean(boolean),
            Self::Integer(integer) => integer_value(integer)?,
            Self::Real(real) => plist::Value::Real(real),
            Self::Text(text) | Self::Word(text) => plist::Value::String(text),
            Self::Data(data) => plist::Value::Data(data),
            Self::Date(date) => plist::Value::Date(date),
            Self::Null => return None,
            Self::Array(nodes) => plist::Value::Array(
                nodes.into_iter().filter_map(|node| node.value.plain()).collect(),
            ),
            Self::Dictionary(entries) => plist::Value::Dictionary(
                entries
                    .into_iter()
                    .filter_map(|entry| Some((entry.name, entry.node.value.plain()?)))
                    .collect(),
            ),
        })
    }
}

/// An integer as property lists hold it; nothing beyond 64 bits.
pub(super) fn integer_value(integer: i128) -> Option<plist::Value> {
    let signed = i64::try_from(integer).map(plist::Integer::from);
    let either = signed.or_else(|_| u64::try_from(integer).map(plist::Integer::from));
    either.ok().map(plist::Value::Integer)
}
