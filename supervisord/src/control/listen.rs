//! The control socket: bound under the lock, open to the daemon's own user only.

use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use interprocess::local_socket::tokio::Listener as Socket;
use interprocess::local_socket::tokio::prelude::*;
use tokio::sync::{Semaphore, mpsc};
use tokio::task;

use super::reply::SessionId;
use super::session::{self, Message};
use crate::os::{self, Handle};

/// Clients served at the same time; more wait in the socket's backlog.
const CLIENTS_MAX: usize = 256;

/// The bound socket.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
}

impl Listener {
    /// Binds the socket, over one that a dead daemon left; the caller holds the domain's lock.
    ///
    /// # Errors
    /// What the system says, for example that the path is too long for a socket.
    pub fn bind(path: &Path) -> io::Result<Self> {
        Ok(Self { socket: os::listen(path)? })
    }

    /// The socket that the program before this one bound.
    ///
    /// # Errors
    /// When it is none.
    pub fn inherit(handle: Handle) -> io::Result<Self> {
        Ok(Self { socket: os::socket_of(handle)? })
    }

    /// The socket, to hand it over.
    ///
    /// # Errors
    /// What the system says.
    pub fn handle(&self) -> io::Result<Handle> {
        os::socket_handle(&self.socket)
    }

    /// Serves clients for ever; their requests go to `inbox`.
    pub async fn serve(self, inbox: mpsc::Sender<Message>) {
        let clients = Arc::new(Semaphore::new(CLIENTS_MAX));
        let inbox = Rc::new(inbox);
        let mut is_complaining = false;
        for number in 0.. {
            let place = Arc::clone(&clients).acquire_owned().await;
            match self.socket.accept().await {
                Ok(stream) => {
                    is_complaining = false;
                    let inbox = Rc::clone(&inbox);
                    task::spawn_local(async move {
                        session::serve(stream, SessionId(number), &inbox).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Without descriptors it fails again and again: let others end first.
                    if !is_complaining {
                        log::error!("cannot accept a client: {error}; more have to wait");
                    }
                    is_complaining = true;
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// Takes the socket away; a client then sees at once that no daemon is there.
pub fn unlink(path: &Path) {
    // On Windows there is no file; anywhere, the next daemon cleans what stays.
    let _ = std::fs::remove_file(path);
}
