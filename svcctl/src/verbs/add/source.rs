//! Definitions from files, folders and standard input, checked and made ready to be sent.

use std::path::Path;

use protocol::definition::{self, Definition, Fault, Os};
use protocol::frame::FRAME_MAX;

use super::super::files;
use super::as_label;
use crate::error::Error;
use crate::os;

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
    /// Why it is not sent: it is for other hosts.
    pub(super) skipped: Option<String>,
}

/// What was found at one place: a definition, or all that is wrong with it.
pub(super) type Gathered = Result<Source, Vec<Error>>;

/// The definition in a file, all those in a folder, or the one on standard input (`-`).
pub(super) fn gather(path: &Path) -> Vec<Gathered> {
    let files = files::gather(path).into_iter();
    files
        .map(|file| match file {
            Ok(file) => take(&file.name, &file.stem, &file.bytes),
            Err(error) => Err(vec![missing(path, error)]),
        })
        .collect()
}

/// The label that a definition file gives.
pub(crate) fn label_in(file: &Path) -> Result<String, Error> {
    let opened = files::open(file).map_err(|error| missing(file, error))?;
    match take(&opened.name, &opened.stem, &opened.bytes) {
        Ok(source) => Ok(source.label),
        Err(errors) => errors.into_iter().next().map_or_else(|| as_label(file), Err),
    }
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
    let text = text_of(&definition, bytes).map_err(|cause| vec![wrong(name, cause)])?;
    let remark = |fault: &Fault| format!("{name}: {}: {fault}", fault.severity);
    let skipped =
        definition.kept_off(&os::host_name()).map(|why| format!("{name}: skipped: {why}"));
    let remarks = faults.iter().map(remark).collect();
    Ok(Source { label: definition.label, text, remarks, skipped })
}

/// The definition as it is sent, or why it can't be.
pub(in crate::verbs) fn text_of(definition: &Definition, bytes: &[u8]) -> Result<String, String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_start_matches('\u{feff}').trim_start().starts_with('<') => {
            text.to_owned()
        }
        Ok(_) | Err(_) => definition.to_xml(),
    };
    let request = serde_json::to_string(&text).map_or(usize::MAX, |quoted| quoted.len());
    if FRAME_MAX - ENVELOPE < request {
        return Err(format!("it is too large, {request} of {FRAME_MAX} bytes"));
    }
    Ok(text)
}

fn wrong(file: &str, cause: String) -> Error {
    Error::Unreadable { file: file.to_owned(), cause }
}

/// A word that names no file may be meant as a label.
fn missing(path: &Path, mut error: Error) -> Error {
    let is_word = path.components().count() == 1 && path.extension().is_none();
    if is_word
        && !path.exists()
        && path != Path::new("-")
        && let Error::Unreadable { file, cause } = &mut error
    {
        cause.push_str(&format!("; to add a program: svcctl add {file} -- PROGRAM ARGS"));
    }
    error
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
}
