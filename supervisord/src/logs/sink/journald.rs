//! A line as an entry of systemd's journal (systemd.io, "Native Journal Protocol"). Pure.

use super::{DAEMON, INFORMATION, Line, Origin};

/// Appends the fields of an entry.
pub(super) fn entry(origin: &Origin<'_>, line: Line<'_>, out: &mut Vec<u8>) {
    let Origin { label, stream, run, pid, .. } = origin;
    let mut field = |name: &str, value: &str| text(name, value.as_bytes(), out);
    field("PRIORITY", &INFORMATION.to_string());
    field("SYSLOG_FACILITY", &DAEMON.to_string());
    field("SYSLOG_IDENTIFIER", label);
    if let Some(pid) = pid {
        field("SYSLOG_PID", &pid.to_string());
        // From root the journal takes this as leave to look up whose process it is.
        field("OBJECT_PID", &pid.to_string());
    }
    field("SUPERVISORD_LABEL", label);
    field("SUPERVISORD_RUN", &run.to_string());
    field("SUPERVISORD_STREAM", stream.word());
    if line.is_cut {
        field("LINE_BREAK", "line-max");
    }
    text("MESSAGE", line.text, out);
}

/// One field; a value with a newline has to tell its length.
fn text(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    if value.contains(&b'\n') {
        out.push(b'\n');
        out.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        out.push(b'=');
    }
    out.extend_from_slice(value);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::pipe::Stream;

    #[test]
    fn an_entry_has_a_field_a_line_and_lengths_where_needed() {
        let time = jiff::Timestamp::UNIX_EPOCH;
        let origin = Origin { label: "a\nb", stream: Stream::Output, run: 2, pid: Some(7), time };
        let mut out = Vec::new();
        entry(&origin, Line { text: b"hello", is_cut: true }, &mut out);
        let label = "\n\u{3}\0\0\0\0\0\0\0a\nb";
        let expected = format!(
            "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER{label}\nSYSLOG_PID=7\nOBJECT_PID=7\n\
             SUPERVISORD_LABEL{label}\nSUPERVISORD_RUN=2\nSUPERVISORD_STREAM=stdout\n\
             LINE_BREAK=line-max\nMESSAGE=hello\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
