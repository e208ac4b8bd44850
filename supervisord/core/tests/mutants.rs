//! Breaks the core on purpose, in every way of `mutants.txt`, and sees each break caught by the
//! other tests; slow, hence `cargo test -p supervisor-core --test mutants -- --ignored`.
//!
//! `MUTANT=words` tries only those whose name has these words. A mutant is a block: `# name`, the
//! file below `src`, whole lines that go (`-`, without their indentation), and those that come (`+`).
#![expect(clippy::unwrap_used, reason = "what can't be read or built fails the test")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A test program that takes longer goes round in circles.
const LIMIT: Duration = Duration::from_secs(15);

/// Where it is in the workspace.
const CORE: &str = "supervisord/core";

struct Mutant {
    name: String,
    file: String,
    goes: Vec<String>,
    comes: Vec<String>,
}

#[test]
#[ignore = "builds the core once for every mutant"]
fn every_mutant_is_caught() {
    let mutants = read_mutants();
    let folder = tempfile::tempdir().unwrap();
    copy_core(folder.path());
    let sound = build(folder.path()).expect("the core builds here");
    assert!(sound.iter().all(|test| passes(test)), "the tests pass before anything is broken");
    let wrong: Vec<String> =
        mutants.iter().filter_map(|mutant| try_out(mutant, folder.path())).collect();
    assert!(wrong.is_empty(), "of {} mutants:\n{}", mutants.len(), wrong.join("\n"));
}

/// What is wrong with a mutant, unless it is caught.
fn try_out(mutant: &Mutant, folder: &Path) -> Option<String> {
    let Mutant { name, file, .. } = mutant;
    let path = folder.join(CORE).join("src").join(file);
    let sound = fs::read_to_string(&path).unwrap();
    let broken = match mutant.apply(&sound) {
        Ok(broken) => broken,
        Err(places) => return Some(format!("fits {places} places of {file}: {name}")),
    };
    fs::write(&path, broken).unwrap();
    let tests = build(folder);
    fs::write(&path, sound).unwrap();
    let Some(tests) = tests else { return Some(format!("does not build: {name}")) };
    let Some(catcher) = tests.iter().find(|test| !passes(test)) else {
        return Some(format!("survives: {name}"));
    };
    eprintln!("{name}: caught by {}", catcher.file_name().unwrap().display());
    None
}

impl Mutant {
    /// The text with its lines changed, or how many places they fit instead of one.
    fn apply(&self, text: &str) -> Result<String, usize> {
        let lines: Vec<&str> = text.lines().collect();
        let fits = |place: &[&str]| place.iter().zip(&self.goes).all(|(a, b)| a.trim() == b);
        let windows = lines.windows(self.goes.len()).enumerate();
        let places: Vec<usize> =
            windows.filter(|(_, place)| fits(place)).map(|(index, _)| index).collect();
        let [place] = places[..] else { return Err(places.len()) };
        let comes: Vec<&str> = self.comes.iter().map(String::as_str).collect();
        let after = &lines[place + self.goes.len()..];
        Ok([&lines[..place], &comes, after].concat().join("\n") + "\n")
    }
}

fn read_mutants() -> Vec<Mutant> {
    let text = fs::read_to_string(core().join("tests/mutants.txt")).unwrap().replace("\r\n", "\n");
    let wanted = std::env::var("MUTANT").unwrap_or_default();
    let blocks = text.trim().split("\n\n").map(|block| {
        let mut lines = block.lines();
        let name = lines.next().unwrap().strip_prefix("# ").expect("a name").to_owned();
        let file = lines.next().unwrap().to_owned();
        let side = |mark| {
            let of_side = lines.clone().filter_map(move |line| line.strip_prefix(mark));
            of_side.map(|line| line.trim().to_owned()).collect()
        };
        Mutant { name, file, goes: side('-'), comes: side('+') }
    });
    let mutants: Vec<Mutant> = blocks.filter(|mutant| mutant.name.contains(&wanted)).collect();
    assert!(!mutants.is_empty() && mutants.iter().all(|mutant| !mutant.goes.is_empty()));
    mutants
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

/// The test programs; `None` when they can't be built.
fn build(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--no-run", "--offline", "--tests", "--package", "supervisor-core"]);
    cargo.current_dir(folder);
    cargo.env("CARGO_TARGET_DIR", folder.join("target"));
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "false");
    let output = cargo.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        eprintln!("{told}");
        return None;
    }
    let lines = told.lines().filter(|line| line.trim_start().starts_with("Executable"));
    let paths = lines.map(|line| line.trim_end_matches(')').rsplit_once('(').unwrap().1);
    Some(paths.map(|path| folder.join(path)).collect())
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
