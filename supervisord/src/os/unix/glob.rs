//! Arguments that are patterns, by the rules of glob(3): done before the clone, as seen from the
//! directory and below the root that the process will have.

use std::{
    ffi::{CStr, CString, OsStr, OsString},
    fs, mem,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    slice,
};

use nix::unistd::User;

use crate::os::{Environment, Launch};

/// The arguments, each in the place of what it matches; one that matches nothing stays as it is.
pub(super) fn expand(launch: &Launch, environment: &Environment) -> Vec<OsString> {
    let place = Place::of(launch);
    let expanded = launch.arguments.iter().map(|word| {
        let found = if is_pattern(word) { place.find(&at_home(word, environment)) } else { vec![] };
        if found.is_empty() { vec![word.clone()] } else { found }
    });
    expanded.flatten().collect()
}

fn is_pattern(word: &OsStr) -> bool {
    word.as_bytes().starts_with(b"~") || word.as_bytes().iter().any(|byte| is_special(*byte))
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'\\')
}

/// `~` and `~name` at the beginning are somebody's home.
fn at_home(word: &OsStr, environment: &Environment) -> Vec<u8> {
    let bytes = word.as_bytes();
    let Some(rest) = bytes.strip_prefix(b"~") else { return bytes.to_vec() };
    let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let home = match std::str::from_utf8(name) {
        Ok("") => environment.iter().find(|(name, _)| name == "HOME").map(|(_, home)| home.into()),
        Ok(name) => User::from_name(name).ok().flatten().map(|user| user.dir),
        Err(_) => None,
    };
    match home {
        Some(home) => [&quoted(&home), rest].concat(),
        None => bytes.to_vec(),
    }
}

/// What stands for itself in a pattern.
fn quoted(path: &Path) -> Vec<u8> {
    let quote = |byte: &u8| if is_special(*byte) { vec![b'\\', *byte] } else { vec![*byte] };
    path.as_os_str().as_bytes().iter().flat_map(quote).collect()
}

/// From where the process will look.
struct Place {
    /// Before patterns that begin with a slash.
    root: PathBuf,
    /// Before all others.
    directory: PathBuf,
    is_confined: bool,
}

impl Place {
    fn of(launch: &Launch) -> Self {
        let root = launch.root.clone().unwrap_or_default();
        let inside = launch.directory.strip_prefix("/").unwrap_or(&launch.directory);
        let directory = match &launch.root {
            Some(root) => root.join(inside).join(""),
            None => launch.directory.join(""),
        };
        Self { root, directory, is_confined: launch.root.is_some() }
    }

    fn find(&self, pattern: &[u8]) -> Vec<OsString> {
        let before = if pattern.starts_with(b"/") { &self.root } else { &self.directory };
        let found = glob(&[&quoted(before), pattern].concat()).into_iter();
        let found = found.filter(|path| !self.is_confined || self.is_inside(path));
        let cut = |path: OsString| path.into_vec().split_off(before.as_os_str().len());
        found.map(cut).map(OsString::from_vec).collect()
    }

    /// Whether the way there leads through no link out of the root; for the process it would lead
    /// elsewhere.
    fn is_inside(&self, path: &OsStr) -> bool {
        let folder = Path::new(path).parent().and_then(|folder| fs::canonicalize(folder).ok());
        let root = fs::canonicalize(&self.root);
        folder.is_some_and(|folder| root.is_ok_and(|root| folder.starts_with(root)))
    }
}

