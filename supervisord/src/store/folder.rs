//! The services folder: reads every definition, never writes one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::thread;

use protocol::definition::{self, Definition, Fault, Os};
use protocol::message::{Rejected, Skipped};

use super::StoreError;
use crate::os;

/// A thread reads at least so many files, lest starting it costs more than it saves.
const SHARE_MIN: usize = 64;

/// What the folder holds.
#[derive(Debug, Default)]
pub struct Found {
    /// Good definitions, by label.
    pub definitions: BTreeMap<String, Taken>,
    /// Files that could not be taken.
    pub rejected: Vec<Rejected>,
    /// Files that are for other hosts, by label; one for this host may stand beside them.
    pub skipped: BTreeMap<String, Skipped>,
}

/// A definition that can be acted by.
#[derive(Debug)]
pub struct Taken {
    /// Where it stands.
    pub file: PathBuf,
    /// What it says.
    pub definition: Definition,
    /// What a person should know of it, one line each.
    pub notes: Box<[String]>,
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
    // All are in one folder, so that names are enough.
    files.sort_unstable_by(|one, other| one.file_name().cmp(&other.file_name()));
    let read = read_files(&files);
    let (mut found, host) = (Found::default(), os::host_name());
    for (file, read) in files.into_iter().zip(read) {
        match read {
            Ok((definition, notes)) => match definition.kept_off(&host) {
                Some(why) => found.skip(&file, definition.label, why.to_string()),
                None => found.take(Taken { file, definition, notes }),
            },
            // It went while the folder was read.
            Err(_) if fs::symlink_metadata(&file).is_err() => {}
            Err(faults) => found.reject(&file, faults),
        }
    }
    Ok(found)
}

/// A definition that can be taken, with notes about it, or why it can't.
type Judged = Result<(Definition, Box<[String]>), Vec<String>>;

/// Reads files on every core, in the order given.
fn read_files(files: &[PathBuf]) -> Vec<Judged> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = files.len().div_ceil(cores).max(SHARE_MIN);
    let read = |share: &[PathBuf]| share.iter().map(|file| read_file(file)).collect::<Vec<_>>();
    let mut shares = files.chunks(share);
    let own = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| (share, thread::Builder::new().spawn_scoped(scope, move || read(share))))
            .collect();
        let mut all = read(own);
        for (share, other) in others {
            all.extend(match other.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(judged)) => judged,
                // Without a thread it is read here.
                Ok(Err(_)) | Err(_) => read(share),
            });
        }
        all
    })
}

impl Found {
    fn take(&mut self, taken: Taken) {
        let label = taken.definition.label.clone();
        let Some(first) = self.definitions.get(&label) else {
            self.definitions.insert(label, taken);
            return;
        };
        let stem = taken.file.file_stem();
        if stem.is_some_and(|stem| *stem == *definition::file_name(&label)) {
            let first = first.file.clone();
            self.reject(&first, vec![twice(&label, &taken.file)]);
            self.definitions.insert(label, taken);
        } else {
            let fault = twice(&label, &first.file);
            self.reject(&taken.file, vec![fault]);
        }
    }

    /// The file is there, but could not be taken.
    #[must_use]
    pub fn has_rejected(&self, file: &Path) -> bool {
        let file = file.display().to_string();
        self.rejected.iter().any(|rejected| rejected.file == file)
    }

    fn skip(&mut self, file: &Path, label: String, why: String) {
        let file = file.display().to_string();
        self.skipped.insert(label.clone(), Skipped { file, label, why });
    }

    fn reject(&mut self, file: &Path, faults: Vec<String>) {
        self.rejected.push(Rejected { file: file.display().to_string(), faults });
    }
}

fn twice(label: &str, by: &Path) -> String {
    format!("Label {label} is already defined by {}; remove or rename one", by.display())
}

fn is_definition(file: &Path) -> bool {
    let is_hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    !is_hidden && matches!(ending.as_deref(), Some("plist" | "json"))
}

fn read_file(file: &Path) -> Judged {
    let bytes = read_bounded(file).map_err(|cause| vec![cause.to_string()])?;
    let stem = file.file_stem().map(|stem| stem.to_string_lossy());
    judge(definition::read_named(&bytes, stem.as_deref()))
}

/// The definition with notes about it, or all faults for which it can't be taken here.
///
/// # Errors
/// The faults, one line each.
pub fn judge(read: definition::Read) -> Judged {
    let here = definition::faults_on(&read, Os::current());
    let all = read.faults.iter().chain(&here);
    let (errors, notes): (Vec<&Fault>, Vec<&Fault>) = all.partition(|fault| fault.is_error());
    match read.definition {
        Some(definition) if errors.is_empty() => {
            Ok((definition, notes.into_iter().map(Fault::to_string).collect()))
        }
        Some(_) | None => Err(errors.into_iter().map(Fault::to_string).collect()),
    }
}

/// One byte more than a definition may have is enough to have it refused.
fn read_bounded(file: &Path) -> io::Result<Vec<u8>> {
    let opened = super::open_file(file)?;
    let (expected, most) = (opened.metadata()?.len(), definition::SIZE_MAX as u64 + 1);
    let mut bytes = Vec::with_capacity(usize::try_from(expected.min(most)).unwrap_or(0) + 1);
    opened.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
