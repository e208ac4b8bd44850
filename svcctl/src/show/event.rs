//! What happened, in a line: `17  2026-01-02T03:04:05.678Z  web: up, pid 4711: started on request`.

use std::borrow::Cow;
use std::fmt::Write as _;

use protocol::message::Asker;
use serde::Deserialize;

/// How users are called, by number.
pub(crate) type Names = fn(u32) -> Option<String>;

/// An event; words a newer daemon may have invented are shown as they are.
#[derive(Debug, Deserialize)]
pub(crate) struct Event<'a> {
    /// Its number.
    pub(crate) seq: u64,
    #[serde(borrow)]
    at: Cow<'a, str>,
    #[serde(borrow, default)]
    label: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(default)]
    run: Option<u32>,
    #[serde(default)]
    pid: Option<u32>,
    #[serde(default)]
    status: Option<i64>,
    #[serde(borrow, default)]
    why: Option<Cow<'a, str>>,
    #[serde(default)]
    by: Option<Asker>,
}

/// The line.
pub(crate) fn event(event: &Event<'_>, names: Names) -> String {
    let Event { seq, at, label, event, run, pid, status, why, by } = event;
    let mut line = format!("{seq}  {at}  {}: ", label.as_deref().unwrap_or("supervisord"));
    match by {
        Some(by) => {
            let _ = write!(line, "{} asked for by {}", by.verb, asker(by, names));
        }
        None => line.push_str(event),
    }
    let mut fact = |name: &str, value: Option<i64>| {
        // Writing to a String can't fail.
        let _ = value.map(|value| write!(line, ", {name} {value}"));
    };
    fact("run", run.map(i64::from));
    fact("pid", pid.map(i64::from));
    fact("status", *status);
    let why = why.as_deref().or(by.as_ref().and_then(|by| by.reason.as_deref()));
    if let Some(why) = why {
        let _ = write!(line, ": {why}");
    }
    plain(&line)
}

fn asker(by: &Asker, names: Names) -> String {
    let user = by.uid.map(|uid| names(uid).unwrap_or_else(|| format!("uid {uid}")));
    match (user, by.program.as_deref(), by.pid) {
        (Some(user), Some(program), Some(pid)) => format!("{user} ({program}, pid {pid})"),
        (Some(user), None, Some(pid)) => format!("{user} (pid {pid})"),
        (Some(user), _, None) => user,
        (None, _, Some(pid)) => format!("pid {pid}"),
        (None, _, None) => "the system".to_owned(),
    }
}

/// What others chose the words of must not move the cursor of a terminal.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(json: &str) -> String {
        let names = |uid| (uid == 0).then(|| "root".to_owned());
        event(&serde_json::from_str(json).unwrap(), names)
    }

    #[test]
    fn each_event_is_a_line() {
        let cases = [
            (
                r#"{"seq":1,"at":"T","label":"web","event":"up","run":3,"pid":4711,"why":"started"}"#,
                "1  T  web: up, run 3, pid 4711: started",
            ),
            (
                r#"{"seq":2,"at":"T","label":"web","event":"exited","run":3,"status":-9,"why":"killed"}"#,
                "2  T  web: exited, run 3, status -9: killed",
            ),
            (r#"{"seq":3,"at":"T","label":"web","event":"removed"}"#, "3  T  web: removed"),
            (
                r#"{"seq":4,"at":"T","label":"web","event":"asked","by":{"verb":"stop","uid":0,"pid":7,"program":"svcctl","reason":"disk\nswap"}}"#,
                "4  T  web: stop asked for by root (svcctl, pid 7): disk swap",
            ),
            (
                r#"{"seq":5,"at":"T","event":"asked","by":{"verb":"shutdown","reason":"SIGTERM"}}"#,
                "5  T  supervisord: shutdown asked for by the system: SIGTERM",
            ),
            (
                r#"{"seq":6,"at":"T","label":"web","event":"asked","by":{"verb":"add","uid":17,"pid":7}}"#,
                "6  T  web: add asked for by uid 17 (pid 7)",
            ),
        ];
        for (json, line) in cases {
            assert_eq!(show(json), line);
        }
    }
}