/// What there is of that pattern, by name; nothing also where the system can't tell.
fn glob(pattern: &[u8]) -> Vec<OsString> {
    let Ok(pattern) = CString::new(pattern) else { return Vec::new() };
    // SAFETY: all zero is what the call wants without GLOB_DOOFFS and GLOB_APPEND.
    let mut list: libc::glob_t = unsafe { mem::zeroed() };
    // SAFETY: pattern and list are live, and there is no function to call for errors.
    let result = unsafe { libc::glob(pattern.as_ptr(), 0, None, &mut list) };
    let paths = match list.gl_pathc {
        // SAFETY: the call has put so many strings there.
        1.. if result == 0 => unsafe {
            slice::from_raw_parts(list.gl_pathv, list.gl_pathc as usize)
        },
        _ => &[],
    };
    let found = paths.iter().map(|path| {
        // SAFETY: each ends in NUL and lives until the list is freed.
        OsStr::from_bytes(unsafe { CStr::from_ptr(*path) }.to_bytes()).to_owned()
    });
    let found = found.collect();
    // SAFETY: made by the call, and used no more.
    unsafe { libc::globfree(&mut list) };
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(launch: &mut Launch, words: &[&str]) -> Vec<String> {
        launch.arguments = words.iter().map(OsString::from).collect();
        let environment = vec![("HOME".into(), launch.directory.clone().into())];
        let words = expand(launch, &environment).into_iter();
        words.map(|word| word.into_string().unwrap()).collect()
    }

    /// A folder whose own name is full of what would be a pattern.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let base = tempfile::Builder::new().prefix("a*[b]\\?").tempdir().unwrap();
        let folder = base.path().join("web");
        fs::create_dir(&folder).unwrap();
        for name in ["b.conf", "a.conf", ".hidden.conf", "x?y", "it's"] {
            fs::write(folder.join(name), "").unwrap();
        }
        (base, folder)
    }

    #[test]
    fn a_pattern_stands_for_what_it_matches_and_else_for_itself() {
        let (_base, folder) = folder();
        let mut launch = Launch { directory: folder, ..Launch::new("web", "web") };
        let mut check = |given: &[&str], expected: &[&str]| {
            assert_eq!(words(&mut launch, given), expected, "{given:?}");
        };
        check(&["*.conf"], &["a.conf", "b.conf"]);
        check(
            &["-v", "[b-z].conf", "?.conf", "./a*"],
            &["-v", "b.conf", "a.conf", "b.conf", "./a.conf"],
        );
        check(
            &["*.none", "--all=*.conf", "$HOME", "{a,b}.conf", ""],
            &["*.none", "--all=*.conf", "$HOME", "{a,b}.conf", ""],
        );
        check(
            &["x\\?y", "x\\?z", ".h*", "[", "it's"],
            &["x?y", "x\\?z", ".hidden.conf", "[", "it's"],
        );
        check(&["../w*/a.conf", "nowhere/*"], &["../web/a.conf", "nowhere/*"]);
    }

    #[test]
    fn a_tilde_is_a_home() {
        let (_base, folder) = folder();
        let home = folder.to_str().unwrap().to_owned();
        let mut launch = Launch { directory: folder, ..Launch::new("web", "web") };
        let mut check = |given: &str, expected: &[&str]| {
            assert_eq!(words(&mut launch, &[given]), expected);
        };
        check("~", &[&home]);
        check("~/?.conf", &[&format!("{home}/a.conf"), &format!("{home}/b.conf")]);
        check("~/none", &["~/none"]);
        check("a~", &["a~"]);
        check("~nobody-at-all/*", &["~nobody-at-all/*"]);
        let root = User::from_uid(0.into()).unwrap().unwrap();
        check("~root", &[root.dir.to_str().unwrap()]);
    }

    #[test]
    fn below_a_root_only_what_is_there_is_found() {
        let (base, folder) = folder();
        std::os::unix::fs::symlink("/", folder.join("out")).unwrap();
        let mut launch = Launch { directory: "/web".into(), ..Launch::new("web", "web") };
        launch.root = Some(base.path().to_owned());
        let mut check = |given: &str, expected: &[&str]| {
            assert_eq!(words(&mut launch, &[given]), expected);
        };
        check("a.*", &["a.conf"]);
        check("/*/a.conf", &["/web/a.conf"]);
        check("~/a.*", &["/web/a.conf"]);
        check("/us*", &["/us*"]);
        check("out/*", &["out/*"]);
    }
}
