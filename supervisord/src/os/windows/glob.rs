//! Arguments that are patterns: looked for from the folder that the process will be in.
//!
//! A backslash parts folders here, so that only brackets take a character's meaning from it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use ::glob::{MatchOptions, Pattern, glob_with};

use super::program::variable;
use crate::os::{Launch, Patterns};

/// As glob(3) has it, but for what means nothing to this system: case, and a dot in front.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: false,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// The launch with what each pattern matches in its place; one that matches nothing stays.
pub(super) fn expand(launch: &Launch) -> Launch {
    let expanded = launch.arguments.iter().flat_map(|word| {
        let found = find(word, launch);
        if found.is_empty() { vec![word.clone()] } else { found }
    });
    let arguments: Vec<OsString> = expanded.collect();
    let program = match (launch.patterns, arguments.first()) {
        (Patterns::ProgramToo, Some(first)) => PathBuf::from(first),
        (Patterns::None | Patterns::Arguments | Patterns::ProgramToo, _) => launch.program.clone(),
    };
    Launch { arguments, program, ..launch.clone() }
}

fn find(word: &OsStr, launch: &Launch) -> Vec<OsString> {
    let Some(word) = word.to_str().filter(|word| is_pattern(word)) else { return Vec::new() };
    let pattern = plain(&at_home(word, launch));
    let is_whole = Path::new(&pattern).has_root();
    let folder = launch.directory.join("");
    let before = if is_whole { "" } else { folder.to_str().unwrap_or_default() };
    let whole = Pattern::escape(before) + &pattern;
    let Ok(found) = glob_with(&whole, OPTIONS) else { return Vec::new() };
    let skipped = Path::new(before).components().count();
    let cut = |path: PathBuf| path.components().skip(skipped).collect::<PathBuf>();
    found.flatten().map(|path| cut(path).into_os_string()).collect()
}

fn is_pattern(word: &str) -> bool {
    word.starts_with('~') || word.contains(['*', '?', '['])
}

/// `~` at the beginning is the home of the service's account.
fn at_home(word: &str, launch: &Launch) -> String {
    let rest =
        word.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with(['\\', '/']));
    let home =
        variable(&launch.environment, "USERPROFILE").and_then(|home| home.into_string().ok());
    match (rest, home) {
        (Some(rest), Some(home)) => Pattern::escape(&home) + rest,
        (Some(_) | None, _) => word.to_owned(),
    }
}

/// Several stars are one; to the library they would be all folders below.
fn plain(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        if !(letter == '*' && plain.ends_with('*')) {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_pattern_stands_for_what_it_matches_and_else_for_itself() {
        let base = tempfile::Builder::new().prefix("a[b]").tempdir().unwrap();
        let folder = base.path().join("web");
        fs::create_dir(&folder).unwrap();
        for name in ["b.conf", "A.conf", ".hidden", "[x].txt"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let home = folder.to_str().unwrap().to_owned();
        let environment = vec![("userprofile".into(), home.clone().into())];
        let launch = Launch { directory: folder, environment, ..Launch::new("web", "web") };
        let check = |given: &[&str], expected: &[&str]| {
            let arguments = given.iter().map(OsString::from).collect();
            let patterns = Patterns::Arguments;
            let launch = expand(&Launch { arguments, patterns, ..launch.clone() });
            assert_eq!(launch.arguments, expected, "{given:?}");
            assert_eq!(launch.program, Path::new("web"));
        };
        check(&["*.conf"], &["A.conf", "b.conf"]);
        check(&["-v", "[b-z].CONF", "**.conf"], &["-v", "b.conf", "A.conf", "b.conf"]);
        check(&["*.none", "--all=*.conf", "%TEMP%", ""], &["*.none", "--all=*.conf", "%TEMP%", ""]);
        check(&[".h*", "[[]x].*", "["], &[".hidden", "[x].txt", "["]);
        check(&[r"..\w*\a.conf", r"nowhere\*"], &[r"..\web\a.conf", r"nowhere\*"]);
        check(
            &[r"~\a.*", "~", "~/none", "~x"],
            &[&format!(r"{home}\A.conf"), &home, "~/none", "~x"],
        );
    }
}
