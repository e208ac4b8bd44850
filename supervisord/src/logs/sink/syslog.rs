//! A line as a message for the system's logger, by RFC 5424 or RFC 3164. Pure.

use protocol::definition::SyslogFormat;

use super::{DAEMON, INFORMATION, Line, Origin};
use crate::clock;
use crate::logs::pipe::stamp;

/// The longest application name a message may have (RFC 5424, 6.2.5), in characters.
const NAME_MAX: usize = 48;

/// Appends one message.
pub(super) fn message(
    format: SyslogFormat,
    origin: &Origin<'_>,
    line: Line<'_>,
    out: &mut Vec<u8>,
) {
    let priority = DAEMON * 8 + INFORMATION;
    let name = name(origin.label);
    let pid = origin.pid.map(|pid| pid.to_string());
    let head = match format {
        SyslogFormat::Rfc5424 => {
            let (time, host) = (stamp(origin.time, false), crate::os::host_name());
            let host = if host.is_empty() { "-" } else { &host };
            let pid = pid.as_deref().unwrap_or("-");
            format!("<{priority}>1 {time} {host} {name} {pid} {} - ", origin.stream.word())
        }
        SyslogFormat::Rfc3164 => {
            // Local time and no host, as loggers expect it of those on their own machine.
            let time = origin.time.to_zoned(clock::zone()).strftime("%b %e %H:%M:%S");
            let pid = pid.map(|pid| format!("[{pid}]")).unwrap_or_default();
            format!("<{priority}>{time} {name}{pid}: ")
        }
    };
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(line.text);
    if line.is_cut {
        out.extend_from_slice("…".as_bytes());
    }
}

/// The label as far as a header can hold it: printable ASCII without spaces.
fn name(label: &str) -> String {
    let printable = |letter: char| if letter.is_ascii_graphic() { letter } else { '_' };
    label.chars().map(printable).take(NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::pipe::Stream;

    fn said(format: SyslogFormat, pid: Option<u32>) -> String {
        let time = jiff::Timestamp::from_microsecond(1_795_437_303_000_042).unwrap();
        let origin = Origin { label: "my web", stream: Stream::Error, run: 2, pid, time };
        let mut out = Vec::new();
        message(format, &origin, Line { text: b"hello", is_cut: false }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_new_message_has_all_seven_fields() {
        let host = crate::os::host_name();
        let expected = format!("<30>1 2026-11-23T12:35:03.000042Z {host} my_web 7 stderr - hello");
        assert_eq!(said(SyslogFormat::Rfc5424, Some(7)), expected);
        assert!(said(SyslogFormat::Rfc5424, None).contains(" my_web - stderr - hello"));
    }

    #[test]
    fn an_old_message_has_a_tag() {
        let message = said(SyslogFormat::Rfc3164, Some(7));
        assert!(message.starts_with("<30>Nov 23 "), "{message}");
        assert!(message.ends_with(" my_web[7]: hello"), "{message}");
        assert!(said(SyslogFormat::Rfc3164, None).ends_with(" my_web: hello"));
    }
}
