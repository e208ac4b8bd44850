//! Programs that people really run: killed they come back, stopped they stay down, removed they
//! leave nothing.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::{
    BINARIES, Daemon, PATIENCE, free, observer, property_list, skip, wait_until, workspace,
};
use serde_json::{Value, json};

/// How a program shows that it serves.
enum Proof {
    Redis(PathBuf),
    Http(u16, &'static str),
    Life,
}

struct Program {
    label: &'static str,
    arguments: Value,
    proof: Proof,
}

impl Program {
    fn serves(&self) -> bool {
        match &self.proof {
            Proof::Life => true,
            Proof::Redis(socket) => UnixStream::connect(socket)
                .is_ok_and(|stream| talk(stream, "PING\r\nQUIT\r\n").starts_with("+PONG")),
            Proof::Http(port, path) => {
                TcpStream::connect(("127.0.0.1", *port)).is_ok_and(|stream| {
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
                    talk(stream, &format!("GET {path} HTTP/1.0\r\n\r\n")).contains(" 200 ")
                })
            }
        }
    }
}

fn talk(mut stream: impl Read + Write, request: &str) -> String {
    let mut answer = String::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let found =
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.is_none() {
        skip(program, "it is not installed");
    }
    found
}

fn redis(base: &Path) -> Option<Program> {
    let redis = installed("redis-server")?;
    let socket = base.join("redis.sock");
    let arguments =
        json!([redis, "--port", "0", "--unixsocket", socket, "--dir", base, "--save", ""]);
    Some(Program { label: "redis", arguments, proof: Proof::Redis(socket) })
}

fn nginx(base: &Path) -> Option<Program> {
    let nginx = installed("nginx")?;
    let port = free::port();
    let folder = base.join("nginx");
    fs::create_dir_all(folder.join("html")).unwrap();
    fs::write(folder.join("html/index.html"), "hello\n").unwrap();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.display()))
        .collect();
    let configuration = format!(
        "daemon off;\nworker_processes 2;\npid {0}/pid;\nerror_log stderr;\n\
         events {{ worker_connections 64; }}\n\
         http {{\naccess_log off;\n{temporary}\
         server {{ listen 127.0.0.1:{port}; root {0}/html; }}\n}}\n",
        folder.display()
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration).unwrap();
    let arguments = json!([nginx, "-p", folder, "-c", file]);
    Some(Program { label: "nginx", arguments, proof: Proof::Http(port, "/") })
}

fn go_example(base: &Path) -> Option<Program> {
    let go = installed("go")?;
    let (program, port) = (base.join("go-http"), free::port());
    let status = Command::new(go)
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(workspace().join("examples/go-http"))
        .envs([("GOPROXY", "off"), ("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=mod")])
        .env("GOCACHE", BINARIES.built.join("go-cache"))
        .env("GOPATH", BINARIES.built.join("go-path"))
        .status()
        .unwrap();
    assert!(status.success(), "the Go example does not build");
    let arguments = json!([program, "-port", port.to_string()]);
    Some(Program { label: "go-http", arguments, proof: Proof::Http(port, "/health") })
}

fn programs(base: &Path) -> Vec<Program> {
    let port = free::port();
    let rust = Program {
        label: "rust-http",
        arguments: json!([BINARIES.built.join("rust-http"), port.to_string()]),
        proof: Proof::Http(port, "/health"),
    };
    let sleep =
        Program { label: "sleeper", arguments: json!(["sleep", "infinity"]), proof: Proof::Life };
    let others = [redis(base), nginx(base), go_example(base)];
    [rust, sleep].into_iter().chain(others.into_iter().flatten()).collect()
}

fn add(daemon: &Daemon, program: &Program) -> u32 {
    let definition = property_list(&json!({
        "Label": program.label,
        "ProgramArguments": program.arguments,
        "KeepAlive": true,
        "ThrottleInterval": 0,
        "EnvironmentVariables": {"SVC_SCENARIO": daemon.base()},
    }));
    let file = daemon.base().join(program.label).with_extension("plist");
    fs::write(&file, definition).unwrap();
    daemon.done(&["add", file.to_str().unwrap()]);
    wait_until(&format!("{} to serve", program.label), PATIENCE, || program.serves());
    daemon.pid_of(program.label)
}

