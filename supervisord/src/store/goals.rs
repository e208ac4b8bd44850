//! What people asked of each service, one JSON line a change; the last line of a label counts.
//!
//! The first line gives the format. A line cut short by a crash was never acknowledged, so it is
//! passed over; a damaged one in the middle is reported and passed over.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use protocol::message::Goal;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// The version of the format written here; older ones are read for ever.
const FORMAT: u32 = 1;

/// By label, only where something was asked.
pub type Goals = BTreeMap<String, Intent>;

/// What was asked of one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// `start` or `stop`; without it, up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// `enable` or `disable`; without it, as the definition says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct Line {
    label: String,
    #[serde(flatten)]
    intent: Intent,
}

/// What a journal said.
#[derive(Debug, Default)]
pub struct Read {
    /// What was asked.
    pub goals: Goals,
    /// Something in it could not be read, and was passed over.
    pub is_damaged: bool,
}

/// The latest word counts; the default intent forgets the label.
pub fn change(goals: &mut Goals, label: String, intent: Intent) {
    if intent == Intent::default() {
        goals.remove(&label);
    } else {
        goals.insert(label, intent);
    }
}

/// One change as a line; the default intent forgets the label.
#[must_use]
pub fn line(label: &str, intent: Intent) -> String {
    let line = Line { label: label.to_owned(), intent };
    let mut text = serde_json::to_string(&line).expect("a label and two words make JSON");
    text.push('\n');
    text
}

/// The whole file with nothing superfluous in it.
#[must_use]
pub fn whole(goals: &Goals) -> String {
    let mut text = serde_json::to_string(&Header { format: FORMAT }).expect("a number makes JSON");
    text.push('\n');
    for (label, intent) in goals {
        text.push_str(&line(label, *intent));
    }
    text
}

/// Reads the file; a missing one is an empty one.
///
/// # Errors
/// [`StoreError`] when it can't be read, or comes from a newer version.
pub fn read(file: &Path) -> Result<Read, StoreError> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Read::default()),
        Err(cause) => return Err(StoreError::Read { path: file.to_owned(), cause }),
    };
    let (mut goals, mut is_damaged) = (Goals::new(), false);
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    if let Some(first) = lines.next() {
        match serde_json::from_slice::<Header>(first) {
            Ok(header) if FORMAT < header.format => {
                return Err(StoreError::Newer { path: file.to_owned(), format: header.format });
            }
            Ok(_) => {}
            Err(error) => {
                is_damaged = true;
                log::error!("cannot read {}, first line: {error}", file.display());
            }
        }
    }
    for (number, text) in lines.enumerate() {
        match serde_json::from_slice::<Line>(text) {
            Ok(line) => change(&mut goals, line.label, line.intent),
            Err(_) if !text.ends_with(b"\n") => {}
            Err(error) => {
                is_damaged = true;
                log::error!("cannot read {}, line {}: {error}", file.display(), number + 2);
            }
        }
    }
    Ok(Read { goals, is_damaged })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Goals {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("goals.jsonl");
        fs::write(&file, text).unwrap();
        read(&file).unwrap().goals
    }

    const DOWN: Intent = Intent { goal: Some(Goal::Down), enabled: None };
    const OFF: Intent = Intent { goal: None, enabled: Some(false) };

    #[test]
    fn the_last_line_of_a_label_counts() {
        let text = whole(&Goals::new())
            + &line("web", DOWN)
            + &line("db", OFF)
            + &line("web", OFF)
            + &line("db", Intent::default());
        assert_eq!(read_text(&text), Goals::from([("web".to_owned(), OFF)]));
    }

    #[test]
    fn what_was_written_is_read_back() {
        let goals = Goals::from([("web".to_owned(), DOWN), ("My \"S\"\n".to_owned(), OFF)]);
        assert_eq!(read_text(&whole(&goals)), goals);
    }

    #[test]
    fn a_line_cut_short_anywhere_loses_only_itself() {
        let whole = whole(&Goals::new()) + &line("web", DOWN);
        let torn = line("db", OFF);
        for cut in 0..torn.len() - 1 {
            let goals = read_text(&format!("{whole}{}", &torn[..cut]));
            assert_eq!(goals, Goals::from([("web".to_owned(), DOWN)]), "cut at {cut}");
        }
    }

    #[test]
    fn a_damaged_line_loses_only_itself() {
        let text = whole(&Goals::new()) + "\u{0}\u{0}garbage\n" + &line("web", DOWN);
        assert_eq!(read_text(&text), Goals::from([("web".to_owned(), DOWN)]));
    }

    #[test]
    fn a_newer_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("goals.jsonl");
        fs::write(&file, "{\"format\":2}\n").unwrap();
        assert!(matches!(read(&file), Err(StoreError::Newer { format: 2, .. })));
    }
}
