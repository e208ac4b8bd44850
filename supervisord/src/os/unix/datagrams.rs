//! Messages to a socket of this machine that somebody else reads, such as a logger.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};

use super::imp::sealed;

pub use super::imp::LOGGER;

/// How long the reader may take to make room, in milliseconds; all logs wait meanwhile.
const PATIENCE: u16 = 50;

/// Messages to one socket.
#[derive(Debug)]
pub struct Datagrams(UnixDatagram);

impl Datagrams {
    /// Finds the socket at that path.
    ///
    /// # Errors
    /// What the system says, such as that nobody listens.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect(path)?;
        Ok(Self(socket))
    }

    /// Sends one message; one that is too large for the socket goes as a sealed file, which only
    /// the journal understands.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` when there was no room for a while.
    pub fn send(&self, message: &[u8]) -> io::Result<()> {
        let result = match self.0.send(message) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut polled = [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)];
                poll(&mut polled, PollTimeout::from(PATIENCE))?;
                self.0.send(message)
            }
            result => result,
        };
        match result {
            Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => {
                let file = sealed(message)?;
                let descriptors = [file.as_raw_fd()];
                let rights = [ControlMessage::ScmRights(&descriptors)];
                let socket = self.0.as_raw_fd();
                let flags = MsgFlags::empty();
                sendmsg::<UnixAddr>(socket, &[IoSlice::new(&[])], &rights, flags, None)?;
                Ok(())
            }
            result => result.map(drop),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::io::{IoSliceMut, Read as _, Seek as _};
    use std::os::fd::{FromRawFd as _, OwnedFd};

    use nix::sys::socket::{ControlMessageOwned, recvmsg};

    use super::*;

    #[test]
    fn a_message_too_large_for_the_socket_comes_as_a_sealed_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let reader = UnixDatagram::bind(&path).unwrap();
        let large = vec![b'x'; 4 << 20];
        Datagrams::connect(&path).unwrap().send(&large).unwrap();
        let (mut room, mut control) = ([0; 16], nix::cmsg_space!([i32; 1]));
        let mut slices = [IoSliceMut::new(&mut room)];
        let flags = MsgFlags::empty();
        let socket = reader.as_raw_fd();
        let got = recvmsg::<UnixAddr>(socket, &mut slices, Some(&mut control), flags).unwrap();
        assert_eq!(got.bytes, 0);
        let Some(ControlMessageOwned::ScmRights(files)) = got.cmsgs().unwrap().next() else {
            panic!("no file came");
        };
        // SAFETY: it just came, and nobody else knows it.
        let mut file = File::from(unsafe { OwnedFd::from_raw_fd(files[0]) });
        file.rewind().unwrap();
        let mut text = Vec::new();
        file.read_to_end(&mut text).unwrap();
        assert_eq!(text, large);
        assert!(file.set_len(0).is_err(), "it is sealed");
    }
}
