//! A small disk of our own, seen by nobody else, that can be full.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::ptr;

use tempfile::TempDir;

/// A tmpfs in a mount namespace of the thread that made it, and of what that starts.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one, or says why it can't.
    ///
    /// # Errors
    /// Why there is none, for a skip.
    ///
    /// # Panics
    /// When the machine has no place for temporary files.
    pub fn mount(size: &str) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("sd-").tempdir_in("/tmp");
        let folder = folder.expect("temporary folders can be made");
        // SAFETY: takes a number; only this thread and what it starts are moved.
        let unshared = unsafe { libc::unshare(libc::CLONE_NEWNS) };
        if unshared != 0 {
            return Err(format!("no mounts of our own: {}", std::io::Error::last_os_error()));
        }
        let private = mount("none", Path::new("/"), "", libc::MS_REC | libc::MS_PRIVATE, "");
        private
            .and_then(|()| mount("small", folder.path(), "tmpfs", 0, &format!("size={size}")))
            .map_err(|error| format!("cannot mount a tmpfs: {error}"))?;
        Ok(Self { folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room there is.
    ///
    /// # Panics
    /// When not even the first file can be made.
    pub fn fill(&self) {
        let mut file = File::create(self.filler()).expect("an empty file needs no room");
        while file.write_all(&[7; 4096]).is_ok() {}
    }

    /// Gives the room back.
    pub fn free(&self) {
        let _ = fs::remove_file(self.filler());
    }

    /// Lets nobody write, or everybody again.
    ///
    /// # Errors
    /// As the system says, for example that a file is open for writing.
    pub fn set_read_only(&self, read_only: bool) -> std::io::Result<()> {
        let flags = libc::MS_REMOUNT | if read_only { libc::MS_RDONLY } else { 0 };
        mount("small", self.path(), "tmpfs", flags, "")
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let path = text(&self.folder.path().to_string_lossy());
        // SAFETY: the path is a C string; what is still open goes with its last user.
        unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
    }
}

fn mount(
    source: &str,
    target: &Path,
    kind: &str,
    flags: libc::c_ulong,
    options: &str,
) -> std::io::Result<()> {
    let target = text(&target.to_string_lossy());
    let (source, kind, options) = (text(source), text(kind), text(options));
    let options = if options.is_empty() { ptr::null() } else { options.as_ptr().cast() };
    // SAFETY: all are C strings that outlive the call.
    let done =
        unsafe { libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, options) };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

fn text(words: &str) -> std::ffi::CString {
    std::ffi::CString::new(words).expect("no path here holds a NUL")
}
