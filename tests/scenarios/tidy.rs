//! Rules about the source tree that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

use harness::workspace;

/// All files that belong to the project, with their paths from the top.
fn files() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    collect(workspace(), &mut files);
    assert!(30 < files.len(), "the tree was not found");
    files
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().unwrap();
        if name == ".git" {
            // A folder, or in a worktree a file that names it.
        } else if kind.is_dir() && !name.to_string_lossy().starts_with("target") {
            collect(&path, files);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(&path)
        {
            files.push((path.strip_prefix(workspace()).unwrap().to_owned(), text));
        }
    }
}

fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    files().into_iter().filter(|(path, _)| path.extension().is_some_and(|kind| kind == "rs"))
}

/// The code of a line, without its comment.
fn code(line: &str) -> &str {
    line.find("//").map_or(line, |at| &line[..at])
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Lines of some files that hold one of the words, as `path:line: word`.
fn found(
    files: impl Iterator<Item = (PathBuf, String)>,
    words: &[&str],
    part: impl Fn(&str) -> &str,
) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (number, line) in (1..).zip(text.lines()) {
            let held = words.iter().filter(|word| part(line).contains(**word));
            found.extend(held.map(|word| format!("{}:{number}: {word}", path.display())));
        }
    }
    found
}

#[test]
fn the_core_reads_no_clock_no_file_and_no_process() {
    let core = sources().filter(|(path, _)| path.starts_with("supervisord/core/src"));
    // Imports in braces come to stand on one line each.
    let core = core.map(|(path, text)| (path, text.replace("std::{", "std::{\nstd::")));
    let core = core.map(|(path, text)| (path, text.replace(", ", ",\nstd::")));
    let worldly = [
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "std::env",
        "std::io",
        "std::os",
        "Instant",
        "SystemTime",
        "log::",
        "nix::",
        "libc::",
        "tokio::",
        "println!",
    ];
    none(&found(core, &worldly, code));
}

#[test]
fn dependencies_point_one_way() {
    let allowed: [(&str, &[&str]); 4] = [
        ("protocol", &["tokio", "nix", "interprocess", "supervisord", "supervisor-core", "log"]),
        ("supervisord/core", &["tokio", "nix", "libc", "log", "interprocess", "supervisord"]),
        ("svcctl", &["tokio", "supervisord"]),
        ("tests", &["protocol", "supervisord", "supervisor-core", "svcctl"]),
    ];
    for (package, forbidden) in allowed {
        let manifest = fs::read_to_string(workspace().join(package).join("Cargo.toml")).unwrap();
        for line in manifest.lines() {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            assert!(!forbidden.contains(&name), "{package} must not depend on {name}");
        }
    }
}

#[test]
fn only_a_few_files_know_the_operating_system() {
    let places = [
        "supervisord/src/os",
        "supervisord/src/background.rs",
        "protocol/src/address.rs",
        "svcctl/src/os",
        "svcctl/src/os.rs",
        "examples",
    ];
    let of_tests = |path: &Path| path.components().any(|part| part.as_os_str() == "tests");
    let shared = sources()
        .filter(|(path, _)| !of_tests(path) && !places.iter().any(|place| path.starts_with(place)));
    let words = ["cfg(target", "cfg(unix", "cfg(windows", "cfg(not(unix", "cfg(any(", "cfg!("];
    none(&found(shared, &words, code));
}

#[test]
fn exceptions_from_lints_have_reasons_and_nothing_is_left_to_do() {
    let words = [["#[", "allow("], ["#![", "allow("], ["TO", "DO"], ["FIX", "ME"], ["dbg", "!("]];
    let words = words.map(|parts| parts.concat());
    none(&found(sources(), &words.each_ref().map(String::as_str), |line| line));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let words = [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"]].map(|parts| parts.concat());
    none(&found(files().into_iter(), &words.each_ref().map(String::as_str), |line| line));
}

#[test]
fn every_source_file_begins_with_what_it_is() {
    let bare = sources().filter(|(_, text)| !text.starts_with("//! "));
    none(&bare.map(|(path, _)| format!("{}: no //! header", path.display())).collect::<Vec<_>>());
}

#[test]
fn files_are_small_and_lines_short() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if 400 < lines {
            faults.push(format!("{}: {lines} lines", path.display()));
        }
        for (number, line) in (1..).zip(text.lines()) {
            // Tables, and text that a person or a program sees, are not cut for our sake.
            if 100 < line.chars().count() && !line.contains(['"', '|']) {
                faults.push(format!("{}:{number}: over 100 columns", path.display()));
            }
        }
    }
    none(&faults);
}

#[test]
fn the_changelog_names_the_version_that_is_built() {
    let changelog = fs::read_to_string(workspace().join("CHANGELOG.md")).unwrap();
    let heading = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(changelog.contains(&heading), "CHANGELOG.md has no {heading}");
}

#[test]
fn every_scenario_is_part_of_this_binary() {
    let listed = include_str!("main.rs");
    for entry in fs::read_dir(workspace().join("tests/scenarios")).unwrap().flatten() {
        let path = entry.path();
        let name = path.file_stem().unwrap().to_string_lossy();
        let is_listed = name == "main" || listed.contains(&format!("mod {name};"));
        assert!(is_listed, "scenarios/{name}.rs is not in main.rs");
    }
}

#[test]
fn what_the_readme_tells_to_run_is_there() {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    for script in ["packaging/demo.sh", "packaging/test.sh"] {
        assert!(readme.contains(script), "README.md does not name {script}");
        assert!(workspace().join(script).is_file(), "there is no {script}");
    }
    for (path, _) in files().iter().filter(|(path, _)| path.starts_with("examples")) {
        assert!(!path.to_string_lossy().ends_with(".orig"), "{} is a leftover", path.display());
    }
}
