//! A network interface of our own, by system calls alone, in whatever namespace the thread is in.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::errno::Errno;

/// An interface that leads nowhere; it goes when it is dropped.
#[derive(Debug)]
pub struct Interface {
    name: &'static str,
    /// Anything of the network that takes requests about interfaces.
    socket: UdpSocket,
    _device: File,
}

impl Interface {
    /// One that is down and has no address.
    ///
    /// # Errors
    /// Where the kernel makes none for us.
    pub fn new(name: &'static str) -> io::Result<Self> {
        let device = File::options().read(true).write(true).open("/dev/net/tun")?;
        let mut request = request(name);
        request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
        ask(&device, libc::TUNSETIFF, &mut request)?;
        Ok(Self { name, socket: UdpSocket::bind("0.0.0.0:0")?, _device: device })
    }

    /// Gives it an address; the unspecified one takes it away.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn set_address(&self, address: Ipv4Addr) -> io::Result<()> {
        // Two bytes of a port stand before it.
        let mut data = [0; 14];
        for (place, byte) in data[2..].iter_mut().zip(address.octets()) {
            *place = byte.cast_signed();
        }
        let family = libc::AF_INET as libc::sa_family_t;
        let mut request = request(self.name);
        request.ifr_ifru.ifru_addr = libc::sockaddr { sa_family: family, sa_data: data };
        ask(&self.socket, libc::SIOCSIFADDR, &mut request)
    }

    /// Switches it on or off.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn set_up(&self, is_up: bool) -> io::Result<()> {
        let mut request = request(self.name);
        request.ifr_ifru.ifru_flags = if is_up { libc::IFF_UP as libc::c_short } else { 0 };
        ask(&self.socket, libc::SIOCSIFFLAGS, &mut request)
    }
}

fn request(name: &str) -> libc::ifreq {
    // SAFETY: all zero is a valid request.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(name.bytes().take(libc::IFNAMSIZ - 1)) {
        *place = byte.cast_signed();
    }
    request
}

fn ask(of: &impl AsRawFd, what: libc::Ioctl, request: &mut libc::ifreq) -> io::Result<()> {
    // SAFETY: the request is live and of the size that all of these calls have.
    Errno::result(unsafe { libc::ioctl(of.as_raw_fd(), what, &raw mut *request) })?;
    Ok(())
}
