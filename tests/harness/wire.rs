//! A raw connection to the daemon: bytes in, lines out, no client in between.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::PATIENCE;

/// One connection.
#[derive(Debug)]
pub struct Wire {
    stream: UnixStream,
    lines: BufReader<UnixStream>,
}

impl Wire {
    pub(crate) fn connect(socket: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let lines = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, lines })
    }

    /// Sends bytes as they are; false when the daemon has hung up.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Says that nothing more will be sent.
    pub fn finish(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The next line, or `None` when the daemon has hung up.
    ///
    /// # Panics
    /// When neither comes in time.
    #[track_caller]
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            Err(error) => panic!("the daemon does not answer: {error}"),
        }
    }

    /// The next line as JSON.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn answer(&mut self) -> Value {
        let line = self.line().expect("the daemon answers before it hangs up");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("not JSON: {line:?}: {error}"))
    }

    /// Sends one request and returns its answer, passing over notifications.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        assert!(self.send(format!("{request}\n")), "the daemon hung up");
        loop {
            let answer = self.answer();
            if answer["id"] == 7 {
                return answer;
            }
        }
    }
}
