//! A daemon that says what the test wants, and the client run against it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use interprocess::local_socket::traits::ListenerExt as _;
use interprocess::local_socket::{
    GenericFilePath, GenericNamespaced, ListenerOptions, Stream, ToFsName, ToNsName,
};
use protocol::address::{Domain, Paths};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the daemon does about one request.
pub(crate) enum Reply {
    /// Writes these lines.
    Lines(Vec<Value>),
    /// Writes these bytes and closes the connection.
    HangUp(String),
}

/// A daemon below a folder of its own.
pub(crate) struct Fake {
    base: TempDir,
    requests: Arc<Mutex<Vec<Value>>>,
}

/// How a run of the client ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The whole outcome of a run, to compare with.
pub(crate) fn ran(code: i32, stdout: &str, stderr: &str) -> Ran {
    Ran { code: Some(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
}

impl Fake {
    /// A daemon that answers each request by this rule.
    pub(crate) fn daemon(mut rule: impl FnMut(&Value) -> Reply + Send + 'static) -> Self {
        let base = tempfile::tempdir().unwrap();
        let listener = listen(base.path()).create_sync().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for client in listener.incoming() {
                serve(client.unwrap(), &mut rule, &seen);
            }
        });
        Self { base, requests }
    }

    /// A daemon that answers every request with this result.
    pub(crate) fn answering(result: Value) -> Self {
        Self::daemon(move |request| Reply::Lines(vec![answer(request, &result)]))
    }

    /// A daemon that refuses every request.
    pub(crate) fn refusing(reason: &'static str, sentence: &'static str) -> Self {
        Self::daemon(move |request| Reply::Lines(vec![refusal(request, reason, sentence)]))
    }

    /// Runs `svcctl` with these words.
    pub(crate) fn svcctl(&self, words: &[&str]) -> Ran {
        run(svcctl(self.base.path()).args(words))
    }

    /// Runs `svcctl` with something on its standard input.
    pub(crate) fn svcctl_fed(&self, words: &[&str], input: &str) -> Ran {
        let mut command = svcctl(self.base.path());
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        read(child.wait_with_output().unwrap())
    }

    /// A file below the daemon's folder.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let file = self.base.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
        file
    }

    /// What was asked so far: method and parameters.
    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        let requests = self.requests.lock().unwrap();
        let method = |request: &Value| request["method"].as_str().unwrap().to_owned();
        requests.iter().map(|request| (method(request), request["params"].clone())).collect()
    }
}

/// The control socket of a daemon below this folder.
pub(crate) fn socket(base: &Path) -> PathBuf {
    Paths::of(&Domain::Base(base.to_owned()), &|_| None).unwrap().socket()
}

/// Listening at that socket; a path on Unix, on Windows the mere name of a pipe.
pub(crate) fn listen(base: &Path) -> ListenerOptions<'static> {
    std::fs::create_dir(base.join("run")).unwrap();
    let socket = socket(base);
    let name = if socket.is_absolute() {
        socket.to_fs_name::<GenericFilePath>().unwrap()
    } else {
        socket.into_os_string().to_ns_name::<GenericNamespaced>().unwrap()
    };
    ListenerOptions::new().name(name)
}

/// The client, with an environment that says nothing but where the daemon is.
pub(crate) fn svcctl(base: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_svcctl"));
    command.env_clear().env("SUPERVISORD_BASE", base);
    command
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    read(command.output().unwrap())
}

/// The response to a request.
pub(crate) fn answer(request: &Value, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })
}

/// The refusal of a request.
pub(crate) fn refusal(request: &Value, reason: &str, sentence: &str) -> Value {
    let error = json!({ "code": -32000, "message": sentence, "data": { "reason": reason } });
    json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })
}

/// A row of `list`, and what every richer answer begins with.
pub(crate) fn row(label: &str, state: &str, pid: Option<u32>) -> Value {
    json!({
        "label": label, "pid": pid, "status": null, "state": state, "goal": "up",
        "restarts": 0, "since": "2026-01-02T03:04:05Z",
    })
}

/// An outcome, as changes are answered with.
pub(crate) fn outcome(label: &str, state: &str, pid: Option<u32>, why: &str) -> Value {
    let mut outcome = row(label, state, pid);
    outcome["changed"] = json!(true);
    outcome["why"] = json!(why);
    outcome
}

/// The label a request is about.
pub(crate) fn label(request: &Value) -> &str {
    request["params"]["label"].as_str().unwrap()
}

fn serve(client: Stream, rule: &mut impl FnMut(&Value) -> Reply, seen: &Mutex<Vec<Value>>) {
    let mut client = BufReader::new(client);
    let mut line = String::new();
    while client.read_line(&mut line).is_ok_and(|length| 0 < length) {
        let request: Value = serde_json::from_str(&line).unwrap();
        line.clear();
        seen.lock().unwrap().push(request.clone());
        let (text, hang_up) = match rule(&request) {
            Reply::Lines(lines) => (lines.iter().map(|line| format!("{line}\n")).collect(), false),
            Reply::HangUp(text) => (text, true),
        };
        if client.get_mut().write_all(text.as_bytes()).is_err() || hang_up {
            return;
        }
    }
}

fn read(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
