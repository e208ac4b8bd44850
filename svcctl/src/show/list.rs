//! The rows of `list`. The brief form is launchctl's, byte for byte; scripts read it.
//!
//! Rows borrow from the answer, for there may be ten thousand of them.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use super::span::{seconds_ago, span};

/// What stands above brief rows.
pub(crate) const BRIEF_HEADER: &str = "PID\tStatus\tLabel";

/// What stands above wide rows.
pub(crate) const WIDE_HEADER: &str =
    "    PID  STATUS  STATE     GOAL  RESTARTS          SINCE  LABEL";

/// A page of rows.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<R> {
    /// In label order.
    pub(crate) services: Vec<R>,
    /// The `after` to ask the next page with, if there is one.
    pub(crate) next: Option<String>,
}

/// A service as launchctl prints it.
#[derive(Debug, Deserialize)]
pub(crate) struct Brief<'a> {
    #[serde(borrow)]
    pub(crate) label: Cow<'a, str>,
    pid: Option<u32>,
    status: Option<i64>,
}

/// A service; words a newer daemon may have invented are shown as they are.
#[derive(Debug, Deserialize)]
pub(crate) struct Row<'a> {
    #[serde(borrow)]
    pub(crate) label: Cow<'a, str>,
    pid: Option<u32>,
    status: Option<i64>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow)]
    goal: Cow<'a, str>,
    restarts: u64,
    #[serde(borrow)]
    since: Cow<'a, str>,
}

/// A row with all it has, in columns.
pub(crate) struct Wide<'a>(pub(crate) &'a Row<'a>, pub(crate) Timestamp);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, status, label } = self;
        write!(out, "{}\t{}\t{label}", OrDash(*pid), OrDash(*status))
    }
}

impl fmt::Display for Wide<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { label, pid, status, state, goal, restarts, since } = self.0;
        let (pid, status) = (OrDash(*pid).to_string(), OrDash(*status).to_string());
        let since = seconds_ago(since, self.1).map_or_else(|| "-".to_owned(), span);
        write!(
            out,
            "{pid:>7}  {status:>6}  {state:<8}  {goal:<4}  {restarts:>8}  {since:>13}  {label}"
        )
    }
}

struct OrDash<N>(Option<N>);

impl<N: fmt::Display> fmt::Display for OrDash<N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(number) => number.fmt(out),
            None => out.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = r#"{"services":[
        {"label":"db","pid":null,"status":-9,"state":"backoff","goal":"up","restarts":12,
         "since":"2026-01-02T03:04:00Z","cpu":"newer daemons say more"},
        {"label":"My \"Service\"","pid":4711,"status":null,"state":"up","goal":"up","restarts":0,
         "since":"2026-01-01T00:51:05Z"},
        {"label":"once","pid":null,"status":0,"state":"held","goal":"down","restarts":0,
         "since":"?"}],"next":"once"}"#;

    fn rows<'a, R: Deserialize<'a>>() -> Vec<R> {
        let page: Page<R> = serde_json::from_str(ROWS).unwrap();
        assert_eq!(page.next.as_deref(), Some("once"));
        page.services
    }

    #[test]
    fn brief_rows_are_launchctls() {
        let rows: Vec<String> = rows().iter().map(Brief::to_string).collect();
        assert_eq!(rows, ["-\t-9\tdb", "4711\t-\tMy \"Service\"", "-\t0\tonce"]);
    }

    #[test]
    fn wide_rows_stand_in_columns() {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        let rows: Vec<String> = rows().iter().map(|row| Wide(row, now).to_string()).collect();
        assert_eq!(
            format!("{WIDE_HEADER}\n{}", rows.join("\n")),
            "    PID  STATUS  STATE     GOAL  RESTARTS          SINCE  LABEL
      -      -9  backoff   up          12            5 s  db
   4711       -  up        up           0        1 d 2 h  My \"Service\"
      -       0  held      down         0              -  once"
        );
    }
}
