//! Logs as text: pieces as they come, lines with the name of their service, and marks between runs.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::message::{LogEvent, LogMark};
use serde_json::json;

/// Colours that can be read on dark and light ground.
const COLOURS: [u8; 6] = [36, 33, 32, 35, 34, 31];

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// How a log is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Text,
    /// Each line behind the label, which is filled up to that width.
    Named { width: usize },
    /// Each line an object.
    Json,
}

/// The log of one service on its way to the reader.
#[derive(Debug)]
pub(crate) struct Log {
    label: String,
    form: Form,
    /// Its place among the others, when colours are wanted.
    colour: Option<usize>,
    /// The beginning of a line whose end is yet to come; text that is shown as it is has none.
    begun: String,
    is_within: bool,
}

impl Log {
    /// Nothing of it has come yet.
    pub(crate) fn new(label: String, form: Form, colour: Option<usize>) -> Self {
        Self { label, form, colour, begun: String::new(), is_within: false }
    }

    /// Text that came, as it is to be shown now.
    pub(crate) fn text(&mut self, text: &str) -> String {
        if self.form == Form::Text {
            if !text.is_empty() {
                self.is_within = !text.ends_with('\n');
            }
            return text.to_owned();
        }
        let mut shown = String::new();
        for piece in text.split_inclusive('\n') {
            self.begun.push_str(piece);
            if self.begun.ends_with('\n') {
                self.begun.pop();
                shown += &self.line();
            }
        }
        shown
    }

    /// A mark that came, as it is to be shown now.
    pub(crate) fn mark(&mut self, mark: &LogMark) -> String {
        let mut shown = self.rest();
        if self.form == Form::Json {
            return shown + &json!({ "label": self.label, "mark": mark }).to_string() + "\n";
        }
        let sentence = sentence(mark, &TimeZone::system());
        shown += &match self.colour {
            Some(_) => format!("{DIM}— {sentence}{PLAIN}\n"),
            None => format!("— {sentence}\n"),
        };
        shown
    }

    /// The end of it: a line that was begun is shown as far as it came.
    pub(crate) fn end(&mut self) -> String {
        if self.form == Form::Text { String::new() } else { self.rest() }
    }

    fn rest(&mut self) -> String {
        if self.form == Form::Text && std::mem::take(&mut self.is_within) {
            return "\n".to_owned();
        }
        if self.begun.is_empty() { String::new() } else { self.line() }
    }

    fn line(&mut self) -> String {
        let (label, line) = (&self.label, std::mem::take(&mut self.begun));
        match self.form {
            Form::Text => line,
            Form::Json => json!({ "label": label, "line": line }).to_string() + "\n",
            Form::Named { width } => match self.colour {
                Some(place) => {
                    let colour = COLOURS[place % COLOURS.len()];
                    format!("\u{1b}[{colour}m{label:<width$} |{PLAIN} {line}\n")
                }
                None => format!("{label:<width$} | {line}\n"),
            },
        }
    }
}

/// The mark in words: `web: run 3 started, pid 4711, 2026-11-23 12:35:03`.
fn sentence(mark: &LogMark, zone: &TimeZone) -> String {
    let LogMark { label, run, at, event, pid, how } = mark;
    let at = at.parse::<Timestamp>().map_or_else(
        |_| at.clone(),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    );
    match (event, pid, how) {
        (LogEvent::Began, Some(pid), _) => format!("{label}: run {run} started, pid {pid}, {at}"),
        (LogEvent::Began, None, _) => format!("{label}: run {run} started, {at}"),
        (LogEvent::Ended, _, Some(how)) => format!("{label}: run {run} ended: {how}, {at}"),
        (LogEvent::Ended, _, None) => format!("{label}: run {run} ended, {at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(event: LogEvent) -> LogMark {
        let (label, at) = ("web".to_owned(), "2026-11-23T12:35:03.5Z".to_owned());
        LogMark { label, run: 3, at, event, pid: Some(4711), how: Some("exit 1".to_owned()) }
    }

    #[test]
    fn marks_are_sentences() {
        let said = |event| sentence(&mark(event), &TimeZone::UTC);
        assert_eq!(said(LogEvent::Began), "web: run 3 started, pid 4711, 2026-11-23 12:35:03");
        assert_eq!(said(LogEvent::Ended), "web: run 3 ended: exit 1, 2026-11-23 12:35:03");
    }

    #[test]
    fn lines_are_whole_however_they_were_cut() {
        let text = "one\n\ntwo\nthree";
        for cut in 1..text.len() {
            let mut log = Log::new("web".to_owned(), Form::Named { width: 4 }, None);
            let pieces = text.as_bytes().chunks(cut);
            let shown: String =
                pieces.map(|piece| log.text(std::str::from_utf8(piece).unwrap())).collect();
            let shown = shown + &log.end();
            assert_eq!(shown, "web  | one\nweb  | \nweb  | two\nweb  | three\n", "cut every {cut}");
        }
    }

    #[test]
    fn a_mark_begins_a_line_of_its_own() {
        let mut log = Log::new("web".to_owned(), Form::Text, None);
        assert_eq!(log.text("half") + &log.text(""), "half");
        let shown = log.mark(&mark(LogEvent::Began));
        assert!(shown.starts_with("\n— web: run 3 started"), "{shown}");
        assert!(log.mark(&mark(LogEvent::Ended)).starts_with("— web: run 3 ended"));
        assert_eq!(log.text("whole\n"), "whole\n");
        assert!(log.mark(&mark(LogEvent::Began)).starts_with("— web"));
    }

    #[test]
    fn json_has_an_object_for_each_line_and_mark() {
        let mut log = Log::new("web".to_owned(), Form::Json, None);
        assert_eq!(log.text("a\"b\nc"), "{\"label\":\"web\",\"line\":\"a\\\"b\"}\n");
        let shown = log.mark(&mark(LogEvent::Ended));
        let (line, mark) = shown.split_once('\n').unwrap();
        assert_eq!(line, "{\"label\":\"web\",\"line\":\"c\"}");
        assert!(mark.contains("\"event\":\"ended\"") && mark.contains("\"how\":\"exit 1\""));
    }

    #[test]
    fn names_are_coloured_where_that_is_wanted() {
        let mut log = Log::new("web".to_owned(), Form::Named { width: 3 }, Some(0));
        assert_eq!(log.text("x\n"), "\u{1b}[36mweb |\u{1b}[0m x\n");
    }
}
