//! Sockets that the daemon opens for services, and what becomes of who connects.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use harness::{Daemon, PATIENCE, Service, free, wait_until};
use serde_json::{Value, json};

pub(crate) fn tcp(port: u16) -> Value {
    json!({"SockNodeName": "127.0.0.1", "SockServiceName": port})
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A service that answers on what it is handed, with its pid, and is started by that only.
pub(crate) fn server<'a>(daemon: &'a Daemon, label: &str, sockets: Value) -> Service<'a> {
    let service = daemon.service(label).does(&["--serve"]).without("RunAtLoad");
    service.key("Sockets", sockets).key("ThrottleInterval", 0)
}

/// Connects, says something, and reads what there is to the end.
#[track_caller]
pub(crate) fn ask(port: u16) -> String {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    converse(stream)
}

#[track_caller]
pub(crate) fn converse(mut stream: impl std::io::Read + std::io::Write) -> String {
    let _ = stream.write_all(b"hello\n");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[track_caller]
fn ask_path(path: &Path) -> String {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    converse(stream)
}

/// A process being started elsewhere holds for a moment what this one has just closed.
#[track_caller]
fn add_when_free(daemon: &Daemon, service: &Service<'_>) {
    let file = service.file();
    wait_until("the address to be free", PATIENCE, || daemon.ctl(&["add", text(&file)]).code == 0);
}

/// The pid in an answer.
#[track_caller]
pub(crate) fn pid(answer: &str) -> u64 {
    let word = answer.split_whitespace().next().unwrap_or_default();
    word.parse().unwrap_or_else(|_| panic!("no pid in {answer:?}"))
}

#[test]
fn the_first_connection_starts_the_service_and_is_answered() {
    let daemon = Daemon::start();
    let port = free::port();
    let said = server(&daemon, "web", json!({"Listeners": tcp(port)})).add();
    assert!(said.contains("waiting"), "{said}");
    let status = daemon.json_of("web");
    assert!(status["why"].as_str().unwrap().contains(&format!("127.0.0.1:{port}")), "{status}");
    assert_eq!(daemon.count("web", "start main"), 0);
    let answer = ask(port);
    assert_eq!(answer, format!("{} Listeners 3\n", daemon.running("web")));
    assert_eq!(pid(&ask(port)), pid(&answer), "the second connection started another");
    let why = daemon.json_of("web")["why"].clone();
    assert!(why.as_str().unwrap().contains("socket"), "{why}");
    daemon.started("web", 1);
}

#[test]
fn what_is_handed_over_is_told_by_name_and_number() {
    let daemon = Daemon::start();
    let (one, two, path) = (free::port(), free::port(), daemon.base().join("s"));
    let sockets = json!({
        "Admin": {"SockPathName": text(&path)},
        "We:b": [tcp(one), tcp(two)],
    });
    let service = server(&daemon, "web", sockets).does(&["--facts"]);
    service.key("EnvironmentVariables", json!({"LISTEN_FDS": "9"})).add();
    assert!(ask(two).ends_with(" We_b 5\n"));
    assert!(ask(one).ends_with(" We_b 4\n"));
    assert!(ask_path(&path).ends_with(" Admin 3\n"));
    let log = daemon.wait_logged("web", "LISTEN_PID");
    let facts: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let environment = &facts["environment"];
    assert_eq!(environment["LISTEN_FDS"], "3");
    assert_eq!(environment["LISTEN_FDNAMES"], "Admin:We_b:We_b");
    assert_eq!(environment["LISTEN_PID"], facts["pid"].to_string());
    let ours: Value =
        serde_json::from_str(environment["SUPERVISORD_SOCKETS"].as_str().unwrap()).unwrap();
    assert_eq!(ours, json!({"Admin": [3], "We:b": [4, 5]}));
    let descriptors = facts["descriptors"].as_object().unwrap();
    assert_eq!(descriptors.keys().collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn a_socket_is_held_while_the_service_restarts() {
    let daemon = Daemon::start();
    let port = free::port();
    server(&daemon, "web", json!({"Listeners": tcp(port)})).add();
    let first = pid(&ask(port));
    daemon.done(&["restart", "web"]);
    let second = pid(&ask(port));
    assert_ne!(first, second);
    // Killed from outside and not kept alive: the next connection starts it again.
    let process = nix::unistd::Pid::from_raw(i32::try_from(second).unwrap());
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).unwrap();
    daemon.wait_state("web", "waiting");
    assert_ne!(pid(&ask(port)), second);
    daemon.started("web", 3);
}

#[test]
fn a_stopped_service_is_not_started_by_a_connection_which_waits() {
    let daemon = Daemon::start();
    let port = free::port();
    server(&daemon, "web", json!({"Listeners": tcp(port)})).add();
    daemon.done(&["stop", "web"]);
    let waiting = TcpStream::connect(("127.0.0.1", port)).unwrap();
    waiting.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(daemon.row("web")["state"], "down");
    daemon.done(&["start", "web"]);
    assert_eq!(pid(&converse(waiting)), u64::from(daemon.pid_of("web")));
}

#[test]
fn a_connection_is_a_demand() {
    let daemon = Daemon::start();
    let port = free::port();
    let service = server(&daemon, "web", json!({"Listeners": tcp(port)})).key("RunAtLoad", true);
    service.key("KeepAlive", json!({"AfterInitialDemand": true})).add();
    daemon.wait_state("web", "waiting");
    let first = pid(&ask(port));
    let process = nix::unistd::Pid::from_raw(i32::try_from(first).unwrap());
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).unwrap();
    daemon.wait_noted("web", "start main", 2);
}

#[test]
fn a_service_that_does_not_take_its_connection_is_throttled() {
    let daemon = Daemon::start();
    let port = free::port();
    let service = daemon.service("web").does(&["--exit", "0"]).without("RunAtLoad");
    service.key("Sockets", json!({"Listeners": tcp(port)})).key("ThrottleInterval", 60).add();
    let _waiting = TcpStream::connect(("127.0.0.1", port)).unwrap();
    daemon.wait_state("web", "backoff");
    daemon.started("web", 1);
}

#[test]
fn a_datagram_starts_the_service_and_is_answered() {
    let daemon = Daemon::start();
    let port = free::port();
    let socket = json!({"SockType": "dgram", "SockNodeName": "127.0.0.1", "SockServiceName": port});
    server(&daemon, "dns", json!({"Listeners": socket})).add();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.send_to(b"?", ("127.0.0.1", port)).unwrap();
    let mut answer = [0; 100];
    let (length, _) = client.recv_from(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert_eq!(pid(&answer), u64::from(daemon.pid_of("dns")), "{answer}");
}

#[test]
fn without_a_family_both_kinds_of_address_are_listened_on_and_both_can_be_one() {
    let daemon = Daemon::start();
    let (each, both) = (free::port(), free::port());
    let sockets = json!({
        "each": {"SockServiceName": each.to_string()},
        "one": {"SockServiceName": both, "SockFamily": "IPv4v6"},
    });
    server(&daemon, "web", sockets).add();
    assert!(ask(each).contains(" each "));
    if TcpListener::bind("[::1]:0").is_ok() {
        let to = |port| converse(TcpStream::connect(("::1", port)).unwrap());
        assert!(to(each).contains(" each ") && to(both).contains(" one "));
        assert!(ask(both).contains(" one "));
    }
}

#[test]
fn a_path_has_the_mode_it_was_given_and_goes_with_the_service() {
    let daemon = Daemon::start();
    let (open, closed) = (daemon.base().join("open"), daemon.base().join("closed"));
    let sockets = json!({
        "closed": {"SockPathName": text(&closed)},
        "open": {"SockPathName": text(&open), "SockPathMode": 438},
    });
    server(&daemon, "web", sockets).add();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&open), mode(&closed)), (0o666, 0o700));
    assert!(ask_path(&open).contains(" open "));
    assert!(ask_path(&closed).contains(" closed "));
    daemon.done(&["remove", "web"]);
    assert!(!open.exists() && !closed.exists());
}

