//! The services folder: reads every definition, never writes one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use protocol::definition::{self, Definition, Fault};
use protocol::message::Rejected;

use super::StoreError;

/// What the folder holds.
#[derive(Debug, Default)]
pub struct Found {
    /// Good definitions with their files, by label.
    pub definitions: BTreeMap<String, (PathBuf, Definition)>,
    /// Files that could not be taken.
    pub rejected: Vec<Rejected>,
}

/// Reads every `*.plist` and `*.json` of the folder, not of folders in it.
///
/// Of two files with the same label the one named after it is taken, else the first by name.
///
/// # Errors
/// [`StoreError::Read`] when the folder itself can't be read.
pub fn read(folder: &Path) -> Result<Found, StoreError> {
    let failed = |cause| StoreError::Read { path: folder.to_owned(), cause };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if is_definition(&file) {
            files.push(file);
        }
    }
    files.sort();
    let mut found = Found::default();
    for file in files {
        match read_file(&file) {
            Ok(definition) => found.take(file, definition),
            Err(faults) => found.reject(&file, faults),
        }
    }
    Ok(found)
}

impl Found {
    fn take(&mut self, file: PathBuf, definition: Definition) {
        let label = definition.label.clone();
        let Some((first, _)) = self.definitions.get(&label) else {
            self.definitions.insert(label, (file, definition));
            return;
        };
        let is_named_after_it =
            file.file_stem().is_some_and(|stem| *stem == *definition::file_name(&label));
        if is_named_after_it {
            let first = first.clone();
            self.reject(&first, vec![taken(&label, &file)]);
            self.definitions.insert(label, (file, definition));
        } else {
            let fault = taken(&label, first);
            self.reject(&file, vec![fault]);
        }
    }

    /// The file is there, but could not be taken.
    #[must_use]
    pub fn has_rejected(&self, file: &Path) -> bool {
        let file = file.display().to_string();
        self.rejected.iter().any(|rejected| rejected.file == file)
    }

    fn reject(&mut self, file: &Path, faults: Vec<String>) {
        self.rejected.push(Rejected { file: file.display().to_string(), faults });
    }
}

fn taken(label: &str, by: &Path) -> String {
    format!("Label {label} is already defined by {}; remove or rename one", by.display())
}

fn is_definition(file: &Path) -> bool {
    let is_hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    !is_hidden && matches!(ending.as_deref(), Some("plist" | "json"))
}

fn read_file(file: &Path) -> Result<Definition, Vec<String>> {
    let bytes = read_bounded(file).map_err(|cause| vec![cause.to_string()])?;
    let stem = file.file_stem().map(|stem| stem.to_string_lossy());
    let read = definition::read_named(&bytes, stem.as_deref());
    let errors = || read.faults.iter().filter(|fault| fault.is_error()).map(Fault::to_string);
    read.definition.ok_or_else(|| errors().collect())
}

/// One byte more than a definition may have is enough to have it refused.
fn read_bounded(file: &Path) -> io::Result<Vec<u8>> {
    let opened = fs::File::open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    opened.take(definition::SIZE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
