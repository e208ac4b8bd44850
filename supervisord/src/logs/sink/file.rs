//! The file of a piped log: appended to, rotated at line ends by giving the old one another name.
//!
//! It is opened anew when somebody moved or removed it. Never cut, never rewritten.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::logs::pipe::Bounds;
use crate::os;

/// A log file that lines are appended to.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    open: Option<File>,
    number: u64,
    size: u64,
    born: Timestamp,
    /// Another name could not be given; it is not tried again before the file is opened anew.
    is_fixed: bool,
    /// Its last byte is known to be a newline, or is ours.
    is_known: bool,
}

impl LogFile {
    /// One that is opened when it is needed.
    pub(crate) fn new(path: PathBuf) -> Self {
        let born = Timestamp::UNIX_EPOCH;
        Self { path, open: None, number: 0, size: 0, born, is_fixed: false, is_known: false }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the file system calls the file that is open.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Its size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Opens what is at the path now, and learns how long it is.
    pub(crate) fn refresh(&mut self) -> io::Result<()> {
        if let Some(open) = &self.open {
            if os::is_same_file(open, &self.path) {
                self.size = open.metadata()?.len();
                return Ok(());
            }
            self.open = None;
        }
        let file = File::from(os::open_log(&self.path)?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no file; use Mode File for what is not"));
        }
        let born = metadata.created().or_else(|_| metadata.modified());
        self.born = born.ok().and_then(|born| born.try_into().ok()).unwrap_or(Timestamp::MAX);
        (self.number, self.size) = (os::file_number(&file)?, metadata.len());
        (self.open, self.is_fixed, self.is_known) = (Some(file), false, false);
        Ok(())
    }

    /// What was written in part is given up; the next line begins on a line of its own.
    pub(crate) fn give_up(&mut self) {
        self.is_known = false;
    }

    /// What was written in part goes on.
    pub(crate) fn go_on(&mut self) {
        self.is_known = true;
    }

    /// Ends a line that was left unfinished, by who wrote before us or for want of room.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        if self.is_known || self.size == 0 {
            self.is_known = true;
            return Ok(());
        }
        let mut last = [0];
        let mut file = os::open_to_read(&self.path)?;
        file.seek(SeekFrom::Start(self.size - 1))?;
        if file.read(&mut last)? == 1 && last != *b"\n" {
            self.append(b"\n")?;
        }
        self.is_known = true;
        Ok(())
    }

    /// Appends all of that; after an error, as much as [`LogFile::size`] tells.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let file = self.open.as_mut().ok_or_else(|| io::Error::other("it is not open"))?;
        while !bytes.is_empty() {
            match file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.size += written as u64;
                    bytes = &bytes[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// True when a line of that length has to begin a new file.
    pub(crate) fn is_full(&self, bounds: Bounds, ahead: usize, length: usize) -> bool {
        let size = self.size + ahead as u64;
        let is_over = bounds.size.is_some_and(|most| most < size + length as u64);
        is_over && 0 < size && !self.is_fixed
    }

    /// True when whatever comes has to begin a new file.
    pub(crate) fn is_old(&self, bounds: Bounds, now: Timestamp) -> bool {
        let age = now.duration_since(self.born);
        let is_over =
            bounds.age.is_some_and(|most| age.unsigned_abs() >= most && !age.is_negative());
        is_over && 0 < self.size && !self.is_fixed
    }

    /// Gives the file its other name and begins a new one. True when that was done.
    pub(crate) fn rotate(&mut self, now: Timestamp) -> io::Result<bool> {
        let aside = aside(&self.path, now);
        if let Err(error) = fs::rename(&self.path, &aside) {
            log::warn!("cannot rotate {}: {error}; it grows on", self.path.display());
            self.is_fixed = true;
            return Ok(false);
        }
        self.open = None;
        self.refresh()?;
        Ok(true)
    }
}

/// The name of a rotated file, unlike any there is: `web.log.20261123T123503.123456Z`.
fn aside(path: &Path, now: Timestamp) -> PathBuf {
    let mut time = now;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(time.strftime(".%Y%m%dT%H%M%S.%6fZ").to_string());
        let aside = PathBuf::from(name);
        // A clock that was set back, or two in a microsecond.
        if fs::symlink_metadata(&aside).is_err() {
            return aside;
        }
        time += jiff::SignedDuration::from_micros(1);
    }
}