#[test]
fn a_path_goes_when_the_daemon_ends_and_one_left_by_a_killed_daemon_is_taken_again() {
    let mut daemon = Daemon::start();
    let path = daemon.base().join("s");
    server(&daemon, "web", json!({"Listeners": {"SockPathName": text(&path)}})).add();
    daemon.kill9();
    assert!(path.exists());
    daemon.start_again();
    assert!(ask_path(&path).contains(" Listeners "));
    daemon.shut_down();
    assert!(!path.exists());
}

#[test]
fn a_path_that_someone_else_serves_or_that_is_no_socket_is_left_alone() {
    let daemon = Daemon::start();
    let (served, file) = (daemon.base().join("served"), daemon.base().join("file"));
    let theirs = std::os::unix::net::UnixListener::bind(&served).unwrap();
    fs::write(&file, "precious").unwrap();
    for (path, cause) in [(&served, "Address already in use"), (&file, "File exists")] {
        let service = server(&daemon, "web", json!({"Main": {"SockPathName": text(path)}}));
        let said = daemon.refused(1, &["add", text(&service.file())]);
        let path = path.display();
        let expected = format!("cannot add web: Sockets.Main: cannot listen on {path}: {cause}");
        assert!(said.contains(&expected), "{said}");
    }
    assert!(fs::metadata(&served).unwrap().file_type().is_socket());
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    drop(theirs);
    let service = server(&daemon, "web", json!({"Main": {"SockPathName": text(&served)}}));
    add_when_free(&daemon, &service);
    assert!(ask_path(&served).contains(" Main "));
}

