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
    let source = concat!("svcctl ", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(command).date("").source(source).render(&mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// Every page with the name of its file: svcctl's own, and one for each verb.
fn pages() -> Vec<(String, String)> {
    let mut command = Arguments::command();
    command.build();
    let verbs: Vec<Command> =
        command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect();
    let mut pages = vec![("svcctl.1".to_owned(), render(command))];
    for verb in verbs {
        let name = format!("svcctl-{}", verb.get_name());
        let usage = format!("svcctl {}", verb.get_name());
        let verb = verb.display_name(&name).bin_name(usage);
        pages.push((format!("{name}.1"), render(verb)));
    }
    pages
}

/// `UPDATE=1` rewrites them.
#[test]
fn the_manual_has_a_page_for_each_verb_and_no_other() {
    for (name, page) in pages() {
        let file = folder().join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&file, &page).unwrap();
            continue;
        }
        let kept = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        let is_same = kept == page;
        assert!(is_same, "{} is not what --help says; UPDATE=1 rewrites it", file.display());
    }
    let known: Vec<String> = pages().into_iter().map(|(name, _)| name).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_ours = name.starts_with("svcctl");
        assert!(!is_ours || known.contains(&name), "packaging/man/{name} is about nothing");
    }
}
