//! Definition files as they lie on the disk: one, a folder of them, or standard input.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use protocol::definition::{self, SIZE_MAX};

use crate::error::Error;

/// What standard input is called where a file's name would stand.
const STDIN: &str = "standard input";

/// A file that is meant to be a definition.
#[derive(Debug)]
pub(super) struct DefinitionFile {
    /// As the caller named it.
    pub(super) name: String,
    /// Its name without folder and ending, which may be the label meant.
    pub(super) stem: String,
    /// What is in it, cut where it is too large anyway.
    pub(super) bytes: Vec<u8>,
}

impl DefinitionFile {
    /// What is in it, as a definition.
    pub(super) fn read(&self) -> definition::Read {
        definition::read_named(&self.bytes, (!self.stem.is_empty()).then_some(&self.stem))
    }
}

/// The file, all those in a folder, or standard input (`-`).
pub(super) fn gather(path: &Path) -> Vec<Result<DefinitionFile, Error>> {
    if path == Path::new("-") || !path.is_dir() {
        return vec![open(path)];
    }
    match folder(path) {
        Ok(files) if files.is_empty() => vec![Err(Error::Unreadable {
            file: path.display().to_string(),
            cause: "no *.plist and no *.json is in this folder".to_owned(),
        })],
        Ok(files) => files.iter().map(|file| open(file)).collect(),
        Err(error) => vec![Err(unreadable(&path.display().to_string(), &error))],
    }
}

/// The file, or standard input (`-`).
pub(super) fn open(path: &Path) -> Result<DefinitionFile, Error> {
    let (name, stem, bytes) = if path == Path::new("-") {
        (STDIN.to_owned(), String::new(), read(io::stdin().lock()))
    } else {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let bytes = File::open(path).and_then(read);
        (path.display().to_string(), stem.unwrap_or_default(), bytes)
    };
    match bytes {
        Ok(bytes) => Ok(DefinitionFile { name, stem, bytes }),
        Err(error) => Err(unreadable(&name, &error)),
    }
}

fn folder(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let ending = file.extension().map(|ending| ending.to_ascii_lowercase());
        let fits = ending.is_some_and(|ending| ending == "plist" || ending == "json");
        // Names with a dot in front are other programs' notes, like AppleDouble's `._web.plist`.
        let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if fits && !hidden && !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// One byte more than is allowed is enough to see that a file is too large.
fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(SIZE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(file: &str, error: &io::Error) -> Error {
    let text = error.to_string();
    // The number behind it tells a person nothing.
    let cause = text.split(" (os error").next().unwrap_or_default();
    Error::Unreadable { file: file.to_owned(), cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn a_folder_gives_its_definitions_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.plist", "a.PLIST", "c.json", "._b.plist", "web.conf", ".d.plist"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("e.plist")).unwrap();
        let files = super::folder(folder.path()).unwrap();
        let names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
        assert_eq!(names, ["a.PLIST", "b.plist", "c.json"]);
    }
}
