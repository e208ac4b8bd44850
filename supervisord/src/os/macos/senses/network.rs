//! Tells when network interfaces or their addresses change, by a routing socket (route(4)).

use std::io;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use tokio::io::Interest;

use crate::os::unix::{Sensor, is_network_up};

/// The kernel's news of interfaces, addresses and routes.
#[derive(Debug)]
pub struct Network(Sensor);

impl Network {
    /// Listens from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let socket = socket(AddressFamily::Route, SockType::Raw, SockFlag::empty(), None)?;
        fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        fcntl(&socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self(Sensor::readable(socket)?))
    }

    /// Waits for news; may be dropped and called again without loss.
    pub async fn changed(&self) {
        self.0.ready(Interest::READABLE).await;
    }

    /// Whether the network is up now; what was told before is forgotten.
    pub fn is_up(&self) -> bool {
        // What is lost by overflow is of no interest either: the interfaces are asked themselves.
        let mut news = [0; 2048];
        self.0.drain(|socket| match nix::unistd::read(socket, &mut news) {
            Err(Errno::ENOBUFS) | Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        });
        is_network_up()
    }
}
