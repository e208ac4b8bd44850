//! A small disk of our own, seen by nobody else, that can be full.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
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
        own_mounts()?;
        mount("small", folder.path(), "tmpfs", 0, &format!("size={size}"))
            .map_err(|error| format!("cannot mount a tmpfs: {error}"))?;
        Ok(Self { folder })
    }

    /// Mounts another kind of file system of that many MiB, in an image where it needs one.
    ///
    /// # Errors
    /// Why there is none, for a skip.
    ///
    /// # Panics
    /// When the machine has no place for temporary files.
    pub fn of_kind(kind: &str, mebibytes: u64) -> Result<Self, String> {
        if kind == "tmpfs" {
            return Self::mount(&format!("{mebibytes}m"));
        }
        // An overlay can't lie on an overlay, and large images not in memory.
        let folder = tempfile::Builder::new().prefix("sd-").tempdir_in("/var/tmp");
        let folder = folder.expect("temporary folders can be made");
        own_mounts()?;
        let at = |name: &str| folder.path().join(name);
        let place = at("mounted");
        for name in ["mounted", "lower", "upper", "work"] {
            fs::create_dir(at(name)).expect("the folder is ours");
        }
        if kind == "overlay" {
            let [lower, upper, work] =
                ["lower", "upper", "work"].map(|name| at(name).display().to_string());
            let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
            mount("overlay", &place, "overlay", 0, &options)
                .map_err(|error| format!("cannot mount an overlay: {error}"))?;
        } else {
            let image = at("image");
            let file = File::create(&image).expect("the folder is ours");
            file.set_len(mebibytes << 20).expect("a sparse file needs no room");
            run(Command::new(format!("mkfs.{kind}")).arg("-q").arg(&image))?;
            run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&place))?;
        }
        Ok(Self { folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let mounted = self.folder.path().join("mounted");
        if mounted.exists() { mounted } else { self.folder.path().to_owned() }
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
        mount("small", &self.path(), "tmpfs", flags, "")
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let path = text(&self.path().to_string_lossy());
        // SAFETY: the path is a C string; what is still open goes with its last user.
        unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
    }
}

/// Takes the second version of control groups out of the sight of this thread and of what it
/// starts.
///
/// # Errors
/// Why it can't, for a skip.
pub fn hide_control_groups() -> Result<(), String> {
    own_mounts()?;
    let mounts =
        fs::read_to_string("/proc/thread-self/mounts").map_err(|cause| cause.to_string())?;
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        if let (Some(place), Some("cgroup2")) = (words.next(), words.next()) {
            let path = text(place);
            // SAFETY: the path is a C string.
            if unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) } != 0 {
                return Err(format!("umount {place}: {}", std::io::Error::last_os_error()));
            }
        }
    }
    Ok(())
}

/// Mounts made by this thread, and what it starts, are seen by nobody else from now on.
fn own_mounts() -> Result<(), String> {
    // SAFETY: takes a number; only this thread and what it starts are moved.
    let unshared = unsafe { libc::unshare(libc::CLONE_NEWNS) };
    if unshared != 0 {
        return Err(format!("no mounts of our own: {}", std::io::Error::last_os_error()));
    }
    mount("none", Path::new("/"), "", libc::MS_REC | libc::MS_PRIVATE, "")
        .map_err(|error| format!("no mounts of our own: {error}"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let words = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {words}")) }
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
