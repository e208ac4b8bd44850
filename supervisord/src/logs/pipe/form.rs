//! What a line looks like in the file. Pure: the same batch reads the same at any time, so that one
//! that was cut off by a kill can be finished.

use jiff::Timestamp;

use super::Stream;
use super::lines::Line;
use super::setup::Form;
use crate::clock;

/// Where a line comes from, the same for all of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) label: &'a str,
    pub(crate) stream: Stream,
    pub(crate) run: u32,
    pub(crate) pid: Option<u32>,
    pub(crate) time: Timestamp,
}

/// How the lines of one batch are written.
#[derive(Debug)]
pub(super) struct Pen {
    before: Vec<u8>,
    is_json: bool,
}

impl Pen {
    pub(super) fn new(form: Form, origin: &Origin<'_>) -> Self {
        let mut before = Vec::new();
        let time = stamp(origin.time, form.is_local);
        if form.is_json {
            before.extend(
                format!("{{\"time\":\"{time}\",\"stream\":\"{}\"", origin.stream.word()).bytes(),
            );
            before.extend(format!(",\"run\":{}", origin.run).bytes());
            if let Some(pid) = origin.pid {
                before.extend(format!(",\"pid\":{pid}").bytes());
            }
            before.extend(b",\"label\":\"");
            escape(origin.label.as_bytes(), &mut before);
            before.extend(b"\",\"text\":\"");
        } else if form.is_stamped {
            before.extend(time.bytes());
            before.push(b' ');
        }
        Self { before, is_json: form.is_json }
    }

    /// Appends a line.
    pub(super) fn write(&self, line: Line<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        if self.is_json {
            escape(line.text, out);
            out.extend_from_slice(if line.is_cut { b"\",\"cut\":true}\n" } else { b"\"}\n" });
        } else {
            out.extend_from_slice(line.text);
            out.extend_from_slice(if line.is_cut { "…\n".as_bytes() } else { b"\n" });
        }
    }

    /// Appends the mark of a gap.
    pub(super) fn write_gap(&self, lost: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        out.extend_from_slice(gap(lost, "log was full").as_bytes());
        if self.is_json {
            out.extend_from_slice(format!("\",\"lost\":{lost}}}").as_bytes());
        }
        out.push(b'\n');
    }
}

/// The mark of lines that are missing.
pub(crate) fn gap(lost: u64, why: &str) -> String {
    let lines = if lost == 1 { "line" } else { "lines" };
    format!("— {lost} {lines} lost here, {why} —")
}

/// RFC 3339 to the microsecond.
pub(crate) fn stamp(time: Timestamp, is_local: bool) -> String {
    match is_local {
        false => time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
        true => {
            let local = time.to_zoned(clock::zone());
            local.strftime("%Y-%m-%dT%H:%M:%S.%6f%:z").to_string()
        }
    }
}

/// Appends text as it stands between the quotes of JSON; what is no text becomes U+FFFD.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        escape_text(chunk.valid().as_bytes(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

fn escape_text(mut text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    loop {
        let (plain, rest) = text.split_at(plain(text));
        out.extend_from_slice(plain);
        let Some((special, behind)) = rest.split_first() else { return };
        match special {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *special]),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => {
                let digits = [HEX[usize::from(special >> 4)], HEX[usize::from(special & 15)]];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&digits);
            }
        }
        text = behind;
    }
}

/// How many bytes at the beginning stand for themselves.
fn plain(text: &[u8]) -> usize {
    let is_special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    // In pieces without a way out, which the processor looks at in one go.
    let has_special = |piece: &&[u8]| piece.iter().fold(false, |has, byte| has | is_special(byte));
    let pieces = text.chunks_exact(16).take_while(|piece| !has_special(piece)).count() * 16;
    text[pieces..].iter().position(is_special).map_or(text.len(), |at| pieces + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin<'static> {
        let time = Timestamp::from_microsecond(1_795_437_303_000_042).unwrap();
        Origin { label: "a \"b\"", stream: Stream::Error, run: 3, pid: Some(4711), time }
    }

    fn written(form: Form, text: &[u8], is_cut: bool) -> String {
        let mut out = Vec::new();
        Pen::new(form, &origin()).write(Line { text, is_cut }, &mut out);
        String::from_utf8(out).unwrap()
    }

    const PLAIN: Form = Form { is_json: false, is_stamped: false, is_local: false };
    const STAMPED: Form = Form { is_stamped: true, ..PLAIN };
    const JSON: Form = Form { is_json: true, ..PLAIN };

    #[test]
    fn text_has_a_stamp_to_the_microsecond_or_none() {
        assert_eq!(written(PLAIN, b"hello", false), "hello\n");
        assert_eq!(written(STAMPED, b"hello", false), "2026-11-23T12:35:03.000042Z hello\n");
        assert_eq!(written(PLAIN, b"hello", true), "hello…\n");
    }

    #[test]
    fn json_says_where_a_line_comes_from() {
        let line = written(JSON, b"hello", false);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = serde_json::json!({
            "time": "2026-11-23T12:35:03.000042Z", "stream": "stderr", "run": 3, "pid": 4711,
            "label": "a \"b\"", "text": "hello",
        });
        assert_eq!(value, expected);
        assert!(line.ends_with("}\n"), "{line}");
    }

    #[test]
    fn json_holds_any_bytes() {
        let all: Vec<u8> = (0..=255).collect();
        let line = written(JSON, &all, true);
        assert_eq!(line.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = value["text"].as_str().unwrap();
        assert!(text.starts_with("\0\u{1}\u{2}"), "{text:?}");
        assert_eq!(text.chars().filter(|character| *character == '\u{fffd}').count(), 128);
        assert_eq!(value["cut"], true);
    }

    #[test]
    fn a_gap_is_counted() {
        let mut out = Vec::new();
        Pen::new(JSON, &origin()).write_gap(1234, &mut out);
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["text"], "— 1234 lines lost here, log was full —");
        assert_eq!(value["lost"], 1234);
    }
}
