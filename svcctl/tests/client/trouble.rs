//! No daemon, a daemon that refuses, hangs up, says nonsense, or is another version.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::fake::{Fake, Reply, answer, listen, ran, refusal, run, socket, svcctl};

#[test]
fn refusals_become_exit_codes() {
    for (reason, code) in [
        ("no_such_service", 4),
        ("timed_out", 6),
        ("not_permitted", 7),
        ("failed", 1),
        ("already_exists", 1),
        ("shutting_down", 5),
    ] {
        let daemon = Fake::refusing(reason, "cannot start web: so it is");
        assert_eq!(daemon.svcctl(&["start", "web"]), ran(code, "", "cannot start web: so it is\n"));
    }
}

/// What to do where no daemon is.
fn start_one(base: &Path) -> String {
    format!("start one: supervisord --base {}", base.display())
}

#[test]
fn where_no_socket_is_no_daemon_is() {
    let base = tempfile::tempdir().unwrap();
    let ran = run(svcctl(base.path()).arg("list"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(5), ""));
    let name = socket(base.path()).display().to_string();
    let parts = ["cannot list services: no supervisord here, ", &name, &start_one(base.path())];
    assert!(parts.iter().all(|part| ran.stderr.contains(part)), "{}", ran.stderr);
}

#[test]
fn a_socket_left_behind_is_told_from_none() {
    let base = tempfile::tempdir().unwrap();
    let socket = socket(base.path());
    drop(listen(base.path()).reclaim_name(false).create_sync().unwrap());
    if !socket.exists() {
        return; // Pipes leave nothing behind.
    }
    let (socket, hint) = (socket.display(), start_one(base.path()));
    let complaint =
        format!("cannot stop web: nobody listens at {socket}, its supervisord is gone; {hint}\n");
    assert_eq!(run(svcctl(base.path()).args(["stop", "web"])), ran(5, "", &complaint));
}

#[test]
fn the_flag_goes_before_the_environment() {
    let base = tempfile::tempdir().unwrap();
    let daemon = Fake::answering(json!({ "pid": 1, "services": 1 }));
    let ran = daemon.svcctl(&["ping", "--base", base.path().to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(5), ""));
    assert_eq!(daemon.svcctl(&["ping"]).code, Some(0));
}

#[test]
fn a_daemon_that_hangs_up_in_mid_answer_is_gone() {
    for text in ["", "{\"jsonrpc\":\"2.0\",\"id\":1,\"resu"] {
        let daemon = Fake::daemon(move |_| Reply::HangUp(text.to_owned()));
        assert_eq!(
            daemon.svcctl(&["stop", "a", "b"]),
            ran(
                5,
                "",
                "cannot stop 2 services: supervisord hung up before it had answered; \
                 svcctl ping tells whether it lives\n"
            )
        );
    }
}

#[test]
fn a_daemon_that_is_full_may_say_so_before_it_hangs_up() {
    let no = refusal(&json!({ "id": null }), "busy", "cannot serve: too many clients");
    let daemon = Fake::daemon(move |_| Reply::HangUp(format!("{no}\n")));
    for words in [["list"].as_slice(), &["stop", "web"], &["logs", "web"]] {
        assert_eq!(daemon.svcctl(words), ran(1, "", "cannot serve: too many clients\n"));
    }
}

#[test]
fn a_daemon_that_hangs_does_not_take_the_time_limit_with_it() {
    let daemon = Fake::daemon(|_| {
        std::thread::sleep(Duration::from_secs(30));
        Reply::HangUp(String::new())
    });
    assert_eq!(
        daemon.svcctl(&["stop", "web", "--timeout", "0"]),
        ran(6, "", "cannot stop web: no answer from supervisord within 2 s\n")
    );
}

#[test]
fn nonsense_is_not_believed() {
    for text in [
        "nonsense\n",
        "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":{}}\n",
    ] {
        let daemon = Fake::daemon(move |_| Reply::HangUp(text.to_owned()));
        for words in [["list"].as_slice(), &["stop", "web"], &["status", "web"]] {
            let ran = daemon.svcctl(words);
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{text}");
            assert!(ran.stderr.contains("supervisord's answer can't be read: "), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_daemon_of_another_version_is_named() {
    let older = |version: &'static str| {
        Fake::daemon(move |request| {
            Reply::Lines(vec![match request["method"].as_str().unwrap() {
                "hello" => answer(
                    request,
                    &json!({
                        "version": version, "protocol": 1, "pid": 1, "services": "/s", "logs": "/l",
                        "since": "2026-01-02T03:04:05Z",
                    }),
                ),
                _ => refusal(request, "no_such_method", "no method is called restart"),
            }])
        })
    };
    let ours = env!("CARGO_PKG_VERSION");
    assert_eq!(
        older("0.0.1").svcctl(&["restart", "web"]),
        ran(
            1,
            "",
            &format!(
                "cannot restart web: supervisord there is version 0.0.1, this svcctl is {ours}, \
                 and they differ here (no method is called restart); bring both to one version\n"
            )
        )
    );
    assert_eq!(
        older(ours).svcctl(&["restart", "web"]),
        ran(1, "", "cannot restart web: no method is called restart\n")
    );
}
