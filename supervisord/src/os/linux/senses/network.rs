//! Tells when network interfaces or their addresses change, and whether any is of use.

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use nix::errno::Errno;
use tokio::io::Interest;

use crate::os::unix::{Sensor, is_network_up};

const GROUPS: libc::c_int = libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR;

/// The kernel's news of interfaces and addresses.
#[derive(Debug)]
pub struct Network(Sensor);

impl Network {
    /// Listens from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: a plain system call.
        let socket = unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) };
        let socket = Errno::result(socket)?;
        // SAFETY: the kernel has just made the descriptor, and nobody else knows it.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        // SAFETY: all zero is a valid address of this family.
        let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
        address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
        address.nl_groups = GROUPS as u32;
        let length = size_of_val(&address) as libc::socklen_t;
        // SAFETY: the address is live and as long as the call is told.
        Errno::result(unsafe {
            libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length)
        })?;
        Ok(Self(Sensor::readable(socket)?))
    }

    /// Waits for news; may be dropped and called again without loss.
    pub async fn changed(&self) {
        self.0.ready(Interest::READABLE).await;
    }

    /// Whether the network is up now; what was told before is forgotten.
    pub fn is_up(&self) -> bool {
        // What is lost by overflow is of no interest either: the interfaces are asked themselves.
        let mut news = [0; 8192];
        self.0.drain(|socket| match nix::unistd::read(socket, &mut news) {
            Err(Errno::ENOBUFS) | Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        });
        is_network_up()
    }
}
