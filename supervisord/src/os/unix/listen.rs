//! Opens the sockets of a definition: resolves, binds, listens.
//!
//! A path is made for its owner only and opened to others afterwards, as the definition says.

use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrLike, SockaddrStorage, UnixAddr,
    getsockname, setsockopt, sockopt,
};
use protocol::definition::{Socket, SocketFamily, SocketProtocol, SocketType, Service};

use super::resolve::{Wanted, resolve};
use crate::os::Handle;

/// Mode of a path for which the definition gives none, as launchd has it.
const PATH_MODE: u32 = 0o700;

/// An open socket of a definition. Its path, if it has one, goes with it.
#[derive(Debug)]
pub struct Bound {
    /// The socket.
    pub handle: Arc<Handle>,
    /// Where it is reached, for people, and to tell it from others.
    pub address: String,
    /// Connections come in by being accepted.
    pub accepts: bool,
    path: Option<Place>,
}

/// A socket's place in the file system.
#[derive(Debug)]
struct Place {
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

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Why a socket could not be opened.
#[derive(Debug)]
pub struct ListenError {
    verb: &'static str,
    address: String,
    cause: String,
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
    let known = |address: &str, kind: SockType| {
        let is_same = |bound: &&Arc<Bound>| {
            bound.address == address && getsockopt_kind(&bound.handle) == Some(kind)
        };
        open_already.iter().find(is_same).cloned()
    };
    let kind = kind(socket);
    if let Some(path) = path {
        let address = path.display().to_string();
        let failed = |verb| fail(verb, &address);
        if let Some(bound) = known(&address, kind) {
            dress(path, socket).map_err(failed("set the mode or owner of"))?;
            return Ok(vec![bound]);
        }
        return Ok(vec![Arc::new(open_path(socket, kind, path)?)]);
    }
    let named = words(socket);
    let addresses = find(socket, kind).map_err(|cause| {
        let (verb, address) = ("find the address", named.clone());
        ListenError { verb, address, cause }
    })?;
    let several = 1 < addresses.len();
    let mut bounds = Vec::new();
    let mut unsupported = None;
    for address in addresses {
        if let Some(bound) = known(&display(&address, kind), kind) {
            bounds.push(bound);
            continue;
        }
        match open_address(socket, kind, &address) {
            Ok(bound) => bounds.push(Arc::new(bound)),
            // A machine without IPv6 still resolves to it.
            Err((_, Errno::EAFNOSUPPORT)) if several => {
                unsupported = Some(fail("open a socket for", &named)(Errno::EAFNOSUPPORT));
            }
            Err((verb, errno)) => return Err(fail(verb, &display(&address, kind))(errno)),
        }
    }
    match unsupported {
        Some(error) if bounds.is_empty() => Err(error),
        Some(_) | None => Ok(bounds),
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

fn getsockopt_kind(handle: &OwnedFd) -> Option<SockType> {
    nix::sys::socket::getsockopt(handle, sockopt::SockType).ok()
}

fn fail(verb: &'static str, address: &str) -> impl Fn(Errno) -> ListenError {
    let address = address.to_owned();
    move |errno| ListenError { verb, address: address.clone(), cause: errno.desc().to_owned() }
}

/// The address as the definition gives it.
fn words(socket: &Socket) -> String {
    let node = socket.node_name.as_deref().unwrap_or("*");
    match &socket.service_name {
        Some(Service::Port(port)) => format!("{node}:{port}"),
        Some(Service::Name(name)) => format!("{node}:{name}"),
        None => format!("{node}:*"),
    }
}

fn find(socket: &Socket, kind: SockType) -> Result<Vec<SockaddrStorage>, String> {
    let service = socket.service_name.as_ref().map(|service| match service {
        Service::Port(port) => port.to_string(),
        Service::Name(name) => name.clone(),
    });
    let v4 = socket.node_name.as_deref().and_then(|node| match node.parse() {
        Ok(IpAddr::V4(address)) if socket.family == Some(SocketFamily::Both) => {
            Some(address.to_ipv6_mapped().to_string())
        }
        Ok(_) | Err(_) => None,
    });
    resolve(Wanted {
        node: v4.as_deref().or(socket.node_name.as_deref()),
        service: service.as_deref(),
        family: match socket.family {
            Some(SocketFamily::V4) => libc::AF_INET,
            Some(SocketFamily::V6 | SocketFamily::Both) => libc::AF_INET6,
            Some(SocketFamily::Unix) | None => libc::AF_UNSPEC,
        },
        kind: kind as libc::c_int,
        protocol: match socket.protocol {
            Some(SocketProtocol::Tcp) => libc::IPPROTO_TCP,
            Some(SocketProtocol::Udp) => libc::IPPROTO_UDP,
            None => 0,
        },
        is_passive: socket.is_passive,
    })
}

fn display(address: &SockaddrStorage, kind: SockType) -> String {
    match kind {
        SockType::Datagram => format!("{address} (udp)"),
        _ => address.to_string(),
    }
}

fn make(family: AddressFamily, kind: SockType) -> Result<OwnedFd, Errno> {
    nix::sys::socket::socket(family, kind, SockFlag::SOCK_CLOEXEC, None)
}

fn open_address(
    socket: &Socket,
    kind: SockType,
    address: &SockaddrStorage,
) -> Result<Bound, (&'static str, Errno)> {
    let is_v6 = address.as_sockaddr_in6().is_some();
    let family = if is_v6 { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let because = |verb| move |errno| (verb, errno);
    let opened = make(family, kind).map_err(because("open a socket for"))?;
    if !socket.is_passive {
        let connected = nix::sys::socket::connect(opened.as_raw_fd(), address);
        connected.map_err(because("connect to"))?;
        let (handle, address) = (Arc::new(opened), display(address, kind));
        return Ok(Bound { handle, address, accepts: false, path: None });
    }
    options(socket, &opened, is_v6).map_err(because("set the options of"))?;
    let verb = if kind == SockType::Datagram { "bind to" } else { "listen on" };
    nix::sys::socket::bind(opened.as_raw_fd(), address).map_err(because(verb))?;
    if kind != SockType::Datagram {
        nix::sys::socket::listen(&opened, Backlog::MAXCONN).map_err(because(verb))?;
    }
    if let Some(group) = &socket.multicast_group {
        join(&opened, group).map_err(because("join the MulticastGroup of"))?;
    }
    // The port may have been left to the system.
    let bound: SockaddrStorage = getsockname(opened.as_raw_fd()).unwrap_or(*address);
    let (handle, address) = (Arc::new(opened), display(&bound, kind));
    Ok(Bound { handle, address, accepts: kind != SockType::Datagram, path: None })
}

fn options(socket: &Socket, opened: &OwnedFd, is_v6: bool) -> nix::Result<()> {
    setsockopt(opened, sockopt::ReuseAddr, &true)?;
    if socket.multicast_group.is_some() {
        setsockopt(opened, sockopt::ReusePort, &true)?;
    }
    if is_v6 {
        let is_only = socket.family != Some(SocketFamily::Both);
        setsockopt(opened, sockopt::Ipv6V6Only, &is_only)?;
    }
    match (socket.receive_packet_info, is_v6) {
        (true, true) => setsockopt(opened, sockopt::Ipv6RecvPacketInfo, &true),
        (true, false) => setsockopt(opened, sockopt::Ipv4PacketInfo, &true),
        (false, _) => Ok(()),
    }
}

fn join(opened: &OwnedFd, group: &str) -> nix::Result<()> {
    use nix::sys::socket::{IpMembershipRequest, Ipv6MembershipRequest};
    match group.parse() {
        Ok(IpAddr::V4(group)) => {
            setsockopt(opened, sockopt::IpAddMembership, &IpMembershipRequest::new(group, None))
        }
        Ok(IpAddr::V6(group)) => {
            setsockopt(opened, sockopt::Ipv6AddMembership, &Ipv6MembershipRequest::new(group))
        }
        Err(_) => Err(Errno::EADDRNOTAVAIL),
    }
}

fn open_path(socket: &Socket, kind: SockType, path: &Path) -> Result<Bound, ListenError> {
    let shown = path.display().to_string();
    let failed = |verb| fail(verb, &shown);
    let address = UnixAddr::new(path).map_err(|_| ListenError {
        verb: "listen on",
        address: shown.clone(),
        cause: format!(
            "the path has {} bytes, a socket's may have {}",
            path.as_os_str().len(),
            super::super::own::SOCKET_PATH_MAX
        ),
    })?;
    let opened = make(AddressFamily::Unix, kind).map_err(failed("open a socket for"))?;
    let accepts = kind != SockType::Datagram && socket.is_passive;
    if !socket.is_passive {
        nix::sys::socket::connect(opened.as_raw_fd(), &address).map_err(failed("connect to"))?;
        return Ok(Bound { handle: Arc::new(opened), address: shown, accepts, path: None });
    }
    clear(path, kind, &address).map_err(failed("listen on"))?;
    // The path gets the socket's own mode, less the mask: there is no time when others could use it.
    let mode = nix::sys::stat::Mode::from_bits_truncate(0o700);
    nix::sys::stat::fchmod(&opened, mode).map_err(failed("set the mode of"))?;
    nix::sys::socket::bind(opened.as_raw_fd(), &address).map_err(failed("listen on"))?;
    let identity = identity(path).unwrap_or_default();
    let place = Place { path: path.to_owned(), identity };
    dress(path, socket).map_err(failed("set the mode or owner of"))?;
    if accepts {
        nix::sys::socket::listen(&opened, Backlog::MAXCONN).map_err(failed("listen on"))?;
    }
    Ok(Bound { handle: Arc::new(opened), address: shown, accepts, path: Some(place) })
}

/// Removes a socket that nobody serves any more, and nothing else.
fn clear(path: &Path, kind: SockType, address: &UnixAddr) -> Result<(), Errno> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {}
        Ok(_) => return Err(Errno::EEXIST),
        Err(_) => return Ok(()),
    }
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let probe = nix::sys::socket::socket(AddressFamily::Unix, kind, flags, None)?;
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
