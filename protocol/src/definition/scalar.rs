//! Reads single values by what their key wants. Never reports; `None` means it can't be that.

use super::cause::Cause;
use super::node::Value;
use super::signal;

/// True or false; words only in a format that has nothing else.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(boolean) => Some(*boolean),
        Value::Word(word) => boolean_word(word),
        Value::Integer(_)
        | Value::Real(_)
        | Value::Text(_)
        | Value::Data(_)
        | Value::Date(_)
        | Value::Null
        | Value::Array(_)
        | Value::Dictionary(_) => None,
    }
}

/// What a person means who writes a boolean as text.
pub(super) fn boolean_word(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" | "on" | "y" => Some(true),
        "no" | "false" | "0" | "off" | "n" => Some(false),
        _ => None,
    }
}

pub(super) fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Integer(integer) => Some(*integer),
        Value::Word(word) => word.parse().ok(),
        Value::Boolean(_)
        | Value::Real(_)
        | Value::Text(_)
        | Value::Data(_)
        | Value::Date(_)
        | Value::Null
        | Value::Array(_)
        | Value::Dictionary(_) => None,
    }
}

/// A number within bounds, kept an integer where it is one.
pub(super) fn number(value: &Value, min: f64, max: f64) -> Option<plist::Value> {
    let real = match value {
        Value::Real(real) => *real,
        Value::Word(word) => word.parse().ok()?,
        Value::Integer(integer) => f64::from(i32::try_from(*integer).ok()?),
        Value::Boolean(_)
        | Value::Text(_)
        | Value::Data(_)
        | Value::Date(_)
        | Value::Null
        | Value::Array(_)
        | Value::Dictionary(_) => return None,
    };
    if !(min..=max).contains(&real) {
        return None;
    }
    match integer(value) {
        Some(integer) => super::node::integer_value(integer),
        None => Some(plist::Value::Real(real)),
    }
}

/// What chmod(2) looks at of a mode; some definitions give the file type as well.
const MODE_BITS: i128 = 0o7777;

/// Mode bits: an integer as it is, text as C reads it (`022` octal, `0x12`, `18`).
pub(super) fn mode(value: &Value) -> Option<i128> {
    let bits = match value.text() {
        None => integer(value)?,
        Some(text) => {
            let text = text.trim();
            let lower = text.to_ascii_lowercase();
            match (lower.strip_prefix("0x"), lower.strip_prefix("0o"), text.strip_prefix('0')) {
                (Some(digits), _, _) => i128::from_str_radix(digits, 16).ok()?,
                (None, Some(digits), _) => i128::from_str_radix(digits, 8).ok()?,
                (None, None, Some(digits)) if !digits.is_empty() => {
                    i128::from_str_radix(digits, 8).ok()?
                }
                (None, None, _) => text.parse().ok()?,
            }
        }
    };
    (0..=0o17_7777).contains(&bits).then_some(bits & MODE_BITS)
}

/// Bytes: an integer, or text with K, M, G or T behind it, powers of 1024.
pub(super) fn size(value: &Value) -> Option<i128> {
    let bytes = match value.text() {
        None => integer(value)?,
        Some(text) => {
            let text = text.trim().trim_end_matches(['b', 'B']).trim_end_matches(['i', 'I']);
            let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
                "" => 0,
                "K" => 10,
                "M" => 20,
                "G" => 30,
                "T" => 40,
                _ => return None,
            };
            digits.trim().parse::<i128>().ok()?.checked_mul(1 << shift)?
        }
    };
    (1..=i128::from(i64::MAX)).contains(&bytes).then_some(bytes)
}

/// The name of a signal, of its name or number.
pub(super) fn signal(value: &Value) -> Option<&'static str> {
    match value.text() {
        Some(text) => match text.parse() {
            Ok(number) => signal::of_number(number),
            Err(_) => signal::of_name(text.trim()),
        },
        None => signal::of_number(integer(value)?),
    }
}

/// Absolute on any of the systems: the same file is read on all of them.
pub(super) fn is_absolute(path: &str) -> bool {
    let is_drive = match path.as_bytes() {
        [letter, b':', b'/' | b'\\', ..] => letter.is_ascii_alphabetic(),
        _ => false,
    };
    path.starts_with('/') || path.starts_with("\\\\") || is_drive
}

/// Why a path may not be what its writer thinks.
pub(super) fn doubt_about_path(path: &str) -> Option<Cause> {
    if path.starts_with('~') || has_variable(path) {
        Some(Cause::NotExpanded(path.to_owned()))
    } else if is_absolute(path) {
        None
    } else {
        Some(Cause::Relative(path.to_owned()))
    }
}

/// True when a shell would put a variable in: `$NAME`, `${NAME}`, `%NAME%`.
pub(super) fn has_variable(text: &str) -> bool {
    let named = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let dollar = text.split('$').skip(1).any(|rest| named(rest) || rest.starts_with('{'));
    let mut percents = text.split('%');
    let percent = percents.nth(1).is_some_and(|name| {
        1 < name.len()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            && percents.next().is_some()
    });
    dollar || percent
}

/// A value as a sentence shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => real.to_string(),
        Value::Text(text) | Value::Word(text) => {
            let cut: String = text.chars().take(60).collect();
            format!("{cut:?}{}", if cut.len() < text.len() { "…" } else { "" })
        }
        Value::Data(_) | Value::Date(_) | Value::Null | Value::Array(_) | Value::Dictionary(_) => {
            value.what().to_owned()
        }
    }
}
