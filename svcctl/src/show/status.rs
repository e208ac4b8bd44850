//! All that is known about one service, a fact a line.

use std::fmt::Write;

use jiff::Timestamp;
use protocol::message::{State, Status};

use super::command::command;
use super::outcome::state;
use super::span::{seconds_ago, span};
use super::why::{asked, last_output};

/// The block, without a newline at its end.
pub(crate) fn status(status: &Status, now: Timestamp) -> String {
    let row = &status.row;
    let mut block = format!("{}: {}", row.label, state(row, ""));
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a String can't fail.
            let _ = write!(block, "\n  {name:<12}{value}");
        }
    };
    fact("why", &status.why);
    fact("since", &moment(&row.since, now));
    fact("goal", row.goal.word());
    fact("enabled", if status.enabled { "" } else { "no" });
    fact("runs", &runs(status));
    fact(
        "next start",
        &status.next_start.as_deref().map_or_else(String::new, |at| moment(at, now)),
    );
    fact("keep-alive", &keep_alive(status));
    fact("stop", &stop(status));
    fact("command", &command(&status.command));
    fact("directory", &status.directory);
    fact("stdout", status.stdout.as_deref().unwrap_or("nowhere"));
    fact("stderr", status.stderr.as_deref().unwrap_or("nowhere"));
    fact("definition", &status.definition);
    fact("asked", &asked(status, now));
    for note in &status.notes {
        fact("note", note);
    }
    if status.row.state != State::Up {
        for line in status.last_output.iter().flat_map(last_output) {
            block.push('\n');
            block += &line;
        }
    }
    block
}

pub(super) fn moment(moment: &str, now: Timestamp) -> String {
    match seconds_ago(moment, now) {
        Some(ago) if ago < 0 => format!("{moment}, in {}", span(-ago)),
        Some(ago) => format!("{moment}, {} ago", span(ago)),
        None => moment.to_owned(),
    }
}

fn runs(status: &Status) -> String {
    match &status.last_exit {
        Some(exit) => match &status.last_exit_means {
            Some(meaning) => format!("{}, last ended: {exit}: {meaning}", status.runs),
            None => format!("{}, last ended: {exit}", status.runs),
        },
        None => status.runs.to_string(),
    }
}

fn keep_alive(status: &Status) -> String {
    match status.throttle_ms {
        0 => status.keep_alive.clone(),
        ms => format!("{}, one start in {} at most", status.keep_alive, length(ms)),
    }
}

fn stop(status: &Status) -> String {
    match status.stop_timeout_ms {
        Some(ms) => format!("terminate, then kill after {}", length(ms)),
        None => "terminate, and wait for ever".to_owned(),
    }
}

fn length(ms: u64) -> String {
    match i64::try_from(ms / 1000) {
        Ok(seconds) if ms.is_multiple_of(1000) => span(seconds),
        _ => format!("{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: &str = r#"{"label":"web","pid":4711,"status":1,"state":"up","goal":"up","restarts":3,
        "since":"2026-01-02T00:51:05Z","definition":"/etc/supervisord/services/web.plist",
        "command":["/srv/web","--motto","plain and calm"],"directory":"/srv",
        "stdout":"/var/log/supervisord/web.log","stderr":null,"enabled":true,
        "keep_alive":"always","throttle_ms":10000,"stop_timeout_ms":1500,"runs":4,
        "last_exit":"exit 1","next_start":null,"why":"kept alive after exit 1",
        "notes":["HardResourceLimits is not yet honoured"]}"#;

    const BACKOFF: &str = r#"{"label":"job","pid":null,"status":null,"state":"backoff","goal":"up",
        "restarts":0,"since":"2026-01-02T03:04:04Z","definition":"/job.plist",
        "command":["job"],"directory":"/","stdout":null,"stderr":null,"enabled":false,
        "keep_alive":"never","throttle_ms":0,"stop_timeout_ms":null,"runs":1,
        "last_exit":null,"next_start":"2026-01-02T03:04:14Z","why":""}"#;

    fn show(json: &str) -> String {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        status(&serde_json::from_str(json).unwrap(), now)
    }

    #[test]
    fn a_service_that_runs() {
        assert_eq!(
            show(UP),
            "web: up, pid 4711
  why         kept alive after exit 1
  since       2026-01-02T00:51:05Z, 2 h 13 min ago
  goal        up
  runs        4, last ended: exit 1
  keep-alive  always, one start in 10 s at most
  stop        terminate, then kill after 1500 ms
  command     /srv/web --motto 'plain and calm'
  directory   /srv
  stdout      /var/log/supervisord/web.log
  stderr      nowhere
  definition  /etc/supervisord/services/web.plist
  note        HardResourceLimits is not yet honoured"
        );
    }

    #[test]
    fn a_service_that_waits() {
        assert_eq!(
            show(BACKOFF),
            "job: backoff
  since       2026-01-02T03:04:04Z, 1 s ago
  goal        up
  enabled     no
  runs        1
  next start  2026-01-02T03:04:14Z, in 9 s
  keep-alive  never
  stop        terminate, and wait for ever
  command     job
  directory   /
  stdout      nowhere
  stderr      nowhere
  definition  /job.plist"
        );
    }
}
