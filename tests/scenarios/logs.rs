//! `svcctl logs`: what a service wrote, from the end, and as it comes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use harness::{Daemon, Output, PATIENCE, wait_for};

/// A running `svcctl logs -f`, read line by line in a thread so that a silent one is noticed.
pub(super) struct Follower {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Follower {
    pub(super) fn start(daemon: &Daemon, arguments: &[&str]) -> Self {
        let mut child = daemon.client(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    #[track_caller]
    pub(super) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the follower prints a line")
    }

    /// The exit code, once it has ended by itself.
    #[track_caller]
    pub(super) fn ended(mut self) -> Option<i32> {
        wait_for("the follower to end", PATIENCE, || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_log_is_shown_whole_and_from_its_end() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--lines", "1000"]).add();
    let log = daemon.wait_logged("web", "line 00001000\n");
    assert_eq!(log.lines().count(), 1000);
    assert!(log.starts_with("line 00000001\nline 00000002\n"), "{}", &log[..60]);
    let tail = daemon.done(&["logs", "-n", "2", "web"]);
    assert_eq!(tail, "line 00000999\nline 00001000\n");
    assert_eq!(daemon.done(&["logs", "-n", "0", "web"]), "");
    assert_eq!(daemon.done(&["logs", "-n", "5000", "web"]), log);
}

#[test]
fn a_long_log_is_shown_whole() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--lines", "200000"]).add();
    let log = daemon.wait_logged("web", "line 00200000\n");
    assert_eq!(log.len(), 200_000 * "line 00000000\n".len());
    assert_eq!(daemon.done(&["logs", "-n", "100000", "web"]).lines().count(), 100_000);
}

#[test]
fn standard_error_is_in_the_log_too() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--stderr", "complained", "--print", "said"]).add();
    let log = daemon.wait_logged("web", "said\n");
    assert_eq!(log, "complained\nsaid\n");
}

#[test]
fn a_log_without_standard_out_path_is_below_logs() {
    let daemon = Daemon::start();
    daemon.service("My Service").does(&["--print", "said"]).add();
    daemon.wait_logged("My Service", "said\n");
    let file = daemon.base().join("logs/My%20Service.log");
    let plain = daemon.base().join("logs/My Service.log");
    assert!(file.exists() || plain.exists(), "{:?}", std::fs::read_dir(daemon.base().join("logs")));
}

#[test]
fn a_log_goes_on_over_runs_and_daemons() {
    let mut daemon = Daemon::start();
    daemon.service("web").does(&["--print", "said"]).add();
    daemon.wait_logged("web", "said\n");
    daemon.done(&["restart", "web"]);
    daemon.wait_logged("web", "said\nsaid\n");
    daemon.shut_down();
    daemon.start_again();
    daemon.wait_logged("web", "said\nsaid\nsaid\n");
}

#[test]
fn following_shows_what_comes_and_ends_on_removal() {
    let daemon = Daemon::start();
    let service = daemon.service("web").does(&["--lines", "3"]).key("ThrottleInterval", 0);
    service.add();
    daemon.wait_logged("web", "line 00000003\n");
    let follower = Follower::start(&daemon, &["logs", "-f", "-n", "1", "web"]);
    assert_eq!(follower.line(), "line 00000003");
    daemon.done(&["restart", "web"]);
    for line in ["line 00000001", "line 00000002", "line 00000003"] {
        assert_eq!(follower.line(), line);
    }
    daemon.done(&["remove", "web"]);
    assert_eq!(follower.ended(), Some(0));
}

#[test]
fn following_begins_before_there_is_anything() {
    let daemon = Daemon::start();
    daemon.service("web").without("RunAtLoad").does(&["--print", "said"]).add();
    let follower = Follower::start(&daemon, &["logs", "-f", "web"]);
    daemon.done(&["start", "web"]);
    assert_eq!(follower.line(), "said");
}

#[test]
fn two_followers_see_the_same() {
    let daemon = Daemon::start();
    daemon.service("web").without("RunAtLoad").does(&["--lines", "5000"]).add();
    let words = ["logs", "-f", "-n", "5000", "web"];
    let followers = [0, 1].map(|_| Follower::start(&daemon, &words));
    daemon.done(&["start", "web"]);
    for follower in followers {
        for number in 1..=5000 {
            assert_eq!(follower.line(), format!("line {number:08}"));
        }
    }
}

#[test]
fn a_follower_that_goes_away_costs_nothing() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--print", "said"]).add();
    daemon.wait_logged("web", "said\n");
    let before = harness::observer::descriptors(daemon.pid()).len();
    for _ in 0..5 {
        let follower = Follower::start(&daemon, &["logs", "-f", "web"]);
        assert_eq!(follower.line(), "said");
    }
    harness::wait_until("the followers' descriptors to be closed", PATIENCE, || {
        harness::observer::descriptors(daemon.pid()).len() <= before
    });
}

#[test]
fn the_log_of_a_removed_service_stays() {
    let daemon = Daemon::start();
    let log = daemon.base().join("web.log");
    let path = log.to_str().unwrap();
    daemon.service("web").does(&["--print", "said"]).key("StandardOutPath", path).add();
    daemon.wait_logged("web", "said\n");
    daemon.done(&["remove", "web"]);
    assert_eq!(std::fs::read_to_string(log).unwrap(), "said\n");
}

#[test]
fn the_two_streams_can_be_told_apart_where_they_go_apart() {
    let daemon = Daemon::start();
    let [out, err] = ["out", "err"].map(|name| daemon.base().join(name));
    let service = daemon.service("web").does(&["--stderr", "complained", "--print", "said"]);
    service
        .key("StandardOutPath", out.to_str().unwrap())
        .key("StandardErrorPath", err.to_str().unwrap())
        .add();
    daemon.wait_logged("web", "said\n");
    assert_eq!(daemon.done(&["logs", "web"]), "said\n");
    assert_eq!(daemon.done(&["logs", "--stderr", "web"]), "complained\n");
}

#[test]
fn an_empty_log_is_no_error() {
    let daemon = Daemon::start();
    daemon.service("web").without("RunAtLoad").add();
    let output = daemon.ctl(&["logs", "web"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{output:?}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--lines", "100000"]).add();
    daemon.wait_logged("web", "line 00100000\n");
    let mut client = daemon.client(&["logs", "web"]);
    let mut child = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut head = [0; 14];
    child.stdout.take().unwrap().read_exact(&mut head).unwrap();
    let output = child.wait_with_output().unwrap();
    let seen = Output {
        stdout: String::from_utf8(head.to_vec()).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    };
    assert_eq!((seen.code, seen.stderr.as_str()), (0, ""), "{seen:?}");
}
