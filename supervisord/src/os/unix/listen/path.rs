//! Sockets at paths of the file system.
//!
//! A path is made for its owner only and opened to others afterwards, as the definition says.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{AddressFamily, Backlog, SockType, UnixAddr, getsockname};
use protocol::definition::Socket;

use super::super::own::SOCKET_PATH_MAX;
use super::{Bound, ListenError, fail, make};

/// Mode of a path for which the definition gives none, as launchd has it.
const PATH_MODE: u32 = 0o700;

/// A socket's place in the file system.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for Place {
    fn drop(&mut self) {
        // Somebody may have put something else there.
        if identity(&self.path) == Some(self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Place {
    /// As the address of a socket is given.
    pub(super) fn address(&self) -> String {
        self.path.display().to_string()
    }
}

/// The place of a socket that has one.
pub(super) fn recognise(handle: &OwnedFd) -> Option<Place> {
    let address: UnixAddr = getsockname(handle.as_raw_fd()).ok()?;
    let path = address.path()?.to_owned();
    let identity = identity(&path)?;
    Some(Place { path, identity })
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// The socket at that path.
pub(super) fn open(
    socket: &Socket,
    kind: SockType,
    path: &Path,
    known: impl Fn(&str) -> Option<Arc<Bound>>,
) -> Result<Arc<Bound>, ListenError> {
    let shown = path.display().to_string();
    match known(&shown) {
        Some(bound) => {
            dress(path, socket).map_err(fail("set the mode or owner of", &shown))?;
            Ok(bound)
        }
        None => Ok(Arc::new(make_at(socket, kind, path)?)),
    }
}

fn make_at(socket: &Socket, kind: SockType, path: &Path) -> Result<Bound, ListenError> {
    let shown = path.display().to_string();
    let failed = |verb| fail(verb, &shown);
    let address = UnixAddr::new(path).map_err(|_| ListenError {
        verb: "listen on",
        address: shown.clone(),
        cause: format!(
            "the path has {} bytes, a socket's may have {}",
            path.as_os_str().len(),
            SOCKET_PATH_MAX
        ),
        is_passing: false,
    })?;
    let opened = make(AddressFamily::Unix, kind).map_err(failed("open a socket for"))?;
    let accepts = kind != SockType::Datagram && socket.is_passive;
    if !socket.is_passive {
        nix::sys::socket::connect(opened.as_raw_fd(), &address).map_err(failed("connect to"))?;
        return Ok(Bound { handle: Arc::new(opened), address: shown, accepts, _path: None });
    }
    clear(path, kind, &address).map_err(failed("listen on"))?;
    // The path gets the socket's own mode, less the mask: others can't use it at any time.
    let mode = nix::sys::stat::Mode::from_bits_truncate(0o700);
    nix::sys::stat::fchmod(&opened, mode).map_err(failed("set the mode of"))?;
    nix::sys::socket::bind(opened.as_raw_fd(), &address).map_err(failed("listen on"))?;
    let identity = identity(path).unwrap_or_default();
    let place = Place { path: path.to_owned(), identity };
    dress(path, socket).map_err(failed("set the mode or owner of"))?;
    if accepts {
        nix::sys::socket::listen(&opened, Backlog::MAXCONN).map_err(failed("listen on"))?;
    }
    Ok(Bound { handle: Arc::new(opened), address: shown, accepts, _path: Some(place) })
}

/// Removes a socket that nobody serves any more, and nothing else.
fn clear(path: &Path, kind: SockType, address: &UnixAddr) -> Result<(), Errno> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {}
        Ok(_) => return Err(Errno::EEXIST),
        Err(_) => return Ok(()),
    }
    let probe = make(AddressFamily::Unix, kind)?;
    fcntl(&probe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    match nix::sys::socket::connect(probe.as_raw_fd(), address) {
        Err(Errno::ECONNREFUSED | Errno::ENOENT) => {
            fs::remove_file(path).map_err(|error| errno(&error))
        }
        Ok(()) | Err(_) => Err(Errno::EADDRINUSE),
    }
}

/// Gives a path the owner and mode its definition asks for.
fn dress(path: &Path, socket: &Socket) -> Result<(), Errno> {
    if socket.path_owner.is_some() || socket.path_group.is_some() {
        std::os::unix::fs::lchown(path, socket.path_owner, socket.path_group)
            .map_err(|error| errno(&error))?;
    }
    let mode = socket.path_mode.unwrap_or(PATH_MODE) & 0o7777;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| errno(&error))
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}
