//! The floor's client: one request, one connection, the answer printed as it comes.

use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

/// Sends a request and copies the answer to standard output.
pub(crate) fn ask(socket: &str, request: &str) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(request.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut stream, &mut io::stdout().lock())?;
    io::stdout().flush()
}
