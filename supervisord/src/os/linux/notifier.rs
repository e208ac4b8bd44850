//! Messages to the service manager that started this program: the protocol of sd_notify(3).
//!
//! Nothing is waited for and nothing is lost: what its socket does not take now is queued.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, connect, sendmsg};
use nix::time::{ClockId, clock_gettime};
use tokio::io::Interest;

/// The service manager's ear.
#[derive(Debug)]
pub struct Notifier {
    address: OsString,
    socket: tokio::net::UnixDatagram,
    queue: VecDeque<Message>,
}

#[derive(Debug)]
struct Message {
    text: String,
    descriptor: Option<OwnedFd>,
}

impl Notifier {
    /// The one that the environment names.
    #[must_use]
    pub fn find() -> Option<Self> {
        let address = std::env::var_os("NOTIFY_SOCKET")?;
        match open(&address) {
            Ok(socket) => Some(Self { address, socket, queue: VecDeque::new() }),
            Err(error) => {
                log::warn!("cannot tell {} anything: {error}", address.display());
                None
            }
        }
    }

    /// Tells something, in lines of `NAME=value`.
    pub fn tell(&mut self, text: String) {
        self.queue.push_back(Message { text, descriptor: None });
    }

    /// Gives a descriptor along.
    pub fn give(&mut self, text: String, descriptor: OwnedFd) {
        self.queue.push_back(Message { text, descriptor: Some(descriptor) });
    }

    /// Tells that definitions are being read anew.
    pub fn tell_reloading(&mut self) {
        // Types of unit that take a signal for a reload compare it with when they sent that.
        let since = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
        self.tell(format!("RELOADING=1\nMONOTONIC_USEC={}", since.as_micros()));
    }

    /// Everything was told.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.queue.is_empty()
    }

    /// Sends what is queued, for as long as it takes; never returns while there is nothing. May be
    /// dropped and called again.
    pub async fn send(&mut self) {
        if self.queue.is_empty() {
            std::future::pending::<()>().await;
        }
        while let Some(message) = self.queue.front() {
            if self.socket.writable().await.is_err() {
                // Only a runtime that is ending refuses; there is nothing left to wait for.
                std::future::pending::<()>().await;
            }
            let sent = self.socket.try_io(Interest::WRITABLE, || transmit(&self.socket, message));
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                // A manager that was executed anew listens at the same address.
                Err(_) if self.reconnect() => continue,
                Err(error) => log::warn!("cannot tell {}: {error}", self.address.display()),
                Ok(()) => {}
            }
            self.queue.pop_front();
        }
    }

    /// A fresh connection was needed, and was made.
    fn reconnect(&mut self) -> bool {
        let is_lost = |socket: &tokio::net::UnixDatagram| {
            socket.peer_addr().is_err() || socket.take_error().is_ok_and(|error| error.is_some())
        };
        if !is_lost(&self.socket) {
            return false;
        }
        let Ok(socket) = open(&self.address) else { return false };
        self.socket = socket;
        true
    }
}

fn open(address: &OsString) -> io::Result<tokio::net::UnixDatagram> {
    let bytes = address.as_bytes();
    let address = match bytes.split_first() {
        Some((b'@', name)) => UnixAddr::new_abstract(name)?,
        Some(_) | None => UnixAddr::new(bytes)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    connect(socket.as_raw_fd(), &address)?;
    tokio::net::UnixDatagram::from_std(socket)
}

fn transmit(socket: &tokio::net::UnixDatagram, message: &Message) -> io::Result<()> {
    let descriptor = message.descriptor.as_ref().map(|descriptor| [descriptor.as_raw_fd()]);
    let rights = descriptor.as_ref().map(|raw| ControlMessage::ScmRights(raw));
    let text = [IoSlice::new(message.text.as_bytes())];
    let flags = MsgFlags::MSG_NOSIGNAL;
    sendmsg::<()>(socket.as_raw_fd(), &text, rights.as_slice(), flags, None)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::cmsg_space;
    use nix::sys::socket::{ControlMessageOwned, recvmsg};

    fn receive(socket: &UnixDatagram) -> (String, usize) {
        let mut bytes = [0; 4096];
        let mut space = cmsg_space!([i32; 4]);
        let mut text = [std::io::IoSliceMut::new(&mut bytes)];
        let flags = MsgFlags::empty();
        let message =
            recvmsg::<()>(socket.as_raw_fd(), &mut text, Some(&mut space), flags).unwrap();
        let given = message.cmsgs().unwrap().map(|message| {
            if let ControlMessageOwned::ScmRights(raw) = message { raw.len() } else { 0 }
        });
        let given = given.sum();
        let length = message.bytes;
        (String::from_utf8_lossy(&bytes[..length]).into_owned(), given)
    }

    #[test]
    fn what_a_busy_manager_does_not_take_at_once_comes_later_and_in_order() {
        const MESSAGES: usize = 3000;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let ear = UnixDatagram::bind(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let hearing =
            std::thread::spawn(move || (0..MESSAGES).map(|_| receive(&ear)).collect::<Vec<_>>());
        runtime.block_on(async {
            let address = path.into_os_string();
            let socket = open(&address).unwrap();
            let mut notifier = Notifier { address, socket, queue: VecDeque::new() };
            for number in 0..MESSAGES {
                let descriptor = std::fs::File::open("/dev/null").unwrap().into();
                match number % 2 {
                    0 => notifier.tell(format!("STATUS={number}")),
                    _ => notifier.give(format!("FDSTORE={number}"), descriptor),
                }
            }
            notifier.send().await;
            assert!(notifier.is_done());
        });
        let heard = hearing.join().unwrap();
        assert_eq!(heard[0], ("STATUS=0".to_owned(), 0));
        assert_eq!(heard[1], ("FDSTORE=1".to_owned(), 1));
        assert_eq!(heard[MESSAGES - 1], (format!("FDSTORE={}", MESSAGES - 1), 1));
    }
}
