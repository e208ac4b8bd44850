//! Each mistake in turn: one clear finding, with the key and the line.

use crate::support::{findings, play, read_body, xml};
use protocol::definition::{read, read_named};

#[test]
fn whole_files_that_are_wrong() {
    play("files", |text| findings(&read_named(text.as_bytes(), Some("web"))));
}

#[test]
fn keys_and_values_that_are_wrong() {
    play("bodies", |body| findings(&read_body(body)));
}

#[test]
fn what_is_no_text_at_all() {
    for (bytes, finding) in [
        (&b"\x7fELF\x02\x01"[..], "a Linux program (ELF)"),
        (b"MZ\x90\0", "a Windows program"),
        (b"\x1f\x8b\x08", "a gzip file"),
        (b"<plist>\n<dict>\xff</dict></plist>", "line 2: the text is not valid UTF-8"),
        (b"\xff\xfe<", "not valid UTF-16"),
        (b"bplist00", "the binary property list is damaged"),
    ] {
        let found = findings(&read(bytes));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(finding), "{found:?}");
    }
}

#[test]
fn every_truncation_is_one_error_with_a_line() {
    let text = xml("<key>KeepAlive</key><dict><key>Crashed</key><true/></dict>");
    let end = text.trim_end().len();
    for cut in 0..end {
        let outcome = read(&text.as_bytes()[..cut]);
        assert_eq!(outcome.faults.len(), 1, "cut at {cut}: {:?}", findings(&outcome));
        assert!(outcome.faults[0].is_error() && outcome.definition.is_none());
        assert!(cut == 0 || outcome.faults[0].line.is_some(), "cut at {cut}");
    }
    assert!(read(&text.as_bytes()[..end]).definition.is_some());
}
