//! Real definitions, from the folder that `CORPUS_DIR` names; none are kept here.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use protocol::definition::read;

use crate::folder::Folder;

/// The folder; without one, the skip is said past the test runner's capture.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("CORPUS_DIR").map(PathBuf::from);
    if folder.is_none() {
        let why = "SKIPPED: set CORPUS_DIR to a folder of launchd property lists";
        let _ = writeln!(std::io::stderr(), "{why}");
    }
    folder
}

#[test]
fn check_has_a_line_and_a_reason_for_all_it_says() {
    let Some(corpus) = corpus() else { return };
    let folder = Folder::with(&[]);
    let ran = folder.svcctl(&["check", corpus.to_str().unwrap()]);
    assert_eq!(ran.stderr, "");
    let (lines, summary) = ran.stdout.trim_end().rsplit_once('\n').unwrap();
    let files = fs::read_dir(&corpus).unwrap().filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension().is_some_and(|ending| ending == "plist" || ending == "json")
    });
    assert!(summary.starts_with(&format!("{} files: ", files.count())), "{summary}");
    for line in lines.lines() {
        let severities = [": error: ", ": warning: ", ": note: ", ": good"];
        assert!(severities.iter().any(|severity| line.contains(severity)), "{line}");
    }
}

#[test]
fn what_is_exported_means_the_same() {
    let Some(corpus) = corpus() else { return };
    let folder = Folder::with(&[]);
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let definition = read(&bytes).definition;
        let ran = folder.svcctl(&["export", path.to_str().unwrap()]);
        assert_eq!(ran.code == Some(0), definition.is_some(), "{}", path.display());
        if definition.is_some() {
            assert_eq!(read(ran.stdout.as_bytes()).definition, definition, "{}", path.display());
            count += 1;
        }
    }
    assert!(0 < count, "no definition was found");
}
