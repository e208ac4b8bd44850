//! The control socket as any language sees it: lines of JSON, good ones and bad ones.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use harness::{Daemon, Wire, skip};
use serde_json::{Value, json};

const FRAME_MAX: usize = 1 << 20;

#[track_caller]
fn refusal(answer: &Value, code: i64, reason: &str) {
    assert_eq!(answer["error"]["code"], code, "{answer}");
    assert_eq!(answer["error"]["data"]["reason"], reason, "{answer}");
    assert!(answer["error"]["message"].is_string(), "{answer}");
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
}

#[test]
fn a_shell_can_list_with_nc() {
    let daemon = Daemon::start();
    daemon.service("web").add();
    let nc = Command::new("nc")
        .arg("-U")
        .arg(daemon.socket())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut nc) = nc else {
        skip("a shell with nc", "nc is not installed");
        return;
    };
    let mut input = nc.stdin.take().unwrap();
    input.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"list\"}\n").unwrap();
    drop(input);
    let mut line = String::new();
    BufReader::new(nc.stdout.take().unwrap()).read_line(&mut line).unwrap();
    nc.kill().unwrap();
    nc.wait().unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answer["result"]["services"][0]["label"], "web", "{answer}");
}

#[test]
fn hello_tells_since_when_this_daemon_runs() {
    let mut daemon = Daemon::prepare();
    let mut before = jiff::Timestamp::now();
    for _ in 0..2 {
        daemon.start_again();
        let answer = daemon.wire().ask("hello", json!({}));
        let since: jiff::Timestamp = answer["result"]["since"].as_str().unwrap().parse().unwrap();
        let after = jiff::Timestamp::now();
        // The daemon rounds to milliseconds.
        let rounded = before - jiff::SignedDuration::from_millis(1);
        assert!(rounded <= since && since <= after, "{before} {since} {after}");
        before = after;
        daemon.kill9();
    }
}

#[test]
fn hello_tells_versions() {
    let daemon = Daemon::start();
    let answer = daemon.wire().ask("hello", json!({"client": "scenario"}));
    let hello = &answer["result"];
    assert_eq!(hello["protocol"], 1, "{answer}");
    assert_eq!(hello["version"], env!("CARGO_PKG_VERSION"), "{answer}");
    assert_eq!(hello["pid"], daemon.pid(), "{answer}");
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_goes_on() {
    let daemon = Daemon::start();
    let mut wire = daemon.wire();
    let cases = [
        ("this is no JSON", -32700, "not_json", Value::Null),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,", -32700, "not_json", Value::Null),
        ("[]", -32600, "not_a_request", Value::Null),
        ("42", -32600, "not_a_request", Value::Null),
        ("{\"id\":1,\"method\":\"list\"}", -32600, "not_a_request", Value::Null),
        (
            "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"list\"}",
            -32600,
            "not_a_request",
            Value::Null,
        ),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"list\"}", -32600, "not_a_request", Value::Null),
        ("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"lsit\"}", -32601, "no_such_method", json!(5)),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"status\"}",
            -32602,
            "bad_parameters",
            json!(6),
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"stop\",\"params\":{\"lable\":\"web\"}}",
            -32602,
            "bad_parameters",
            json!("x"),
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"status\",\"params\":{\"label\":\"nobody\"}}",
            -32001,
            "no_such_service",
            json!(7),
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"add\",\"params\":{\"definition\":{}}}",
            -32003,
            "bad_definition",
            json!(8),
        ),
    ];
    for (line, code, reason, id) in cases {
        assert!(wire.send(format!("{line}\n")));
        let answer = wire.answer();
        refusal(&answer, code, reason);
        if id != Value::Null {
            assert_eq!(answer["id"], id, "{line}: {answer}");
        }
    }
    assert_eq!(wire.ask("ping", json!({}))["result"]["pid"], daemon.pid());
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let daemon = Daemon::start();
    let mut wire = daemon.wire();
    assert!(wire.send(b"\xff\xfe\x00\n"));
    refusal(&wire.answer(), -32700, "not_json");
    assert_eq!(wire.ask("ping", json!({}))["result"]["pid"], daemon.pid());
}

#[test]
fn a_frame_that_is_too_long_is_refused_and_ends_the_connection() {
    let daemon = Daemon::start();
    let mut wire = daemon.wire();
    // The daemon may hang up before all of it is written.
    let _ = wire.send(vec![b' '; FRAME_MAX]) && wire.send(vec![b'x'; FRAME_MAX]);
    if let Some(line) = wire.line() {
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer["error"]["code"].is_number(), "{answer}");
        assert_eq!(wire.line(), None, "the connection has ended");
    }
    assert_eq!(daemon.wire().ask("ping", json!({}))["result"]["pid"], daemon.pid());
}

#[test]
fn a_long_frame_within_the_limit_is_taken() {
    let daemon = Daemon::start();
    let client = "x".repeat(FRAME_MAX - 200);
    let answer = daemon.wire().ask("hello", json!({"client": client}));
    assert_eq!(answer["result"]["protocol"], 1, "{answer}");
}

