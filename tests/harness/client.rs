//! Runs `svcctl` with a limit, so that a client that hangs is a failure with a name.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::BINARIES;

/// No verb takes longer on its own.
const LIMIT: Duration = Duration::from_secs(60);

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
}

/// A command with nothing of the caller's environment but what programs cannot do without.
pub(crate) fn cleansed(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null());
    for name in ["PATH", "SystemRoot", "TEMP", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("LC_ALL", "C").env("TZ", "UTC");
    command
}

/// `svcctl` for the daemon below a folder, not yet started.
pub(crate) fn svcctl(base: &Path, arguments: &[&str]) -> Command {
    let mut command = cleansed(&BINARIES.svcctl);
    command.arg("--base").arg(base).args(arguments);
    command
}

/// Runs a command to its end.
///
/// # Panics
/// When it does not end in time.
#[track_caller]
pub(crate) fn run(mut command: Command) -> Output {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let (sender, done) = mpsc::channel();
    let streams = [collect(child.stdout.take()), collect(child.stderr.take())];
    let reader = sender.clone();
    thread::spawn(move || {
        let texts = streams.map(|stream| stream.join().expect("reading does not panic"));
        reader.send(texts)
    });
    let Ok([stdout, stderr]) = done.recv_timeout(LIMIT) else {
        end(&mut child);
        panic!("{command:?} did not end within {LIMIT:?}");
    };
    let status = child.wait().expect("a child can be waited for");
    Output { stdout, stderr, code: status.code().unwrap_or(-1) }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
