//! The manual pages, made from the command line itself; `packaging/man` has copies of them.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};

use super::Arguments;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/man")
}

fn render(command: Command) -> String {
    let mut page = Vec::new();
    let source = concat!("supervisord ", env!("CARGO_PKG_VERSION"));
    let manual = clap_mangen::Man::new(command).section("8").date("").source(source);
    manual.render(&mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// Every page with the name of its file: the daemon's own, and one for each verb.
fn pages() -> Vec<(String, String)> {
    let mut command = Arguments::command();
    command.build();
    let verbs: Vec<Command> = command.get_subcommands().cloned().collect();
    let mut pages = vec![("supervisord.8".to_owned(), render(command))];
    for verb in verbs {
        let name = format!("supervisord-{}", verb.get_name());
        let usage = format!("supervisord {}", verb.get_name());
        let verb = verb.display_name(&name).bin_name(usage);
        pages.push((format!("{name}.8"), render(verb)));
    }
    pages
}

/// `UPDATE=1` rewrites them.
#[test]
fn the_manual_has_a_page_for_each_verb_and_no_other() {
    let pages = pages();
    for (name, page) in &pages {
        let file = folder().join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&file, page).unwrap();
            continue;
        }
        let kept = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(&kept, page, "{} is not what --help says; UPDATE=1 rewrites it", file.display());
    }
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_known = pages.iter().any(|(known, _)| *known == name);
        assert!(!name.starts_with("supervisord") || is_known, "{name} is about nothing");
    }
}