fn kill_9(pid: u32) {
    let target = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(target, nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[test]
fn redis_nginx_go_rust_and_sleep_live_under_one_supervisor() {
    let mut daemon = Daemon::start();
    let programs = programs(daemon.base());
    let pids: Vec<u32> = programs.iter().map(|program| add(&daemon, program)).collect();
    let groups: Vec<_> = pids.iter().filter_map(|pid| observer::cgroup(*pid)).collect();
    for (program, before) in programs.iter().zip(pids) {
        comes_back(&daemon, program, before);
    }
    let (stopped, running) = programs.split_at(2);
    for program in stopped {
        daemon.done(&["stop", program.label]);
    }
    daemon.shut_down();
    assert_eq!(observer::services_below(daemon.base()), []);
    daemon.start_again();
    for program in running {
        wait_until(&format!("{} to serve", program.label), PATIENCE, || program.serves());
    }
    for program in stopped {
        let row = daemon.row(program.label);
        assert_eq!((&row["state"], &row["pid"]), (&json!("down"), &Value::Null), "{row}");
    }
    for program in &programs {
        daemon.done(&["remove", program.label]);
    }
    nothing_is_left(&daemon, &groups);
}

/// Killed from outside it is back under a new pid and serves; no list in between shows the dead.
#[track_caller]
fn comes_back(daemon: &Daemon, program: &Program, before: u32) {
    kill_9(before);
    // Collected, and so known to be dead by whoever collected it.
    wait_until(&format!("{before} to be gone"), PATIENCE, || observer::process(before).is_none());
    let row = daemon.row(program.label);
    assert!(row["pid"] != before, "the list shows a dead process: {row}");
    let after = daemon.pid_of(program.label);
    assert_ne!(after, before);
    wait_until(&format!("{} to serve again", program.label), PATIENCE, || program.serves());
    let row = daemon.row(program.label);
    assert_eq!((&row["status"], &row["restarts"]), (&json!(-9), &json!(1)), "{row}");
}

#[track_caller]
fn nothing_is_left(daemon: &Daemon, groups: &[PathBuf]) {
    assert_eq!(observer::services_below(daemon.base()), []);
    let services = fs::read_dir(daemon.base().join("services")).unwrap().count();
    assert_eq!(services, 0, "definitions are left");
    let own = observer::cgroup(daemon.pid());
    for group in groups.iter().filter(|group| Some(*group) != own.as_ref()) {
        assert!(!group.exists(), "{} is left", group.display());
    }
    for entry in fs::read_dir(daemon.base().join("run")).unwrap().flatten() {
        let name = entry.file_name();
        let labels = ["redis", "nginx", "http", "sleeper"];
        let of_a_service = labels.iter().any(|label| name.to_string_lossy().contains(label));
        assert!(!of_a_service, "run/{} is left", name.display());
    }
}

#[test]
fn a_service_that_crashes_when_asked_comes_back() {
    let daemon = Daemon::start();
    let port = free::port();
    let program = Program {
        label: "rust-http",
        arguments: json!([BINARIES.built.join("rust-http"), port.to_string()]),
        proof: Proof::Http(port, "/health"),
    };
    let before = add(&daemon, &program);
    let _ = talk(TcpStream::connect(("127.0.0.1", port)).unwrap(), "GET /crash HTTP/1.0\r\n\r\n");
    wait_until("the service to serve again", PATIENCE, || program.serves());
    assert_ne!(daemon.pid_of("rust-http"), before);
    assert_eq!(daemon.row("rust-http")["status"], -6, "SIGABRT");
    daemon.done(&["stop", "rust-http"]);
    assert_eq!(daemon.row("rust-http")["status"], 0, "it ends gracefully when asked to");
}
