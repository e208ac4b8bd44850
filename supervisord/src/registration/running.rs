//! What a daemon that runs says of itself, asked through its own socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::time::Duration;

use interprocess::local_socket::Stream;
use interprocess::local_socket::traits::Stream as _;
use protocol::address::Paths;
use protocol::frame::FRAME_MAX;
use protocol::message::{
    Call, Hello, HelloCall, Id, Incoming, Refusal, Request, Shutdown, Version2, decode_incoming,
};
use serde_json::value::RawValue;

use crate::os;

/// How long a daemon that is there may take; one that hangs is told as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Its hello, if one answers.
pub(super) fn hello(paths: &Paths) -> Option<Hello> {
    let client = concat!("supervisord ", env!("CARGO_PKG_VERSION")).to_owned();
    let answer = ask(paths, Call::Hello(HelloCall { client }), Some(PATIENCE))?;
    serde_json::from_str(answer.ok()?.get()).ok()
}

/// Asks it to stop all its services and to end. Its word that it does may come with its end.
///
/// # Errors
/// Why it does not.
pub(super) fn shut_down(paths: &Paths) -> Result<(), String> {
    let reason = Some("supervisord stop".to_owned());
    match ask(paths, Call::Shutdown(Shutdown { timeout_ms: None, reason }), None) {
        Some(Err(refusal)) => Err(refusal.sentence),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn ask(
    paths: &Paths,
    call: Call,
    patience: Option<Duration>,
) -> Option<Result<Box<RawValue>, Refusal>> {
    let socket = paths.socket();
    let mut stream = Stream::connect(os::socket_name(&socket).ok()?).ok()?;
    // Windows' pipes refuse it.
    let _ = stream.set_recv_timeout(patience);
    let request = Request { jsonrpc: Version2, id: Id::Number(1), call };
    stream.write_all(&request.line()).ok()?;
    let mut line = Vec::new();
    BufReader::new(stream).take(FRAME_MAX as u64).read_until(b'\n', &mut line).ok()?;
    match decode_incoming(&line).ok()? {
        Incoming::Response(response) => Some(response.outcome.map(ToOwned::to_owned)),
        Incoming::Log(_) | Incoming::Event(_) | Incoming::Waiting(_) => None,
    }
}
