//! list, status, logs, wait, ping.

use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, answer, label, outcome, ran, refusal, row};

/// Pages of two rows.
fn paging() -> Fake {
    let all = [
        row("api", "up", Some(12)),
        row("db", "down", None),
        row("job", "backoff", None),
        row("web", "up", Some(4711)),
        row("zoo", "up", Some(7)),
    ];
    Fake::daemon(move |request| {
        let after = request["params"]["after"].as_str().unwrap_or_default();
        let rest: Vec<_> =
            all.iter().filter(|row| after < row["label"].as_str().unwrap()).collect();
        let mut page = json!({ "services": rest[..rest.len().min(2)] });
        if 2 < rest.len() {
            page["next"] = rest[1]["label"].clone();
        }
        Reply::Lines(vec![answer(request, &page)])
    })
}

#[test]
fn list_follows_pages_and_prints_as_launchctl() {
    let daemon = paging();
    assert_eq!(
        daemon.svcctl(&["list"]),
        ran(
            0,
            "PID\tStatus\tLabel\n12\t-\tapi\n-\t-\tdb\n-\t-\tjob\n4711\t-\tweb\n7\t-\tzoo\n",
            ""
        )
    );
    let after: Vec<_> =
        daemon.asked().into_iter().map(|(_, params)| params["after"].clone()).collect();
    assert_eq!(after, [Value::Null, json!("db"), json!("web")]);
}

