//! A folder and what is done in it. Who may do so is inherited from the folder here.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::os::Account;

/// A folder.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at that path.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::metadata(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.0.join(name))
    }

    /// Opens a file to read it and to cut it.
    ///
    /// # Errors
    /// What the system says.
    pub fn change(&self, name: &OsStr) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.0.join(name))
    }

    /// Opens a log of ours for appending, made if it is missing.
    ///
    /// # Errors
    /// What the system says.
    pub fn log(&self, name: &OsStr, _: Option<&Account>) -> io::Result<File> {
        OpenOptions::new().append(true).create(true).open(self.0.join(name))
    }

    /// Makes a new file; one of that name must not be.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(&self, name: &OsStr, _: &File) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.0.join(name))
    }

    /// Gives a file another name in the folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Removes a file; one that is gone already is fine.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// NTFS journals renames; a folder can't be synced.
    ///
    /// # Errors
    /// None.
    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// What the file system calls it: unknown here, so that all are the same.
    pub number: u64,
    /// How many bytes it has.
    pub length: u64,
    /// It is a plain file.
    pub is_plain: bool,
}

/// Looks where a path leads, and opens nothing.
///
/// # Errors
/// What the system says.
pub fn look(path: &Path) -> io::Result<Look> {
    let found = fs::metadata(path)?;
    Ok(Look { number: 0, length: found.len(), is_plain: found.is_file() })
}

/// The file that a process has open under that number: not told here.
#[must_use]
pub fn open_file_of(_: u32, _: u32) -> Option<Look> {
    None
}

/// Why a file is not ours to cut, though it is where a log should be.
#[must_use]
pub fn is_foreign(file: &File, _: Option<&Account>) -> Option<&'static str> {
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => None,
        Ok(_) => Some("it is no plain file"),
        Err(_) => Some("it can't be examined"),
    }
}
