//! Sockets at addresses of the network.

use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockType, SockaddrStorage, getsockname, setsockopt, sockopt,
};
use protocol::definition::{Service, Socket, SocketFamily, SocketProtocol};

use super::resolve::{Wanted, resolve};
use super::{Bound, ListenError, fail, make};

/// One socket for each address that the names lead to.
pub(super) fn open(
    socket: &Socket,
    kind: SockType,
    known: impl Fn(&str) -> Option<Arc<Bound>>,
) -> Result<Vec<Arc<Bound>>, ListenError> {
    let named = words(socket);
    let addresses = find(socket, kind).map_err(|cause| {
        let (verb, address) = ("find the address", named.clone());
        ListenError { verb, address, cause, is_passing: false }
    })?;
    let several = 1 < addresses.len();
    let mut bounds = Vec::new();
    let mut unsupported = None;
    for address in addresses {
        if let Some(bound) = known(&display(&address, kind)) {
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

/// The address of a socket of the network.
pub(super) fn recognise(handle: &OwnedFd, kind: SockType) -> Option<String> {
    let address: SockaddrStorage = getsockname(handle.as_raw_fd()).ok()?;
    let is_inet = address.as_sockaddr_in().is_some() || address.as_sockaddr_in6().is_some();
    is_inet.then(|| display(&address, kind))
}

fn display(address: &SockaddrStorage, kind: SockType) -> String {
    if kind == SockType::Datagram { format!("{address} (udp)") } else { address.to_string() }
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
        return Ok(Bound { handle, address, accepts: false, _path: None });
    }
    options(socket, &opened, kind, is_v6).map_err(because("set the options of"))?;
    let verb = if kind == SockType::Datagram { "bind to" } else { "listen on" };
    nix::sys::socket::bind(opened.as_raw_fd(), address).map_err(because(verb))?;
    if kind != SockType::Datagram {
        nix::sys::socket::listen(&opened, Backlog::MAXCONN).map_err(because(verb))?;
    }
    if let Some(group) = &socket.multicast_group {
        join(&opened, group, is_v6).map_err(because("join the MulticastGroup of"))?;
    }
    // The port may have been left to the system.
    let bound: SockaddrStorage = getsockname(opened.as_raw_fd()).unwrap_or(*address);
    let (handle, address) = (Arc::new(opened), display(&bound, kind));
    Ok(Bound { handle, address, accepts: kind != SockType::Datagram, _path: None })
}

fn options(socket: &Socket, opened: &OwnedFd, kind: SockType, is_v6: bool) -> nix::Result<()> {
    // For datagrams it would let others share the port unnoticed.
    if kind != SockType::Datagram || socket.multicast_group.is_some() {
        setsockopt(opened, sockopt::ReuseAddr, &true)?;
    }
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

/// Joins a multicast group with the sockets of its own family.
fn join(opened: &OwnedFd, group: &str, is_v6: bool) -> nix::Result<()> {
    use nix::sys::socket::{IpMembershipRequest, Ipv6MembershipRequest};
    match group.parse() {
        Ok(IpAddr::V4(_)) if is_v6 => Ok(()),
        Ok(IpAddr::V6(_)) if !is_v6 => Ok(()),
        Ok(IpAddr::V4(group)) => {
            setsockopt(opened, sockopt::IpAddMembership, &IpMembershipRequest::new(group, None))
        }
        Ok(IpAddr::V6(group)) => {
            setsockopt(opened, sockopt::Ipv6AddMembership, &Ipv6MembershipRequest::new(group))
        }
        Err(_) => Err(Errno::EADDRNOTAVAIL),
    }
}
