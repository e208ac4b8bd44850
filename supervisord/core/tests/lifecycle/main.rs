//! Plays `tests/cases/*.txt`: lines with `>` go in, the other lines are what must come out.
//!
//! A case is a block of lines: `#` says what it shows, then the policy and how it is loaded, then
//! the story; `words.rs` has the words. The service is loaded at 0s, and the clock runs to every
//! deadline by itself, after the last line until only timers of definitions are left. `UPDATE=1`
//! rewrites the files; review the diff.
#![expect(clippy::unwrap_used, reason = "a case that can't be read fails its test")]

mod keep_alive;
mod player;
mod triggers;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use player::Player;

#[test]
fn every_case_comes_out_as_written() {
    let wrong: Vec<String> = case_files().iter().filter_map(|file| check(file)).collect();
    assert!(wrong.is_empty(), "\n{}\nUPDATE=1 rewrites the files", wrong.join("\n"));
}

fn case_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no cases found");
    files
}

/// What is wrong with a file, if anything is.
fn check(file: &Path) -> Option<String> {
    let written = fs::read_to_string(file).unwrap().replace("\r\n", "\n");
    let played = written.trim_end().split("\n\n").map(play).collect::<Vec<_>>().join("\n\n") + "\n";
    if played == written {
        return None;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(file, played).unwrap();
        return None;
    }
    Some(difference(file, &written, &played))
}

/// The block with everything that came out at its place.
fn play(block: &str) -> String {
    let is_story = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
    let lines: Vec<&str> = block.lines().collect();
    let head = lines.iter().take_while(|line| !is_story(line));
    let settings: Vec<&str> = head.clone().copied().filter(|line| !line.starts_with('#')).collect();
    let mut text: Vec<String> = head.clone().map(|line| (*line).to_owned()).collect();
    if text.len() < lines.len() || !settings.is_empty() {
        let mut player = Player::begin(&settings);
        let mut remarks = Vec::new();
        for line in &lines[text.len()..] {
            if line.starts_with('#') {
                remarks.push((*line).to_owned());
            } else if let Some((time, event)) = line.split_once("> ") {
                let moment = words::moment(time.trim());
                if event == "wake" {
                    player.sleep(moment);
                } else {
                    player.run_clock(moment);
                }
                player.lines.append(&mut remarks);
                player.hear(event);
            }
        }
        player.run_out();
        text.append(&mut player.lines);
        text.append(&mut remarks);
    }
    text.join("\n")
}

/// The first block that differs, both ways.
fn difference(file: &Path, written: &str, played: &str) -> String {
    let name = file.file_name().unwrap().to_string_lossy();
    let pair = written.split("\n\n").zip(played.split("\n\n")).find(|(old, new)| old != new);
    let (old, new) = pair.unwrap_or(("(ends too early or too late)", ""));
    format!("== {name}, written:\n{old}\n== {name}, played:\n{new}")
}