#[test]
fn many_requests_in_one_write_are_all_answered() {
    let daemon = Daemon::start();
    let mut wire = daemon.wire();
    let lines: String = (0..500)
        .map(|id| format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "method": "ping"})))
        .collect();
    assert!(wire.send(lines));
    let mut ids: Vec<i64> = (0..500).map(|_| wire.answer()["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..500).collect::<Vec<_>>());
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let daemon = Daemon::start();
    let mut wire = daemon.wire();
    for byte in b"\n  \n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n" {
        assert!(wire.send([*byte]));
    }
    assert_eq!(wire.answer()["result"]["pid"], daemon.pid());
}

#[test]
fn a_hang_up_in_the_middle_of_a_frame_harms_nobody() {
    let daemon = Daemon::start();
    for _ in 0..50 {
        let mut wire = daemon.wire();
        assert!(wire.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"meth"));
    }
    let mut waiting = daemon.wire();
    daemon.service("web").add();
    assert!(waiting.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"wait\",\"params\":{\"label\":\"web\",\"until\":\"down\"}}\n"));
    drop(waiting);
    assert_eq!(daemon.wire().ask("ping", json!({}))["result"]["services"], 1);
}

#[test]
fn a_client_that_says_nothing_more_still_gets_its_answers() {
    let daemon = Daemon::start();
    let mut wire = daemon.wire();
    assert!(wire.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n"));
    wire.finish();
    assert_eq!(wire.answer()["result"]["pid"], daemon.pid());
    assert_eq!(wire.line(), None, "then the connection ends");
}

#[test]
fn a_client_that_reads_nothing_holds_nobody_up() {
    let daemon = Daemon::start();
    for label in ["a", "b", "c", "d"] {
        daemon.service(label).add();
    }
    let mut deaf = daemon.wire();
    let list = format!("{}\n", json!({"jsonrpc": "2.0", "id": 1, "method": "list"})).repeat(200);
    // Stops when the daemon takes no more from a client that does not read.
    std::thread::spawn(move || while deaf.send(&list) {});
    for _ in 0..20 {
        assert_eq!(daemon.wire().ask("ping", json!({}))["result"]["services"], 4);
    }
}

#[test]
fn list_comes_in_pages() {
    let daemon = Daemon::start();
    for label in ["a", "b", "c"] {
        daemon.service(label).without("RunAtLoad").add();
    }
    let mut wire = daemon.wire();
    let labels = |answer: &Value| -> Vec<String> {
        let rows = answer["result"]["services"].as_array().unwrap();
        rows.iter().map(|row| row["label"].as_str().unwrap().to_owned()).collect()
    };
    let first = wire.ask("list", json!({"limit": 2}));
    assert_eq!(labels(&first), ["a", "b"]);
    let second = wire.ask("list", json!({"limit": 2, "after": first["result"]["next"]}));
    assert_eq!(labels(&second), ["c"]);
    assert_eq!(second["result"].get("next"), None, "{second}");
    let brief = wire.ask("list", json!({"brief": true, "limit": 1, "after": "a"}));
    let row = json!({"label": "b", "pid": null, "status": null});
    assert_eq!(brief["result"], json!({"services": [row], "next": "b"}));
}

#[test]
fn outcomes_and_refusals_come_as_the_contract_says() {
    let daemon = Daemon::start();
    let mut wire = daemon.wire();
    let definition = daemon.service("web").json();
    let added = wire.ask("add", json!({"definition": definition}))["result"].clone();
    assert_eq!((&added["label"], &added["changed"]), (&json!("web"), &json!(true)), "{added}");
    assert_eq!(added["pid"], daemon.pid_of("web"), "{added}");
    let again = wire.ask("add", json!({"definition": definition}));
    assert_eq!(again["result"]["changed"], false, "{again}");
    let other = daemon.service("web").does(&["--print", "other"]).text();
    refusal(&wire.ask("add", json!({"definition": other})), -32002, "already_exists");
    let waited = wire.ask("wait", json!({"label": "web", "until": "down", "timeout_ms": 50}));
    refusal(&waited, -32007, "timed_out");
    let disabled = wire.ask("disable", json!({"label": "web"}));
    assert_eq!(disabled["result"]["changed"], true, "{disabled}");
    wire.ask("stop", json!({"label": "web"}));
    refusal(&wire.ask("start", json!({"label": "web"})), -32004, "disabled");
}

/// Two connections, two opposite wishes: the later one holds, the earlier one is told.
#[test]
fn an_earlier_request_is_told_when_a_later_one_overtakes_it() {
    let daemon = Daemon::start();
    daemon.service("web").does(&["--term-after", "400"]).add();
    daemon.pid_of("web");
    let mut stopping: Wire = daemon.wire();
    assert!(stopping.send(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop\",\"params\":{\"label\":\"web\"}}\n"
    ));
    daemon.wait_state("web", "stopping");
    let started = daemon.wire().ask("start", json!({"label": "web"}));
    assert_eq!(started["result"]["state"], "up", "{started}");
    refusal(&stopping.answer(), -32006, "superseded");
}
