//! What differs between operating systems for a client: all of it is here.

pub(crate) use collapse::can_collapse;
pub(crate) use imp::{
    HAS_SCRIPTS, SEARCH_PATH, find_program, host_name, is_executable, is_superuser, is_user,
    is_writable, knows_group, knows_user, program_file, shown_socket, signal_name, signal_number,
    socket_name, user_name,
};

#[cfg(unix)]
mod users;

#[cfg(target_os = "linux")]
mod collapse {
    use std::fs::OpenOptions;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::Path;

    use nix::errno::Errno;
    use nix::fcntl::{FallocateFlags, OFlag, fallocate};

    /// Larger than a block of any file system that can do it.
    const HEAD: i64 = 1 << 16;

    /// Whether the head of a file in that folder can be taken away, tried with a file without a
    /// name; `None` where nothing may be written.
    pub(crate) fn can_collapse(folder: &Path) -> Option<bool> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).custom_flags(OFlag::O_TMPFILE.bits()).open(folder);
        let file = file.ok()?;
        file.set_len(2 * HEAD.unsigned_abs()).ok()?;
        match fallocate(&file, FallocateFlags::FALLOC_FL_COLLAPSE_RANGE, 0, HEAD) {
            Ok(()) => Some(true),
            Err(Errno::EOPNOTSUPP | Errno::EINVAL) => Some(false),
            Err(_) => None,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod collapse {
    use std::path::Path;

    /// No file system here can take the head of a file away, which the table of keys says already.
    pub(crate) fn can_collapse(_folder: &Path) -> Option<bool> {
        None
    }
}

#[cfg(unix)]
mod imp {
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    use interprocess::local_socket::{GenericFilePath, Name, ToFsName};
    use nix::sys::signal::Signal;
    use nix::unistd::{AccessFlags, access};

    pub(crate) use super::users::{is_user, knows_group, knows_user, user_name};

    /// A file that begins with `#!` is run by the program named there.
    pub(crate) const HAS_SCRIPTS: bool = true;

    /// Where a service's program is looked up, unless its definition sets `PATH`.
    pub(crate) const SEARCH_PATH: Option<&str> =
        Some("/usr/local/bin:/usr/local/sbin:/usr/bin:/bin:/usr/sbin:/sbin");

    /// The name of this host, as far as it is text.
    pub(crate) fn host_name() -> String {
        nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// True when the machine's supervisor is the one to talk to by default.
    pub(crate) fn is_superuser() -> bool {
        nix::unistd::geteuid().is_root()
    }

    /// The control socket's name for interprocess.
    pub(crate) fn socket_name(socket: &Path) -> io::Result<Name<'_>> {
        socket.to_fs_name::<GenericFilePath>()
    }

    /// The control socket as a person knows it.
    pub(crate) fn shown_socket(socket: PathBuf) -> PathBuf {
        socket
    }

    /// Where a program named without a slash is found on this search path.
    pub(crate) fn find_program(name: &str, search_path: &OsStr) -> Option<PathBuf> {
        std::env::split_paths(search_path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|file| {
                file.metadata()
                    .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
            })
    }

    /// The file that is executed when a program is named so.
    pub(crate) fn program_file(program: &Path) -> PathBuf {
        program.to_owned()
    }

    /// True when someone may execute the file.
    pub(crate) fn is_executable(found: &std::fs::Metadata) -> bool {
        found.permissions().mode() & 0o111 != 0
    }

    /// True when this process may write there.
    pub(crate) fn is_writable(path: &Path) -> bool {
        access(path, AccessFlags::W_OK).is_ok()
    }

    /// The number of a signal called like `SIGSEGV`.
    pub(crate) fn signal_number(name: &str) -> Option<i32> {
        name.parse::<Signal>().ok().map(|signal| signal as i32)
    }

    /// The name of a signal, like `SIGSEGV`.
    pub(crate) fn signal_name(number: i32) -> Option<&'static str> {
        Signal::try_from(number).ok().map(Signal::as_str)
    }
}

#[cfg(windows)]
mod imp {
    use std::ffi::OsStr;
    use std::io;
    use std::path::{Path, PathBuf};

    use interprocess::local_socket::{GenericNamespaced, Name, ToNsName};

    /// The name of this host.
    pub(crate) fn host_name() -> String {
        std::env::var("COMPUTERNAME").unwrap_or_default()
    }

    /// No token is asked: the machine's supervisor is chosen with `--system`.
    pub(crate) fn is_superuser() -> bool {
        false
    }

    /// The control pipe's name for interprocess.
    pub(crate) fn socket_name(socket: &Path) -> io::Result<Name<'_>> {
        socket.as_os_str().to_ns_name::<GenericNamespaced>()
    }

    /// The control pipe as a person knows it.
    pub(crate) fn shown_socket(socket: PathBuf) -> PathBuf {
        Path::new(r"\\.\pipe").join(socket)
    }

    /// Left to the daemon, which knows PATHEXT and the rest of CreateProcess's rules.
    pub(crate) fn find_program(_name: &str, _search_path: &OsStr) -> Option<PathBuf> {
        None
    }

    /// A file that begins with `#!` is nothing special here.
    pub(crate) const HAS_SCRIPTS: bool = false;

    /// What a service's program is looked up along is the daemon's to know.
    pub(crate) const SEARCH_PATH: Option<&str> = None;

    /// The file that is executed when a program is named so.
    pub(crate) fn program_file(program: &Path) -> PathBuf {
        if program.extension().is_some() || program.exists() {
            return program.to_owned();
        }
        program.with_extension("exe")
    }

    /// Left to the daemon: no mode bit tells.
    pub(crate) fn is_executable(_found: &std::fs::Metadata) -> bool {
        true
    }

    /// Left to the daemon: an access list is not read here.
    pub(crate) fn is_writable(_path: &Path) -> bool {
        true
    }

    /// No other user's service runs here.
    pub(crate) fn is_user(_name: &str) -> bool {
        false
    }

    /// Left to the daemon, which refuses the key.
    pub(crate) fn knows_user(_name: &str) -> bool {
        true
    }

    /// Left to the daemon, for which the key has no effect.
    pub(crate) fn knows_group(_name: &str) -> bool {
        true
    }

    /// The signals that have the same number on all of Unix, for looking at definitions from there.
    const SIGNALS: [(&str, i32); 12] = [
        ("SIGHUP", 1),
        ("SIGINT", 2),
        ("SIGQUIT", 3),
        ("SIGILL", 4),
        ("SIGTRAP", 5),
        ("SIGABRT", 6),
        ("SIGFPE", 8),
        ("SIGKILL", 9),
        ("SIGSEGV", 11),
        ("SIGPIPE", 13),
        ("SIGALRM", 14),
        ("SIGTERM", 15),
    ];

    /// The number of a signal called like `SIGSEGV`.
    pub(crate) fn signal_number(name: &str) -> Option<i32> {
        SIGNALS.iter().find_map(|(known, number)| (*known == name).then_some(*number))
    }

    /// The name of a signal, like `SIGSEGV`.
    pub(crate) fn signal_name(number: i32) -> Option<&'static str> {
        SIGNALS.iter().find_map(|(name, known)| (*known == number).then_some(*name))
    }

    /// Users have no numbers here.
    pub(crate) fn user_name(_: u32) -> Option<String> {
        None
    }
}
