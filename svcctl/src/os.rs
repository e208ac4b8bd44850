//! What differs between operating systems for a client: all of it is here.

pub(crate) use imp::{find_program, is_superuser, shown_socket, socket_name};

#[cfg(unix)]
mod imp {
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    use interprocess::local_socket::{GenericFilePath, Name, ToFsName};

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
}

#[cfg(windows)]
mod imp {
    use std::ffi::OsStr;
    use std::io;
    use std::path::{Path, PathBuf};

    use interprocess::local_socket::{GenericNamespaced, Name, ToNsName};

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
}
