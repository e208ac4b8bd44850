//! The documentation page of all keys, from the key table; `protocol/KEYS.md` is a copy of it.

use std::fmt::Write;

use super::key::{Key, Kind};
use super::{KEYS, Os, allowed, schema};

/// What stands around the table: how files are read, and what was decided where launchd is odd.
const PROSE: &str = include_str!("page.md");

/// Where the tables go in the prose.
const TABLES: &str = "<!-- tables -->";

/// The page, in Markdown.
#[must_use]
pub fn page() -> String {
    let (plain, only): (Vec<&Key>, Vec<&Key>) = KEYS.iter().partition(|key| !key.is_verbatim);
    let mut tables = String::new();
    heading(&mut tables, "At the top level");
    rows(&mut tables, &plain);
    for key in plain {
        below(&mut tables, key.name, key);
    }
    heading(&mut tables, "Only for launchd: known, reported, kept, and without effect elsewhere");
    rows(&mut tables, &only);
    PROSE.replace(TABLES, tables.trim())
}

/// The tables of the dictionaries in a key, outer ones first.
fn below(text: &mut String, path: &str, key: &Key) {
    let inner: Vec<&Key> = key.kind.keys().iter().collect();
    if inner.is_empty() {
        return;
    }
    heading(text, &format!("In {path}"));
    rows(text, &inner);
    for key in inner {
        below(text, &format!("{path}.{}", key.name), key);
    }
}

fn heading(text: &mut String, title: &str) {
    // Writing to a String can't fail.
    let _ = write!(
        text,
        "\n### {title}\n\n| key | value | meaning | Linux | macOS | Windows | change |\n|{}\n",
        "---|".repeat(7)
    );
}

fn rows(text: &mut String, keys: &[&Key]) {
    for key in keys {
        let [linux, macos, windows] = Os::ALL.map(|os| schema::support(key.on(os)));
        let (name, value, change) = (key.name, value(&key.kind), schema::change(key.class));
        let _ = writeln!(
            text,
            "| `{name}` | {value} | {} | {linux} | {macos} | {windows} | {change} |",
            key.summary
        );
    }
}

/// The values a key may have, with their bounds.
fn value(kind: &Kind) -> String {
    match kind {
        Kind::Integer { .. } => format!("an integer, {}", allowed::range(kind)),
        Kind::Choice(_) | Kind::Number { .. } | Kind::Mode | Kind::Size | Kind::Signal => {
            allowed::range(kind)
        }
        Kind::Path => "a path".to_owned(),
        Kind::Program => "an absolute path".to_owned(),
        Kind::Label => "a label".to_owned(),
        Kind::OneOf(kinds) => kinds.iter().map(value).collect::<Vec<_>>().join(" or "),
        Kind::Boolean
        | Kind::Text
        | Kind::Anything
        | Kind::List(_)
        | Kind::Map(_)
        | Kind::Dictionary(_) => allowed::phrase(kind),
    }
}
