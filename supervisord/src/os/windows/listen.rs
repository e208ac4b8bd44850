//! Windows hands no open socket to a program that expects one, so none is opened for it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use protocol::definition::Socket;

use crate::os::Handle;

/// An open socket of a definition.
#[derive(Debug)]
pub struct Bound {
    /// The socket.
    pub handle: Arc<Handle>,
    /// Where it is reached.
    pub address: String,
    /// Connections come in by being accepted.
    pub accepts: bool,
}

/// Why a socket could not be opened.
#[derive(Debug)]
pub struct ListenError;

impl ListenError {
    /// It will be so again.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        false
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("cannot open sockets for services on Windows")
    }
}

/// It fails at once.
#[must_use]
pub fn is_quick(_: &Socket) -> bool {
    true
}

/// Refuses.
///
/// # Errors
/// Always.
pub fn open(
    _: &Socket,
    _: Option<&Path>,
    _: &[Arc<Bound>],
) -> Result<Vec<Arc<Bound>>, ListenError> {
    Err(ListenError)
}

/// It is none.
#[must_use]
pub fn recognise(_: Handle) -> Option<Bound> {
    None
}

/// There is never a connection.
///
/// # Errors
/// None here.
pub fn accept(_: &Handle) -> std::io::Result<Option<Handle>> {
    Ok(None)
}
