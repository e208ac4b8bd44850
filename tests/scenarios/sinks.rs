//! Piped logs beside the file: systemd's journal and the system's logger, both played here.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use harness::{Daemon, PATIENCE, wait_for};
use serde_json::json;

use crate::piped::{gap, piped};

/// Everything that came to a socket until a text was among it.
#[track_caller]
fn heard(socket: &UnixDatagram, text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut room = vec![0; 1 << 18];
    wait_for(&format!("{text} to be sent"), PATIENCE, || {
        while let Ok(length) = socket.recv(&mut room) {
            all.push(String::from_utf8_lossy(&room[..length]).into_owned());
        }
        all.iter().any(|message| message.contains(text)).then_some(())
    });
    all
}

fn listen(path: &Path) -> UnixDatagram {
    let _ = fs::remove_file(path);
    let socket = UnixDatagram::bind(path).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

#[test]
fn lines_go_to_journal_and_logger_beside_the_file() {
    let daemon = Daemon::start();
    let [journal, logger] = ["journal", "logger"].map(|name| daemon.base().join(name));
    let sockets = [&journal, &logger].map(|path| listen(path));
    let log = json!({
        "Sinks": ["File", "Journald", "Syslog"],
        "JournaldSocket": journal.to_str().unwrap(),
        "SyslogSocket": logger.to_str().unwrap(),
    });
    piped(&daemon, "web", &log).does(&["--print", "first", "--print", "second"]).add();
    let pid = daemon.running("web");
    let entries = heard(&sockets[0], "MESSAGE=second\n");
    let expected = format!(
        "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=web\nSYSLOG_PID={pid}\nOBJECT_PID={pid}\n\
         SUPERVISORD_LABEL=web\nSUPERVISORD_RUN=1\nSUPERVISORD_STREAM=stdout\nMESSAGE=first\n"
    );
    assert_eq!(entries, [expected.clone(), expected.replace("first", "second")]);
    let messages = heard(&sockets[1], "second");
    assert!(
        messages[0].starts_with("<30>1 ")
            && messages[0].ends_with(&format!(" web {pid} stdout - first")),
        "{messages:?}"
    );
    daemon.wait_logged("web", "first\nsecond\n");
}

#[test]
fn a_sink_that_is_away_holds_nobody_up_and_its_gap_is_told() {
    let daemon = Daemon::start();
    let journal = daemon.base().join("journal");
    let log = json!({ "Sinks": ["File", "Journald"], "JournaldSocket": journal.to_str().unwrap() });
    piped(&daemon, "web", &log).does(&["--tick", "20"]).add();
    daemon.wait_logged("web", "line 00000005");
    let socket = listen(&journal);
    let entries = heard(&socket, "MESSAGE=line ");
    let message = |entry: &String| entry.split_once("MESSAGE=").unwrap().1.trim_end().to_owned();
    let messages: Vec<String> = entries.iter().map(message).collect();
    let lost = gap(&messages[0]).unwrap_or_else(|| panic!("no gap is told: {messages:?}"));
    assert_eq!(messages[1], format!("line {:08}", lost + 1), "{messages:?}");
    let log = daemon.done(&["logs", "web"]);
    assert!(log.starts_with("line 00000001\nline 00000002\n"), "{log}");
}
