//! The network interfaces, as they are at this moment.

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{AddressFamily, SockaddrLike as _};

/// An interface other than loopback is up and has an address that reaches beyond its own link.
pub(in crate::os) fn is_network_up() -> bool {
    let needed = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
    getifaddrs().is_ok_and(|mut interfaces| {
        interfaces.any(|interface| {
            let flags = interface.flags;
            flags.contains(needed)
                && !flags.contains(InterfaceFlags::IFF_LOOPBACK)
                && interface.address.is_some_and(|address| match address.family() {
                    Some(AddressFamily::Inet) => true,
                    Some(AddressFamily::Inet6) => address
                        .as_sockaddr_in6()
                        .is_some_and(|address| !address.ip().is_unicast_link_local()),
                    _ => false,
                })
        })
    })
}
