//! Definitions to test with, from the few lines a test is about.

use protocol::definition::{Read, read};

/// An XML property list; the body begins on line 5, after a label (3) and arguments (4).
pub(crate) fn xml(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n\
         <key>Label</key><string>web</string>\n\
         <key>ProgramArguments</key><array><string>/bin/web</string></array>\n{body}\n\
         </dict></plist>\n"
    )
}

/// What is found in a file, as lines of text: severity first.
pub(crate) fn findings(outcome: &Read) -> Vec<String> {
    outcome.faults.iter().map(|fault| format!("{}: {fault}", fault.severity)).collect()
}

/// What comes of a body.
pub(crate) fn read_body(body: &str) -> Read {
    read(xml(body).as_bytes())
}

/// Plays a file of cases: what stands behind `>` is given, the rest must be found. `UPDATE=1`
/// rewrites the file; the difference is there to be reviewed.
pub(crate) fn play(name: &str, found: impl Fn(&str) -> Vec<String>) {
    let path = format!("{}/tests/definition/cases/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut played = Vec::new();
    for block in text.trim().split("\n\n") {
        let (given, heading): (Vec<&str>, Vec<&str>) =
            block.lines().partition(|line| line.starts_with('>'));
        if given.is_empty() {
            played.push(block.to_owned());
            continue;
        }
        let heading = heading.into_iter().filter(|line| line.starts_with('#'));
        let file: Vec<&str> = given.iter().map(|line| line[1..].trim_start_matches(' ')).collect();
        let mut lines: Vec<String> = heading.map(str::to_owned).collect();
        lines.extend(given.iter().map(|line| (*line).to_owned()));
        lines.extend(found(&file.join("\n")));
        played.push(lines.join("\n"));
    }
    let played = format!("{}\n", played.join("\n\n"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, played).unwrap();
    } else {
        assert_eq!(played, text, "{path} tells otherwise; UPDATE=1 rewrites it");
    }
}
