//! Real definitions, from the folder that `CORPUS_DIR` names; none are kept here.

use protocol::definition::{Os, Read, from_json, read, read_named, report};
use std::path::{Path, PathBuf};

#[test]
fn every_real_file_is_read_or_refused_for_a_reason() {
    let Some(folder) = std::env::var_os("CORPUS_DIR") else {
        eprintln!("SKIPPED: set CORPUS_DIR to a folder of launchd property lists");
        return;
    };
    let files = files_of(Path::new(&folder));
    assert!(!files.is_empty(), "no property list in {}", folder.display());
    let mut refused = 0;
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(file).unwrap();
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let outcome = read_named(&bytes, Some(&stem));
        assert_eq!(outcome.definition.is_none(), outcome.errors().next().is_some(), "{name}");
        for fault in &outcome.faults {
            assert!(!fault.cause.is_empty(), "{name}");
            if fault.cause.contains("not a known key") {
                eprintln!("unknown: {name}: {fault}");
            }
        }
        for os in Os::ALL {
            assert_eq!(report(&outcome, os).len(), outcome.used.len(), "{name}");
        }
        match &outcome.definition {
            None => {
                refused += 1;
                outcome.errors().for_each(|fault| eprintln!("refused: {name}: {fault}"));
            }
            Some(_) => comes_back_equal(&name, &outcome),
        }
    }
    eprintln!("{} files, {refused} refused", files.len());
}

fn comes_back_equal(name: &str, outcome: &Read) {
    let definition = outcome.definition.as_ref().unwrap();
    let xml = definition.to_xml();
    let again = read(xml.as_bytes());
    assert_eq!(again.definition.as_ref(), Some(definition), "{name}: {xml}\n{:?}", again.faults);
    let again = from_json(&definition.to_json());
    assert_eq!(again.definition.as_ref(), Some(definition), "{name}: {:?}", again.faults);
    assert!(definition.differing(definition).is_empty(), "{name}");
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "plist"))
        .collect();
    files.sort();
    files
}