#[test]
fn a_taken_port_refuses_add_and_leaves_nothing_behind() {
    let daemon = Daemon::start();
    let (theirs, path) = (TcpListener::bind("127.0.0.1:0").unwrap(), daemon.base().join("s"));
    let port = theirs.local_addr().unwrap().port();
    let sockets = json!({"Admin": {"SockPathName": text(&path)}, "Main": tcp(port)});
    let service = server(&daemon, "web", sockets);
    let said = daemon.refused(1, &["add", text(&service.file())]);
    let expected = format!(
        "cannot add web: Sockets.Main: cannot listen on 127.0.0.1:{port}: Address already in use"
    );
    assert!(said.contains(&expected), "{said}");
    assert_eq!(daemon.row("web"), Value::Null);
    assert!(!daemon.base().join("services").join("web.plist").exists());
    assert!(!path.exists(), "a socket file is left");
    drop(theirs);
    add_when_free(&daemon, &service);
    assert!(ask(port).contains(" Main "));
}

#[test]
fn names_are_looked_up_and_one_that_does_not_exist_is_said() {
    let daemon = Daemon::start();
    let port = free::port();
    let at = |node: &str, port: Value| json!({"SockNodeName": node, "SockServiceName": port});
    let service = server(&daemon, "web", json!({"Main": at("localhost", json!(port))}));
    service.add();
    assert!(ask(port).contains(" Main "));
    let none = server(&daemon, "none", json!({"Main": at("localhost", json!("no-such-port"))}));
    let said = daemon.refused(1, &["add", text(&none.file())]);
    assert!(
        said.contains("Sockets.Main: cannot find the address localhost:no-such-port: "),
        "{said}"
    );
    // Both are loaded by name at the start too, where one bad definition disturbs no other.
    none.place();
    let mut daemon = daemon;
    daemon.shut_down();
    daemon.start_again();
    wait_until("the name to be looked up", PATIENCE, || daemon.row("web") != Value::Null);
    assert!(ask(port).contains(" Main "));
    wait_until("the bad one to be told", PATIENCE, || {
        daemon.log().contains("none.plist: Sockets.Main: cannot find the address")
    });
    assert_eq!(daemon.row("none"), Value::Null);
}

#[test]
fn at_the_start_and_in_apply_a_taken_port_keeps_only_its_own_service_away() {
    let mut daemon = Daemon::prepare();
    let theirs = TcpListener::bind("127.0.0.1:0").unwrap();
    let (taken, port) = (theirs.local_addr().unwrap().port(), free::port());
    server(&daemon, "bad", json!({"Main": tcp(taken)})).place();
    server(&daemon, "good", json!({"Main": tcp(port)})).place();
    daemon.start_again();
    assert!(ask(port).contains(" Main "));
    assert_eq!(daemon.row("bad"), Value::Null);
    let expected = format!("Sockets.Main: cannot listen on 127.0.0.1:{taken}: Address already");
    assert!(daemon.log().contains(&expected), "{}", daemon.log());
    let output = daemon.ctl(&["apply"]);
    assert!(format!("{}{}", output.stdout, output.stderr).contains(&expected), "{output:?}");
    drop(theirs);
    wait_until("the port to be free", PATIENCE, || {
        daemon.ctl(&["apply"]);
        daemon.row("bad") != Value::Null
    });
    assert!(ask(taken).contains(" Main "));
}