#[test]
fn list_as_json_is_one_array() {
    let ran = paging().svcctl(&["list", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let labels: Vec<_> = rows.iter().map(|row| row["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["api", "db", "job", "web", "zoo"]);
    assert_eq!(rows[3], row("web", "up", Some(4711)));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn list_of_nothing_is_empty() {
    let daemon = Fake::answering(json!({ "services": [] }));
    assert_eq!(daemon.svcctl(&["list"]), ran(0, "PID\tStatus\tLabel\n", ""));
    assert_eq!(daemon.svcctl(&["--json", "list"]), ran(0, "[]\n", ""));
}

#[test]
fn list_shows_only_what_was_named_and_misses_the_rest() {
    assert_eq!(
        paging().svcctl(&["list", "web", "gone", "api"]),
        ran(
            4,
            "PID\tStatus\tLabel\n12\t-\tapi\n4711\t-\tweb\n",
            "cannot list gone: no service has this label\n"
        )
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let rows: Vec<_> = (0..5000).map(|n| row(&format!("s{n:04}"), "up", Some(n))).collect();
    let daemon = Fake::answering(json!({ "services": rows }));
    let base = daemon.file("unused", "");
    let mut command = crate::fake::svcctl(base.parent().unwrap());
    command.arg("list").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

fn statuses() -> Fake {
    Fake::daemon(|request| {
        let name = label(request);
        if name == "gone" {
            let sentence = "cannot show gone: no service has this label";
            return Reply::Lines(vec![refusal(request, "no_such_service", sentence)]);
        }
        let up = name == "web";
        let mut status = row(name, if up { "up" } else { "down" }, up.then_some(4711));
        let more = json!({
            "definition": "/web.plist", "command": ["/web"], "directory": "/", "stdout": null,
            "stderr": null, "enabled": true, "keep_alive": "always", "throttle_ms": 10_000,
            "stop_timeout_ms": 20_000, "runs": 1, "last_exit": null, "next_start": null,
            "why": "calm",
        });
        status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Reply::Lines(vec![answer(request, &status)])
    })
}

#[test]
fn status_tells_by_its_exit_code_whether_it_runs() {
    let daemon = statuses();
    assert_eq!(daemon.svcctl(&["status", "web"]).code, Some(0));
    assert_eq!(daemon.svcctl(&["status", "db"]).code, Some(3));
    assert_eq!(daemon.svcctl(&["print", "gui/501/db"]).code, Some(3));
    assert_eq!(
        daemon.svcctl(&["status", "gone"]),
        ran(4, "", "cannot show gone: no service has this label\n")
    );
    let both = daemon.svcctl(&["status", "web", "db", "gone"]);
    assert_eq!(both.code, Some(3));
    assert!(both.stdout.starts_with("web: up, pid 4711\n  why         calm\n"), "{}", both.stdout);
    assert!(both.stdout.contains("\ndb: down\n"), "{}", both.stdout);
}

#[test]
fn status_as_json_is_an_object_or_for_several_an_array() {
    let daemon = statuses();
    let one: Value =
        serde_json::from_str(&daemon.svcctl(&["status", "web", "--json"]).stdout).unwrap();
    assert_eq!((&one["label"], &one["runs"]), (&json!("web"), &json!(1)));
    let two: Value =
        serde_json::from_str(&daemon.svcctl(&["status", "web", "db", "--json"]).stdout).unwrap();
    assert_eq!((&two[0]["label"], &two[1]["label"]), (&json!("web"), &json!("db")));
    assert_eq!(daemon.svcctl(&["status", "gone", "gone", "--json"]).stdout, "[]\n");
}

fn log(request: &Value, text: &str) -> Value {
    let params = json!({ "request": request["id"], "label": label(request), "text": text });
    json!({ "jsonrpc": "2.0", "method": "log", "params": params })
}

#[test]
fn logs_pass_on_what_comes() {
    let daemon = Fake::daemon(|request| {
        let lines = ["one\ntw", "o\nthree"].map(|text| log(request, text));
        Reply::Lines([lines.as_slice(), &[answer(request, &json!({}))]].concat())
    });
    assert_eq!(daemon.svcctl(&["logs", "web"]), ran(0, "one\ntwo\nthree", ""));
    assert_eq!(daemon.svcctl(&["logs", "-f", "web"]), ran(0, "one\ntwo\nthree", ""));
    assert_eq!(
        daemon.svcctl(&["logs", "-n5", "--stderr", "web", "--json"]).stdout.lines().count(),
        3
    );
    let params: Vec<_> = daemon.asked().into_iter().map(|(_, params)| params).collect();
    assert_eq!(params[0], json!({ "label": "web" }));
    assert_eq!(params[1], json!({ "label": "web", "lines": 10, "follow": true }));
    assert_eq!(params[2], json!({ "label": "web", "lines": 5, "stream": "stderr" }));
}

#[test]
fn following_ends_with_a_word_when_the_daemon_goes() {
    let daemon =
        Fake::daemon(|request| Reply::HangUp(format!("{}\n", log(request, "last words\n"))));
    assert_eq!(
        daemon.svcctl(&["logs", "-f", "web"]),
        ran(
            5,
            "last words\n",
            "cannot follow the log of web: supervisord hung up before it had answered; \
             svcctl ping tells whether it lives\n"
        )
    );
}

#[test]
fn wait_says_where_the_service_is_or_that_time_is_up() {
    let daemon = Fake::answering(outcome("web", "down", None, "exit 0"));
    assert_eq!(
        daemon.svcctl(&["wait", "web", "--until", "exited", "--timeout", "1m30s"]),
        ran(0, "web: down, exit 0\n", "")
    );
    let asked = json!({ "label": "web", "until": "exited", "timeout_ms": 90_000 });
    assert_eq!(daemon.asked(), [("wait".to_owned(), asked)]);
    let sentence = "cannot wait for web: it is not up within 1 s";
    assert_eq!(
        Fake::refusing("timed_out", sentence).svcctl(&["wait", "web", "--timeout=1"]),
        ran(6, "", &format!("{sentence}\n"))
    );
}

#[test]
fn ping_says_who_answers() {
    let daemon = Fake::answering(json!({ "pid": 812, "services": 12 }));
    assert_eq!(daemon.svcctl(&["ping"]), ran(0, "supervisord: alive, pid 812, 12 services\n", ""));
    assert_eq!(daemon.svcctl(&["ping", "--json"]), ran(0, "{\"pid\":812,\"services\":12}\n", ""));
}
