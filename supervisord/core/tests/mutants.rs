//! Breaks the core on purpose, in every way of `mutants.txt`, and sees each break caught by the
//! other tests; slow, hence `cargo test -p supervisor-core --test mutants -- --ignored`.
//!
//! `MUTANT=words` tries only those whose name has these words. A mutant is a block: `# name`,
//! whole lines that go (`-`, without their indentation), and those that come (`+`); the lines that
//! go must be found at exactly one place of the core.
#![expect(clippy::unwrap_used, reason = "what can't be read or built fails the test")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A test program that takes longer goes round in circles.
const LIMIT: Duration = Duration::from_secs(60);

/// Where it is in the workspace.
const CORE: &str = "supervisord/core";

/// The test that catches most, hence tried first.
const KEENEST: &str = "lifecycle";

struct Mutant {
    name: String,
    goes: Vec<String>,
    comes: Vec<String>,
}

#[test]
#[ignore = "builds the core once for every mutant"]
fn every_mutant_is_caught() {
    let mutants = read_mutants();
    let folder = tempfile::tempdir().unwrap();
    copy_core(folder.path());
    let tests = tests();
    for test in &tests {
        let program = build(test, folder.path()).expect("the core builds here");
        assert!(passes(&program), "{test} passes before anything is broken");
    }
    let wrong: Vec<String> =
        mutants.iter().filter_map(|mutant| try_out(mutant, &tests, folder.path())).collect();
    assert!(wrong.is_empty(), "of {} mutants:\n{}", mutants.len(), wrong.join("\n"));
}

/// What is wrong with a mutant, unless it is caught.
fn try_out(mutant: &Mutant, tests: &[String], folder: &Path) -> Option<String> {
    let name = &mutant.name;
    let sources = sources(&folder.join(CORE).join("src"));
    let places: Vec<(&PathBuf, &String, String)> = sources
        .iter()
        .flat_map(|(path, sound)| mutant.breaks(sound).map(move |broken| (path, sound, broken)))
        .collect();
    let [(path, sound, broken)] = &places[..] else {
        return Some(format!("fits {} places: {name}", places.len()));
    };
    fs::write(path, broken).unwrap();
    let mut wrong = Some(format!("survives: {name}"));
    for test in tests {
        match build(test, folder) {
            None => wrong = Some(format!("does not build: {name}")),
            Some(program) if passes(&program) => continue,
            Some(_) => {
                eprintln!("caught by {test}: {name}");
                wrong = None;
            }
        }
        break;
    }
    fs::write(path, sound).unwrap();
    wrong
}

impl Mutant {
    /// The text with its lines changed, once for every place they fit.
    fn breaks(&self, text: &str) -> impl Iterator<Item = String> {
        let lines: Vec<&str> = text.lines().collect();
        let places = 0..=lines.len().saturating_sub(self.goes.len());
        places.filter_map(move |place| {
            let (goes, after) = lines[place..].split_at_checked(self.goes.len())?;
            let fits = goes.iter().zip(&self.goes).all(|(line, goes)| line.trim() == goes);
            let comes: Vec<&str> = self.comes.iter().map(String::as_str).collect();
            fits.then(|| [&lines[..place], &comes, after].concat().join("\n") + "\n")
        })
    }
}

fn read_mutants() -> Vec<Mutant> {
    let text = fs::read_to_string(core().join("tests/mutants.txt")).unwrap().replace("\r\n", "\n");
    let wanted = std::env::var("MUTANT").unwrap_or_default();
    let blocks = text.trim().split("\n\n").map(|block| {
        let mut lines = block.lines();
        let name = lines.next().unwrap().strip_prefix("# ").expect("a name").to_owned();
        let side = |mark| {
            let of_side = lines.clone().filter_map(move |line| line.strip_prefix(mark));
            of_side.map(|line| line.trim().to_owned()).collect()
        };
        Mutant { name, goes: side('-'), comes: side('+') }
    });
    let mutants: Vec<Mutant> = blocks.filter(|mutant| mutant.name.contains(&wanted)).collect();
    assert!(!mutants.is_empty() && mutants.iter().all(|mutant| !mutant.goes.is_empty()));
    mutants
}

/// The core's other tests.
fn tests() -> Vec<String> {
    let entries = fs::read_dir(core().join("tests")).unwrap().map(|entry| entry.unwrap().path());
    let is_test = |path: &PathBuf| {
        path.extension().is_some_and(|kind| kind == "rs") || path.join("main.rs").exists()
    };
    let names = entries.filter(is_test).map(|path| path.file_stem().unwrap().to_owned());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name != "mutants");
    names.sort_by_key(|name| (name != KEENEST, name.clone()));
    names
}

/// All source files below a folder, with their text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        vec![(path, text)]
    };
    paths.flat_map(|path| if path.is_dir() { sources(&path) } else { text(path) }).collect()
}

fn core() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A workspace of the core and what it is built on, with all of its tests but this one.
fn copy_core(folder: &Path) {
    let workspace = core().join("../..");
    let manifest = fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
    let (start, members) = manifest.split_once("members = [").unwrap();
    let (_, end) = members.split_once(']').unwrap();
    let manifest = format!("{start}members = ['protocol', '{CORE}']{end}");
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    for member in ["protocol", CORE] {
        fs::create_dir_all(folder.join(member)).unwrap();
        let manifest = Path::new(member).join("Cargo.toml");
        fs::copy(workspace.join(&manifest), folder.join(&manifest)).unwrap();
        copy(&workspace.join(member).join("src"), &folder.join(member).join("src"));
    }
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    copy(&core().join("tests"), &folder.join(CORE).join("tests"));
    fs::remove_file(folder.join(CORE).join("tests/mutants.rs")).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The program of a test; `None` when it can't be built.
fn build(test: &str, folder: &Path) -> Option<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--no-run", "--offline", "--package", "supervisor-core", "--test", test]);
    cargo.current_dir(folder);
    cargo.env("CARGO_TARGET_DIR", folder.join("target"));
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "false");
    let output = cargo.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        eprintln!("{told}");
        return None;
    }
    let line = told.lines().find(|line| line.trim_start().starts_with("Executable"))?;
    Some(folder.join(line.trim_end_matches(')').rsplit_once('(')?.1))
}

/// False too when it does not come to an end.
fn passes(test: &Path) -> bool {
    let mut command = Command::new(test);
    ["UPDATE", "SEED", "SEEDS"].into_iter().for_each(|variable| {
        command.env_remove(variable);
    });
    command.env("RUST_BACKTRACE", "0").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = output.read_to_end(&mut Vec::new());
        sender.send(()).unwrap_or_default();
    });
    if ended.recv_timeout(LIMIT).is_err() {
        child.kill().unwrap();
    }
    child.wait().unwrap().success()
}
