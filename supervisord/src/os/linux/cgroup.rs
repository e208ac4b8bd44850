//! Control groups, version 2: one directory for this daemon, in it one for each service.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, openat},
    sys::stat::{Mode, mkdirat},
    unistd::{AccessFlags, UnlinkatFlags, access, unlinkat},
};

use super::{mounts::own_group, tree_name};

/// The daemon's own place in the group of its unit.
const LEAF: &str = "supervisor";

/// The directory below which the trees of this daemon are.
#[derive(Debug)]
pub(in crate::os) struct Groups {
    directory: OwnedFd,
    path: PathBuf,
    /// A descriptor to give up when there is no other, since nothing could be ended without one.
    spare: Mutex<Option<OwnedFd>>,
}

/// How `cgroup.events` tells that somebody lives in a group, or below it.
const POPULATED: &[u8] = b"populated 1";

/// One tree's directory.
pub(super) struct Group(OwnedFd);

impl Groups {
    /// Finds a place where groups can be made and processes put into them, below the group this
    /// daemon was given, since nobody may move a process out of that.
    pub(super) fn find(domain: &str) -> io::Result<Self> {
        let own = given_group()?;
        access(&own.join("cgroup.procs"), AccessFlags::W_OK)?;
        let path = own.join(tree_name::encode(&format!("supervisord-{domain}")));
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // In a threaded group a whole process has no place.
        let kind = fs::read_to_string(path.join("cgroup.type"))?;
        if kind.trim_end() != "domain" {
            return Err(io::Error::other(format!("{} is {}", path.display(), kind.trim_end())));
        }
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = nix::fcntl::open(&path, flags, Mode::empty())?;
        let spare = Mutex::new(directory.try_clone().ok());
        Ok(Self { directory, path, spare })
    }

    pub(in crate::os) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn path_of(&self, tree: &str) -> PathBuf {
        self.path.join(tree_name::encode(tree))
    }

