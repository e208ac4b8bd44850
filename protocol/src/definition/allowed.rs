//! What a kind allows, in words, and what to write in place of a value it does not.

use super::key::Kind;
use super::node::Value;
use super::scalar;
use super::source::Format;

/// True when the value has a form the kind takes; its range is not looked at.
pub(super) fn fits(kind: &Kind, value: &Value) -> bool {
    let is_word = matches!(value, Value::Word(_));
    match kind {
        Kind::Boolean => scalar::boolean(value).is_some(),
        Kind::Integer { .. } => scalar::integer(value).is_some(),
        Kind::Number { .. } => matches!(value, Value::Integer(_) | Value::Real(_)) || is_word,
        Kind::Text | Kind::Label | Kind::Path | Kind::Program | Kind::Choice(_) => {
            value.text().is_some()
        }
        Kind::Mode | Kind::Size | Kind::Signal => {
            matches!(value, Value::Integer(_)) || value.text().is_some()
        }
        Kind::Anything => true,
        Kind::List(_) => matches!(value, Value::Array(_)),
        Kind::Map(_) | Kind::Dictionary(_) => matches!(value, Value::Dictionary(_)),
        Kind::OneOf(kinds) => kinds.iter().any(|kind| fits(kind, value)),
    }
}

/// The forms a kind takes: `a boolean or a dictionary`.
pub(super) fn phrase(kind: &Kind) -> String {
    match kind {
        Kind::Boolean => "a boolean".to_owned(),
        Kind::Integer { .. } => "an integer".to_owned(),
        Kind::Number { .. } => "a number".to_owned(),
        Kind::Text | Kind::Label | Kind::Path | Kind::Program | Kind::Choice(_) => {
            "a string".to_owned()
        }
        Kind::Mode | Kind::Size | Kind::Signal => "an integer or a string".to_owned(),
        Kind::Anything => "any value".to_owned(),
        Kind::List(inner) => format!("an array of {}", plural(inner)),
        Kind::Map(inner) => format!("a dictionary of {}", plural(inner)),
        Kind::Dictionary(_) => "a dictionary".to_owned(),
        Kind::OneOf(kinds) => kinds.iter().map(phrase).collect::<Vec<_>>().join(" or "),
    }
}

fn plural(kind: &Kind) -> String {
    match kind {
        Kind::Boolean => "booleans".to_owned(),
        Kind::Integer { .. } => "integers".to_owned(),
        Kind::Number { .. } => "numbers".to_owned(),
        Kind::Text | Kind::Label | Kind::Path | Kind::Program | Kind::Choice(_) => {
            "strings".to_owned()
        }
        Kind::Mode | Kind::Size | Kind::Signal => "integers or strings".to_owned(),
        Kind::Anything => "any values".to_owned(),
        Kind::List(_) => "arrays".to_owned(),
        Kind::Map(_) | Kind::Dictionary(_) => "dictionaries".to_owned(),
        Kind::OneOf(kinds) => kinds.iter().map(plural).collect::<Vec<_>>().join(" or "),
    }
}

/// What a value of the right form must be: `from 0 to 59`, `one of stream, dgram, seqpacket`.
pub(super) fn range(kind: &Kind) -> String {
    match kind {
        Kind::Integer { min, max } if i64::from(u32::MAX) <= *max => format!("at least {min}"),
        Kind::Integer { min, max } => format!("from {min} to {max}"),
        Kind::Number { min, max } => format!("a number from {min} to {max}"),
        Kind::Mode => "mode bits, at most 4095 in decimal or \"07777\" in octal".to_owned(),
        Kind::Size => "a number of bytes, or a text such as 64M".to_owned(),
        Kind::Signal => "a signal such as TERM".to_owned(),
        Kind::Choice(words) => format!("one of {}", words.join(", ")),
        Kind::Boolean
        | Kind::Text
        | Kind::Label
        | Kind::Path
        | Kind::Program
        | Kind::Anything
        | Kind::List(_)
        | Kind::Map(_)
        | Kind::Dictionary(_)
        | Kind::OneOf(_) => phrase(kind),
    }
}

/// What its writer probably meant, as the format spells it.
pub(super) fn write(kind: &Kind, value: &Value, format: Format) -> Option<String> {
    let text = value.text();
    match kind {
        Kind::Boolean => {
            let number = scalar::integer(value).map(|integer| integer.to_string());
            let meant = scalar::boolean_word(text.or(number.as_deref())?)?;
            Some(boolean(meant, format))
        }
        Kind::Integer { .. } => {
            let integer: i128 = text?.trim().parse().ok()?;
            Some(match format {
                Format::Xml | Format::Binary => format!("<integer>{integer}</integer>"),
                Format::Json | Format::OpenStep => integer.to_string(),
            })
        }
        Kind::Text | Kind::Label => match value {
            Value::Boolean(_) | Value::Integer(_) | Value::Real(_) => {
                Some(string(&scalar::shown(value), format))
            }
            Value::Text(_)
            | Value::Word(_)
            | Value::Data(_)
            | Value::Date(_)
            | Value::Null
            | Value::Array(_)
            | Value::Dictionary(_) => None,
        },
        Kind::List(Kind::Text) => Some(array(text?.split_whitespace(), format)),
        Kind::List(Kind::Path) => Some(array(std::iter::once(text?), format)),
        Kind::OneOf(kinds) => kinds.iter().find_map(|kind| write(kind, value, format)),
        Kind::Number { .. }
        | Kind::Path
        | Kind::Program
        | Kind::Mode
        | Kind::Size
        | Kind::Signal
        | Kind::Choice(_)
        | Kind::Anything
        | Kind::List(_)
        | Kind::Map(_)
        | Kind::Dictionary(_) => None,
    }
}

fn boolean(value: bool, format: Format) -> String {
    match (format, value) {
        (Format::Xml | Format::Binary, value) => format!("<{value}/>"),
        (Format::Json, value) => value.to_string(),
        (Format::OpenStep, true) => "YES".to_owned(),
        (Format::OpenStep, false) => "NO".to_owned(),
    }
}

fn string(text: &str, format: Format) -> String {
    match format {
        Format::Xml | Format::Binary => {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            format!("<string>{text}</string>")
        }
        Format::Json | Format::OpenStep => format!("{text:?}"),
    }
}

fn array<'a>(texts: impl Iterator<Item = &'a str>, format: Format) -> String {
    let strings: Vec<String> = texts.map(|text| string(text, format)).collect();
    match format {
        Format::Xml | Format::Binary => format!("<array>{}</array>", strings.concat()),
        Format::Json => format!("[{}]", strings.join(", ")),
        Format::OpenStep => format!("({})", strings.join(", ")),
    }
}
