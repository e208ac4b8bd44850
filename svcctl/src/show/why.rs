//! Why a service is where it is: how its last run ended, what it said, who asked, what comes next.

use jiff::Timestamp;
use protocol::message::{LastOutput, Status, Stream};

use super::outcome::state;
use super::status::moment;

/// The block, without a newline at its end.
pub(crate) fn why(status: &Status, now: Timestamp) -> String {
    let row = &status.row;
    let mut lines = vec![format!("{}: {}", row.label, state(row, ""))];
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("  {name:<12}{value}"));
        }
    };
    fact("why", &status.why);
    fact("since", &moment(&row.since, now));
    if let Some(exit) = &status.last_exit {
        match &status.last_exit_means {
            Some(meaning) => fact("last exit", &format!("{exit}: {meaning}")),
            None => fact("last exit", exit),
        }
    }
    let next = status.next_start.as_deref();
    fact("next start", &next.map_or_else(String::new, |at| moment(at, now)));
    fact("asked", &asked(status, now));
    for note in &status.notes {
        fact("note", note);
    }
    lines.extend(status.last_output.iter().flat_map(last_output));
    lines.join("\n")
}

/// Who asked last: `stop by root (svcctl, pid 4711), 2026-01-02T03:04:05Z, 4 s ago: disk swap`.
pub(super) fn asked(status: &Status, now: Timestamp) -> String {
    let asked = status.asked.as_ref();
    asked.map_or_else(String::new, |asked| {
        let reason = asked.reason.as_deref().map(|reason| format!(": {reason}"));
        let reason = reason.unwrap_or_default().replace(char::is_control, " ");
        format!("{} by {}, {}{reason}", asked.verb, asked.by, moment(&asked.at, now))
    })
}

/// The last lines of a run, below a heading.
pub(super) fn last_output(output: &LastOutput) -> impl Iterator<Item = String> + use<> {
    let stream = match output.stream {
        None => "",
        Some(Stream::Stdout) => " on standard output",
        Some(Stream::Stderr) => " on standard error",
    };
    let heading = format!("  last lines of run {}{stream}:", output.run);
    let lines: Vec<String> = output.lines.iter().map(|line| format!("    {line}")).collect();
    std::iter::once(heading).chain(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_ends_again_and_again() {
        let status = r#"{"label":"web","pid":null,"status":-11,"state":"backoff","goal":"up",
            "restarts":3,"since":"2026-01-02T03:04:04Z","definition":"/web.plist",
            "command":["web"],"directory":"/","stdout":"/web.log","stderr":"/web.log",
            "enabled":true,"keep_alive":"always","throttle_ms":10000,"stop_timeout_ms":1500,
            "runs":4,"last_exit":"killed by SIGSEGV","next_start":"2026-01-02T03:04:14Z",
            "why":"killed by SIGSEGV, again in 9 s","last_exit_means":"it fell over",
            "asked":{"verb":"start","by":"root (svcctl, pid 7)","at":"2026-01-02T03:02:05Z"},
            "last_output":[{"run":4,"lines":["one","two"]},
                {"run":4,"stream":"stderr","lines":["three"]}]}"#;
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(
            why(&serde_json::from_str(status).unwrap(), now),
            "web: backoff
  why         killed by SIGSEGV, again in 9 s
  since       2026-01-02T03:04:04Z, 1 s ago
  last exit   killed by SIGSEGV: it fell over
  next start  2026-01-02T03:04:14Z, in 9 s
  asked       start by root (svcctl, pid 7), 2026-01-02T03:02:05Z, 2 min ago
  last lines of run 4:
    one
    two
  last lines of run 4 on standard error:
    three"
        );
    }
}