    /// The group of a tree, made if it is not there.
    pub(super) fn make(&self, tree: &str) -> io::Result<Group> {
        let name = tree_name::encode(tree);
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let open = || openat(&self.directory, name.as_str(), flags, Mode::empty());
        match open() {
            Ok(directory) => return Ok(Group(directory)),
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        match mkdirat(&self.directory, name.as_str(), Mode::from_bits_truncate(0o755)) {
            Ok(()) | Err(Errno::EEXIST) => Ok(Group(open()?)),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether no process is in a tree's group or in a group below it. A group that is gone is.
    pub(super) fn is_empty(&self, tree: &str) -> bool {
        let mut events = [0; 64];
        let read = self
            .in_any_case(|| self.file(tree, "cgroup.events", OFlag::O_RDONLY)?.read(&mut events));
        match read {
            Ok(length) => {
                !events[..length].split(|byte| *byte == b'\n').any(|line| line == POPULATED)
            }
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// The directories of trees that are there.
    pub(super) fn names(&self) -> io::Result<HashSet<OsString>> {
        let entries = fs::read_dir(&self.path)?.flatten();
        let is_group = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        Ok(entries.filter(is_group).map(|entry| entry.file_name()).collect())
    }

    /// Removes a tree's group if nothing lives in it or below; false when something does.
    pub(super) fn remove_if_empty(&self, tree: &str) -> bool {
        let name = tree_name::encode(tree);
        match unlinkat(&self.directory, name.as_str(), UnlinkatFlags::RemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => true,
            Err(_) => self.is_empty(tree),
        }
    }

    /// Kills every process in a tree's group and in the groups below it.
    pub(super) fn kill(&self, tree: &str) {
        let killed = self.in_any_case(|| {
            let mut file = self.file(tree, "cgroup.kill", OFlag::O_WRONLY)?;
            file.write_all(b"1")
        });
        match killed {
            Ok(()) => {}
            Err(_) if self.is_empty(tree) => {}
            // Kernels before 5.14 have no such file.
            Err(_) => self.kill_each(tree),
        }
    }

    /// Sends a signal to every process in a tree's group.
    pub(super) fn signal(&self, tree: &str, number: i32) {
        for pid in self.members(tree) {
            // SAFETY: it was in the group a moment ago; there is no closer way to name it here.
            unsafe { libc::kill(pid, number) };
        }
    }

    /// Removes a tree's group with those the service made in it, if nothing lives there.
    pub(super) fn remove(&self, tree: &str) {
        if let Err(error) = remove_below(&self.path_of(tree))
            && error.kind() != io::ErrorKind::NotFound
        {
            log::debug!("cannot remove the control group of {tree}: {error}");
        }
    }

    /// Removes the directory of this daemon with the groups in it that are empty, unless a service
    /// lives on.
    pub(super) fn close(&self) {
        let below = fs::read_dir(&self.path).into_iter().flatten().flatten();
        for entry in below.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            let _ = fs::remove_dir(entry.path());
        }
        let _ = fs::remove_dir(&self.path);
    }

    fn kill_each(&self, tree: &str) {
        /// A tree that forks faster than this many rounds is left to the watch and the next kill.
        const ROUNDS_MAX: usize = 100;
        for _ in 0..ROUNDS_MAX {
            if self.is_empty(tree) {
                return;
            }
            self.signal(tree, libc::SIGKILL);
        }
    }

    fn members(&self, tree: &str) -> Vec<i32> {
        let mut members = Vec::new();
        let mut directories = vec![self.path_of(tree)];
        while let Some(directory) = directories.pop() {
            let procs = self.in_any_case(|| fs::read_to_string(directory.join("cgroup.procs")));
            let procs = procs.unwrap_or_default();
            members.extend(procs.lines().filter_map(|pid| pid.parse::<i32>().ok()));
            let entries = self.in_any_case(|| Ok(fs::read_dir(&directory)?.flatten().collect()));
            let entries: Vec<fs::DirEntry> = entries.unwrap_or_default();
            let below = entries
                .into_iter()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            directories.extend(below.map(|entry| entry.path()));
        }
        members
    }

    /// Does what needs one more descriptor for a moment, also when there is none left.
    fn in_any_case<T>(&self, mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        let is_short =
            |error: &io::Error| matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE));
        match work() {
            Err(error) if is_short(&error) => {
                let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
                *spare = None;
                let done = work();
                *spare = self.directory.try_clone().ok();
                done
            }
            done => done,
        }
    }

    fn file(&self, tree: &str, name: &str, flags: OFlag) -> io::Result<File> {
        let path = Path::new(&tree_name::encode(tree)).join(name);
        let file = openat(&self.directory, &path, flags | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(File::from(file))
    }
}

impl Group {
    /// The file a process writes to in order to come in.
    pub(super) fn procs(&self) -> io::Result<OwnedFd> {
        let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        Ok(openat(&self.0, "cgroup.procs", flags, Mode::empty())?)
    }
}

impl AsFd for Group {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The group this daemon was given. The main process of a unit of systemd's moves into a leaf of
/// it: a group that has processes of its own can't limit those of its services, and the unit's own
/// group has to stay empty of what systemd did not put there.
fn given_group() -> io::Result<PathBuf> {
    let own = own_group()?;
    let main = std::env::var("SYSTEMD_EXEC_PID").ok().and_then(|pid| pid.parse().ok());
    if main != Some(std::process::id()) {
        return Ok(own);
    }
    // It did so already, as the program before this one.
    if own.file_name().is_some_and(|name| name == LEAF) {
        return Ok(own.parent().unwrap_or(&own).to_owned());
    }
    let leaf = own.join(LEAF);
    let entered = match fs::create_dir(&leaf) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => fs::write(leaf.join("cgroup.procs"), "0"),
    };
    if let Err(error) = entered {
        log::debug!("cannot move into {}: {error}", leaf.display());
    }
    Ok(own)
}

fn remove_below(group: &Path) -> io::Result<()> {
    match fs::remove_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {}
        done => return done,
    }
    for entry in fs::read_dir(group)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_below(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}
