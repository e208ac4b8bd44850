//! Opens the sockets of a definition, and takes in who connects to them.

#[path = "listen/inet.rs"]
mod inet;
#[path = "listen/path.rs"]
mod path;
#[path = "listen/resolve.rs"]
mod resolve;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, sockopt};
use protocol::definition::{Service, Socket, SocketFamily, SocketProtocol, SocketType};

use crate::os::{Handle, imp::is_passing};

/// An open socket of a definition. Its path, if it has one, goes with it.
#[derive(Debug)]
pub struct Bound {
    /// The socket.
    pub handle: Arc<Handle>,
    /// Where it is reached, for people, and to tell it from others.
    pub address: String,
    /// Connections come in by being accepted.
    pub accepts: bool,
    _path: Option<path::Place>,
}

/// Why a socket could not be opened.
#[derive(Debug)]
pub struct ListenError {
    verb: &'static str,
    address: String,
    cause: String,
    is_passing: bool,
}

impl ListenError {
    /// Something was lacking that comes back by itself, so that it is worth another try.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.is_passing
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot {} {}: {}", self.verb, self.address, self.cause)
    }
}

/// Opening it asks no name server and waits for nobody.
#[must_use]
pub fn is_quick(socket: &Socket) -> bool {
    let is_number = |node: &String| node.parse::<IpAddr>().is_ok();
    let is_port = |service: &Service| match service {
        Service::Port(_) => true,
        Service::Name(name) => name.parse::<u16>().is_ok(),
    };
    let is_known = socket.node_name.as_ref().is_none_or(is_number)
        && socket.service_name.as_ref().is_none_or(is_port);
    socket.is_passive && (is_unix(socket) || is_known)
}

fn is_unix(socket: &Socket) -> bool {
    socket.path_name.is_some() || socket.family == Some(SocketFamily::Unix)
}

/// Opens what one entry of a definition asks for: one socket for each address found, or one at the
/// path. A socket that is open already at such an address, by this daemon, is taken over.
///
/// # Errors
/// What failed, at which address.
pub fn open(
    socket: &Socket,
    path: Option<&Path>,
    open_already: &[Arc<Bound>],
) -> Result<Vec<Arc<Bound>>, ListenError> {
    let kind = kind(socket);
    let known = |address: &str| {
        let is_same =
            |bound: &&Arc<Bound>| bound.address == address && kind_of(&bound.handle) == Some(kind);
        open_already.iter().find(is_same).cloned()
    };
    match path {
        Some(path) => path::open(socket, kind, path, known).map(|bound| vec![bound]),
        None if socket.family == Some(SocketFamily::Unix) => {
            let (address, cause) =
                ("a Unix socket".to_owned(), "it has no SockPathName".to_owned());
            Err(ListenError { verb: "open", address, cause, is_passing: false })
        }
        None => inet::open(socket, kind, known),
    }
}

fn kind(socket: &Socket) -> SockType {
    match socket.kind {
        SocketType::Stream if socket.protocol == Some(SocketProtocol::Udp) => SockType::Datagram,
        SocketType::Stream => SockType::Stream,
        SocketType::Datagram => SockType::Datagram,
        SocketType::SequencedPacket => SockType::SeqPacket,
    }
}

fn kind_of(handle: &OwnedFd) -> Option<SockType> {
    nix::sys::socket::getsockopt(handle, sockopt::SockType).ok()
}

fn fail(verb: &'static str, address: &str) -> impl Fn(Errno) -> ListenError {
    let address = address.to_owned();
    move |errno| ListenError {
        verb,
        address: address.clone(),
        cause: errno.desc().to_owned(),
        is_passing: is_passing(errno as i32),
    }
}

/// A socket that no child inherits; in two steps, since macOS has no flag for it. Between them only
/// spawners could fork, and their children close what is not theirs.
fn make(family: AddressFamily, kind: SockType) -> Result<OwnedFd, Errno> {
    let socket = nix::sys::socket::socket(family, kind, SockFlag::empty(), None)?;
    keep(&socket)?;
    Ok(socket)
}

fn keep(socket: &OwnedFd) -> Result<(), Errno> {
    fcntl(socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map(drop)
}

/// A socket that was opened by the program before this one.
#[must_use]
pub fn recognise(handle: Handle) -> Option<Bound> {
    let kind = kind_of(&handle)?;
    let (address, path) = path::recognise(&handle)
        .map(|place| (place.address(), Some(place)))
        .or_else(|| inet::recognise(&handle, kind).map(|address| (address, None)))?;
    let accepts = kind != SockType::Datagram;
    Some(Bound { handle: Arc::new(handle), address, accepts, _path: path })
}

/// The next connection that waits; none when there is none. The listener is never handed over, so
/// it may be made one that does not wait.
///
/// # Errors
/// What the system says.
pub fn accept(listener: &Handle) -> io::Result<Option<Handle>> {
    use std::os::fd::FromRawFd as _;
    // SAFETY: plain system calls on a descriptor that is ours.
    unsafe { libc::fcntl(listener.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    let accepted = loop {
        match accept_one(listener.as_raw_fd()) {
            Ok(accepted) => break accepted,
            Err(Errno::EAGAIN) => return Ok(None),
            Err(Errno::EINTR | Errno::ECONNABORTED) => {}
            Err(error) => return Err(error.into()),
        }
    };
    // SAFETY: as above; some systems let it inherit that it does not wait.
    unsafe { libc::fcntl(accepted, libc::F_SETFL, 0) };
    // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
    Ok(Some(unsafe { OwnedFd::from_raw_fd(accepted) }))
}

#[cfg(target_os = "linux")]
fn accept_one(listener: std::os::fd::RawFd) -> nix::Result<std::os::fd::RawFd> {
    nix::sys::socket::accept4(listener, SockFlag::SOCK_CLOEXEC)
}

#[cfg(not(target_os = "linux"))]
fn accept_one(listener: std::os::fd::RawFd) -> nix::Result<std::os::fd::RawFd> {
    let accepted = nix::sys::socket::accept(listener)?;
    // SAFETY: a plain system call on a descriptor that is ours.
    unsafe { libc::fcntl(accepted, libc::F_SETFD, libc::FD_CLOEXEC) };
    Ok(accepted)
}
