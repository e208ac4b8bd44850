//! An open folder: what is done in it stays in it, wherever its path leads meanwhile.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use nix::fcntl::{OFlag, open, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

use super::unix::user;
use crate::os::Account;

/// Logs of ours are read by their owner and its group.
const LOG_MODE: Mode = Mode::from_bits_truncate(0o640);

/// A folder, held open.
#[derive(Debug)]
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens the folder at that path.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        Ok(Self(open(path, flags, Mode::empty())?))
    }

    /// Opens a file to read it; never through a link, never waiting for anybody.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, name: &OsStr) -> io::Result<File> {
        self.file(name, OFlag::O_RDONLY | OFlag::O_NONBLOCK, Mode::empty())
    }

    /// Opens a file to read it and to cut it; never through a link, never waiting for anybody.
    ///
    /// # Errors
    /// What the system says.
    pub fn change(&self, name: &OsStr) -> io::Result<File> {
        self.file(name, OFlag::O_RDWR | OFlag::O_NONBLOCK, Mode::empty())
    }

    /// Opens a log of ours for appending, made if it is missing, as the account's own file.
    ///
    /// # Errors
    /// What the system says, or that the account is unknown.
    pub fn log(&self, name: &OsStr, account: Option<&Account>) -> io::Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_NONBLOCK;
        let file = self.file(name, flags, LOG_MODE)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(file);
        }
        let numbers = match account.filter(|_| geteuid().is_root()) {
            Some(account) => user::look_up(account).map_err(io::Error::other)?.credentials,
            None => return Ok(file),
        };
        let uid = numbers.uid.unwrap_or_else(|| metadata.uid());
        if (metadata.uid(), metadata.gid()) != (uid, numbers.gid) {
            fchown(&file, Some(uid), Some(numbers.gid))?;
        }
        Ok(file)
    }

    /// Makes a new file that whoever may read the other may read; one of that name must not be.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(&self, name: &OsStr, like: &File) -> io::Result<File> {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL;
        let file = self.file(name, flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
        let other = like.metadata()?;
        if (file.metadata()?.uid(), file.metadata()?.gid()) != (other.uid(), other.gid()) {
            // Who is not root keeps what he makes.
            let _ = fchown(&file, Some(other.uid()), Some(other.gid()));
        }
        file.set_permissions(Permissions::from_mode(other.mode() & 0o777))?;
        Ok(file)
    }

    /// Gives a file another name in the folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Removes a file; one that is gone already is fine.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        match unlinkat(&self.0, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(nix::errno::Errno::ENOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Makes its entries safe: without it a rename may be lost with the power.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&self) -> io::Result<()> {
        File::from(self.0.try_clone()?).sync_all()
    }

    fn file(&self, name: &OsStr, flags: OFlag, mode: Mode) -> io::Result<File> {
        let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        Ok(openat(&self.0, name, flags, mode)?.into())
    }
}

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// What the file system calls it.
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
    let found = std::fs::metadata(path)?;
    Ok(Look { number: found.ino(), length: found.len(), is_plain: found.is_file() })
}

/// The file that a process has open under that number, where the system tells; a path to it that
/// is gone does not matter.
#[must_use]
pub fn open_file_of(pid: u32, number: u32) -> Option<Look> {
    look(Path::new(&format!("/proc/{pid}/fd/{number}"))).ok()
}

/// Why a file is not ours to cut, though it is where a log should be: it must be a plain file of
/// one name, and the account's or the daemon's own.
#[must_use]
pub fn is_foreign(file: &File, account: Option<&Account>) -> Option<&'static str> {
    let Ok(metadata) = file.metadata() else { return Some("it can't be examined") };
    let owner = metadata.uid();
    let is_accounts = || {
        let found = account.and_then(|account| user::look_up(account).ok());
        found.is_some_and(|found| found.credentials.uid == Some(owner))
    };
    if !metadata.is_file() {
        Some("it is no plain file")
    } else if metadata.nlink() != 1 {
        Some("it has not one name, but several or none")
    } else if owner != geteuid().as_raw() && !is_accounts() {
        Some("it is the file of another user")
    } else {
        None
    }
}
