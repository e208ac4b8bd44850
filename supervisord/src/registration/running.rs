//! What a daemon that runs says of itself, asked through its own socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::time::Duration;

use interprocess::local_socket::Stream;
use interprocess::local_socket::traits::Stream as _;
use protocol::address::Paths;
use protocol::frame::FRAME_MAX;
use protocol::message::{Call, Hello, HelloCall, Id, Incoming, Request, Version2, decode_incoming};

use crate::os;

/// How long a daemon that is there may take; one that hangs is told as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Its hello, if one answers.
pub(super) fn hello(paths: &Paths) -> Option<Hello> {
    let socket = paths.socket();
    let mut stream = Stream::connect(os::socket_name(&socket).ok()?).ok()?;
    // Windows' pipes refuse it.
    let _ = stream.set_recv_timeout(Some(PATIENCE));
    let client = concat!("supervisord ", env!("CARGO_PKG_VERSION")).to_owned();
    let call = Call::Hello(HelloCall { client });
    let request = Request { jsonrpc: Version2, id: Id::Number(1), call };
    stream.write_all(&request.line()).ok()?;
    let mut line = Vec::new();
    BufReader::new(stream).take(FRAME_MAX as u64).read_until(b'\n', &mut line).ok()?;
    match decode_incoming(&line).ok()? {
        Incoming::Response(response) => serde_json::from_str(response.outcome.ok()?.get()).ok(),
        Incoming::Log(_) | Incoming::Event(_) | Incoming::Waiting(_) => None,
    }
}
