//! Servers in the manner of inetd: a connection, or the socket itself, is their standard input.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use harness::{Daemon, PATIENCE, free, observer, wait_for, wait_until};
use serde_json::{Value, json};

use crate::sockets::{ask, converse, pid, server, tcp, text};

#[test]
fn inetd_that_waits_gets_the_listening_socket_as_its_standard_input() {
    let daemon = Daemon::start();
    let port = free::port();
    let service = daemon.service("old").does(&["--accept", "--exit", "0"]).without("RunAtLoad");
    let service = service.key("Sockets", json!({"Listeners": tcp(port)}));
    service.key("inetdCompatibility", json!({"Wait": true})).add();
    for round in 1..=3 {
        assert!(ask(port).ends_with(" accepted\n"));
        daemon.wait_noted("old", "exit 0", round);
    }
    daemon.started("old", 3);
}

#[test]
fn inetd_that_does_not_wait_gets_each_connection_in_a_process_of_its_own() {
    let daemon = Daemon::start();
    let port = free::port();
    inetd(&daemon, port, json!({"Wait": false}), &["--converse"]);
    let mut pids: Vec<u64> = (0..5)
        .map(|_| {
            let answer = ask(port);
            assert!(answer.ends_with(" hello\n"), "{answer}");
            pid(&answer)
        })
        .collect();
    pids.dedup();
    assert_eq!(pids.len(), 5);
    let row = daemon.row("old");
    assert_eq!((&row["state"], &row["pid"]), (&json!("waiting"), &Value::Null), "{row}");
    wait_until("the instances to be gone", PATIENCE, || labels(&daemon) == ["old"]);
}

pub(crate) fn inetd(daemon: &Daemon, port: u16, inetd: Value, does: &[&str]) {
    let service = daemon.service("old").does(does).without("RunAtLoad");
    let service = service.key("Sockets", json!({"Listeners": tcp(port)}));
    let text = service.key("inetdCompatibility", inetd).text();
    // Several at once are what this is about, so none may lock the others' journal.
    let text = text.replace("<string>--log</string>", "<string>--role</string>");
    let file = daemon.base().join("old.plist");
    fs::write(&file, text).unwrap();
    daemon.done(&["add", file.to_str().unwrap()]);
}

fn labels(daemon: &Daemon) -> Vec<String> {
    let list = daemon.json(&["list"]);
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn instances_are_services_of_their_own_and_no_more_than_allowed() {
    let mut daemon = Daemon::start();
    let port = free::port();
    inetd(&daemon, port, json!({"Wait": false, "Instances": 2}), &["--converse"]);
    let usual = open_sockets(&daemon);
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let [one, two, three] = [connect(), connect(), connect()];
    let instances = wait_for("two instances", PATIENCE, || {
        let found = labels(&daemon);
        let up = |label: &String| daemon.row(label)["state"] == "up";
        (found.len() == 3 && found[1..].iter().all(up)).then(|| found[1..].to_vec())
    });
    assert!(instances.iter().all(|label| label.starts_with("old#")), "{instances:?}");
    let said = daemon.refused(1, &["add", "--replace", text(&renamed(&daemon, &instances[0]))]);
    assert!(said.contains("serves a connection"), "{said}");
    let plan = daemon.json(&["apply"]);
    assert_eq!(plan["steps"], json!([]), "{plan}");
    // The other side of a connection waits for its end, so only its own process may have it.
    wait_until("the daemon to close its end", PATIENCE, || open_sockets(&daemon) <= usual);
    // One that was not taken yet is, once another is over.
    let first = converse(one);
    assert!(first.ends_with(" hello\n"), "{first}");
    assert!(converse(three).ends_with(" hello\n"));
    // Removing an instance ends its connection, and nothing else.
    let left = labels(&daemon).into_iter().find(|label| label != "old").unwrap();
    daemon.done(&["remove", &left]);
    assert_eq!(rest(two), "");
    assert!(daemon.base().join("services").join("old.plist").exists());
    assert!(converse(connect()).ends_with(" hello\n"));
    // Those that are under way survive the daemon's death, and end with their service.
    let four = connect();
    wait_until("an instance", PATIENCE, || labels(&daemon).len() == 2);
    let label = labels(&daemon)[1].clone();
    let before = daemon.pid_of(&label);
    daemon.kill9();
    daemon.start_again();
    assert_eq!(daemon.pid_of(&label), before);
    daemon.done(&["stop", "old"]);
    assert_eq!(rest(four), "");
    wait_until("the instance to be gone", PATIENCE, || labels(&daemon) == ["old"]);
    assert!(!observer::lives(before));
}

/// What comes of a connection to which nothing is said.
#[track_caller]
fn rest(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
    text
}

fn renamed(daemon: &Daemon, label: &str) -> std::path::PathBuf {
    let service = daemon.service(label);
    service.file()
}

/// The sockets the daemon has open, some of them perhaps for a client that is still going.
fn open_sockets(daemon: &Daemon) -> usize {
    let open = observer::descriptors(daemon.pid());
    open.iter().filter(|target| target.to_string_lossy().contains("socket")).count()
}

#[test]
fn nobody_is_started_by_a_connection_to_a_socket_that_is_closed() {
    let daemon = Daemon::start();
    let port = free::port();
    server(&daemon, "web", json!({"Listeners": tcp(port)})).add();
    daemon.done(&["remove", "web"]);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    assert!(TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_err());
}