#[test]
fn a_replaced_definition_keeps_the_sockets_it_has_in_common_with_the_old_one() {
    let daemon = Daemon::start();
    let (kept, gone, new) = (free::port(), free::port(), free::port());
    server(&daemon, "web", json!({"A": tcp(kept), "B": tcp(gone)})).add();
    let first = pid(&ask(kept));
    let service = server(&daemon, "web", json!({"C": tcp(new), "D": tcp(kept)}));
    daemon.done(&["add", "--replace", text(&service.file())]);
    daemon.wait_noted("web", "received TERM", 1);
    let answer = ask(kept);
    assert!(answer.ends_with(" D 4\n") && pid(&answer) != first, "{answer}");
    assert!(ask(new).ends_with(" C 3\n"));
    wait_until("the old port to be closed", PATIENCE, || {
        TcpStream::connect(("127.0.0.1", gone)).is_err()
    });
    let theirs = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = theirs.local_addr().unwrap().port();
    let service = server(&daemon, "web", json!({"C": tcp(taken)}));
    daemon.refused(1, &["add", "--replace", text(&service.file())]);
    assert!(ask(new).ends_with(" C 3\n"), "a refused definition took something away");
}

#[test]
fn a_private_socket_is_found_by_its_variable_in_every_service() {
    let daemon = Daemon::start();
    let sockets = json!({"Agent": {"SecureSocketWithKey": "AGENT_SOCK"}});
    server(&daemon, "agent", sockets).add();
    daemon.service("user").does(&["--env", "AGENT_SOCK"]).add();
    let log = daemon.wait_logged("user", "AGENT_SOCK=");
    let path = Path::new(log.lines().next().unwrap().trim_start_matches("AGENT_SOCK="));
    let folder = path.parent().unwrap();
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(ask_path(path).contains(" Agent "));
    daemon.done(&["remove", "agent"]);
    assert!(!folder.exists());
}

#[test]
fn a_service_that_outlives_its_daemon_keeps_its_sockets_and_the_next_daemon_takes_them_up() {
    outlive("127.0.0.1");
}

#[test]
fn one_whose_address_has_to_be_looked_up_outlives_its_daemon_too() {
    outlive("localhost");
}

fn outlive(node: &str) {
    let mut daemon = Daemon::start();
    let port = free::port();
    let socket = json!({"SockNodeName": node, "SockServiceName": port, "SockFamily": "IPv4"});
    server(&daemon, "web", json!({"Listeners": socket})).add();
    let first = pid(&ask(port));
    assert_eq!(u64::from(daemon.pid_of("web")), first);
    daemon.kill9();
    assert_eq!(pid(&ask(port)), first);
    daemon.start_again();
    assert_eq!(u64::from(daemon.pid_of("web")), first);
    assert_eq!(pid(&ask(port)), first);
    daemon.done(&["restart", "web"]);
    let second = pid(&ask(port));
    assert_ne!(second, first);
    daemon.wait_state("web", "up");
}

#[test]
fn an_upgrade_of_the_daemon_closes_no_socket_and_loses_nobody_who_waits() {
    let daemon = Daemon::start();
    let (port, path) = (free::port(), daemon.base().join("s"));
    let sockets = json!({"Path": {"SockPathName": text(&path)}, "Port": tcp(port)});
    server(&daemon, "web", sockets).add();
    daemon.done(&["stop", "web"]);
    let waiting = TcpStream::connect(("127.0.0.1", port)).unwrap();
    waiting.set_read_timeout(Some(PATIENCE)).unwrap();
    let inode = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(&path).unwrap());
    let before = inode();
    daemon.done(&["upgrade"]);
    assert_eq!(inode(), before);
    daemon.done(&["start", "web"]);
    assert!(converse(waiting).ends_with(" Port 4\n"));
    assert!(ask_path(&path).ends_with(" Path 3\n"));
    daemon.done(&["remove", "web"]);
    assert!(!path.exists());
}
