//! Definitions from files, folders and standard input, checked and made ready to be sent.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use protocol::definition::{self, Fault, Os, SIZE_MAX};
use protocol::frame::FRAME_MAX;

use super::as_label;
use crate::error::Error;

/// More than what stands around the definition in its request.
const ENVELOPE: usize = 1024;

/// A definition that can be sent.
#[derive(Debug)]
pub(super) struct Source {
    /// The service it describes.
    pub(super) label: String,
    /// The property list, as XML.
    pub(super) text: String,
    /// What a person should know about it, one line each.
    pub(super) remarks: Vec<String>,
}

/// What was found at one place: a definition, or all that is wrong with it.
pub(super) type Gathered = Result<Source, Vec<Error>>;

/// The definition in a file, all those in a folder, or the one on standard input (`-`).
pub(super) fn gather(path: &Path) -> Vec<Gathered> {
    if path == Path::new("-") {
        let bytes = read(io::stdin().lock());
        let taken = bytes.map_err(|error| vec![unreadable("standard input", &error)]);
        return vec![taken.and_then(|bytes| take("standard input", "", &bytes))];
    }
    if !path.is_dir() {
        return vec![take_file(path)];
    }
    match folder(path) {
        Ok(files) if files.is_empty() => vec![Err(vec![Error::Unreadable {
            file: path.display().to_string(),
            cause: "no *.plist and no *.json is in this folder".to_owned(),
        }])],
        Ok(files) => files.iter().map(|file| take_file(file)).collect(),
        Err(error) => vec![Err(vec![unreadable(&path.display().to_string(), &error)])],
    }
}

/// The label that a definition file gives.
pub(crate) fn label_in(file: &Path) -> Result<String, Error> {
    match take_file(file) {
        Ok(source) => Ok(source.label),
        Err(errors) => errors.into_iter().next().map_or_else(|| as_label(file), Err),
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

fn take_file(path: &Path) -> Gathered {
    let name = path.display().to_string();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let bytes =
        File::open(path).and_then(read).map_err(|cause| vec![missing(path, &name, &cause)])?;
    take(&name, &stem, &bytes)
}

/// Checks a definition and puts it into the form that is sent.
pub(super) fn take(name: &str, stem: &str, bytes: &[u8]) -> Gathered {
    let read = definition::read_named(bytes, (!stem.is_empty()).then_some(stem));
    let here = definition::faults_on(&read, Os::current());
    let mut faults: Vec<Fault> = read.faults.into_iter().chain(here).collect();
    faults.sort_by_key(|fault| fault.line);
    let errors = faults.iter().filter(|fault| fault.is_error());
    let errors: Vec<Error> = errors.map(|fault| wrong(name, fault.to_string())).collect();
    let Some(definition) = read.definition.filter(|_| errors.is_empty()) else {
        return Err(errors);
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_start_matches('\u{feff}').trim_start().starts_with('<') => {
            text.to_owned()
        }
        Ok(_) | Err(_) => definition.to_xml(),
    };
    let request = serde_json::to_string(&text).map_or(usize::MAX, |quoted| quoted.len());
    if FRAME_MAX - ENVELOPE < request {
        return Err(vec![wrong(name, format!("it is too large, {request} of {FRAME_MAX} bytes"))]);
    }
    let remark = |fault: &Fault| format!("{name}: {}: {fault}", fault.severity);
    Ok(Source { label: definition.label, text, remarks: faults.iter().map(remark).collect() })
}

/// One byte more than is allowed is enough to see that a file is too large.
fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(SIZE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn wrong(file: &str, cause: String) -> Error {
    Error::Unreadable { file: file.to_owned(), cause }
}

fn unreadable(file: &str, error: &io::Error) -> Error {
    let text = error.to_string();
    // The number behind it tells a person nothing.
    let cause = text.split(" (os error").next().unwrap_or_default();
    wrong(file, cause.to_owned())
}

/// A word that names no file may be meant as a label.
fn missing(path: &Path, name: &str, error: &io::Error) -> Error {
    let mut sentence = unreadable(name, error);
    if error.kind() == io::ErrorKind::NotFound
        && path.components().count() == 1
        && path.extension().is_none()
        && let Error::Unreadable { cause, .. } = &mut sentence
    {
        cause.push_str(&format!("; to add a program: svcctl add {name} -- PROGRAM ARGS"));
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- kept -->\
        \n<plist version=\"1.0\">\
        \n<dict><key>Label</key><string>web</string>\
        <key>ProgramArguments</key><array><string>/bin/web</string></array></dict>\n</plist>\n";

    #[test]
    fn xml_is_sent_as_it_is() {
        let source = take("web.plist", "web", XML.as_bytes()).unwrap();
        assert_eq!((source.label.as_str(), source.text.as_str()), ("web", XML));
        assert!(source.remarks.is_empty());
    }

    #[test]
    fn json_becomes_xml_and_what_has_no_effect_is_said() {
        let json = br#"{"Label":"web","ProgramArguments":["/bin/web"],"Colour":"red"}"#;
        let source = take("web.json", "web", json).unwrap();
        assert!(source.text.starts_with("<?xml"), "{}", source.text);
        assert_eq!(definition::read(source.text.as_bytes()).definition.unwrap().label, "web");
        assert_eq!(source.remarks.len(), 1, "{:?}", source.remarks);
        assert!(source.remarks[0].starts_with("web.json: warning: "), "{}", source.remarks[0]);
        assert!(source.remarks[0].contains("Colour"), "{}", source.remarks[0]);
    }

    #[test]
    fn all_errors_come_at_once() {
        let json = br#"{"Label":7,"ProgramArguments":[]}"#;
        let errors = take("web.json", "web", json).unwrap_err();
        assert!(2 <= errors.len(), "{errors:?}");
        assert!(errors[0].to_string().starts_with("cannot read web.json: "), "{}", errors[0]);
    }

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
