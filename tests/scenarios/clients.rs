//! Many services and many clients at once: whatever they do, the books stay true.
//!
//! Short by default: `SVC_SOAK_SECONDS=60` makes it long, `SVC_SEED=n` replays the choices.

use std::time::{Duration, Instant};
use std::{fs, thread};

use harness::{Daemon, Dice, PATIENCE, Wire, number, observer, wait_until};
use serde_json::{Value, json};

const SERVICES: usize = 200;
const CLIENTS: u64 = 8;

fn label(service: usize) -> String {
    format!("service-{service:03}")
}

/// Of every ten services one is deaf, one crashes all the time, one has a family.
fn definition(daemon: &Daemon, service: usize) -> Value {
    let puppet = daemon.service(&label(service)).key("ExitTimeOut", 1);
    let puppet = puppet.key("KeepAlive", true).key("ThrottleInterval", 0);
    match service % 10 {
        0 => puppet.does(&["--deaf"]),
        1 => puppet.does(&["--exit-after", "300"]).key("ThrottleInterval", 1),
        2 => puppet.does(&["--children", "1", "--term-after", "20"]),
        3 => puppet.does(&["--exit", "0"]).without("KeepAlive"),
        _ => puppet,
    }
    .json()
}

/// One client's random walk; every answer must be a result or an honest refusal.
fn walk(wire: &mut Wire, dice: &mut Dice, definitions: &[Value], end: Instant) {
    while Instant::now() < end {
        let service = dice.below(SERVICES);
        let target = json!({"label": label(service)});
        let answer = match dice.below(10) {
            0..=2 => wire.ask("add", json!({"definition": definitions[service]})),
            3 => wire.ask("start", target),
            4 => wire.ask("stop", target),
            5 => wire.ask("restart", target),
            6 => wire.ask("remove", target),
            7 => wire.ask("status", target),
            _ => {
                check_list(&wire.ask("list", json!({})));
                continue;
            }
        };
        if let Some(error) = answer.get("error") {
            let reason = error["data"]["reason"].as_str().unwrap();
            let honest = ["no_such_service", "superseded", "failed", "already_exists"];
            assert!(honest.contains(&reason), "{answer}");
        }
    }
}

/// In label order, each once, and a process exactly where the state has one.
fn check_list(answer: &Value) {
    let rows = answer["result"]["services"].as_array().unwrap();
    let labels: Vec<&str> = rows.iter().map(|row| row["label"].as_str().unwrap()).collect();
    assert!(labels.is_sorted_by(|one, next| one < next), "{labels:?}");
    for row in rows {
        match row["state"].as_str().unwrap() {
            "up" => assert!(row["pid"].is_u64(), "{row}"),
            "down" | "backoff" | "failed" => assert!(row["pid"].is_null(), "{row}"),
            _ => {}
        }
    }
}

#[test]
fn two_hundred_services_and_eight_clients_keep_the_books_true() {
    let seed = number("SVC_SEED", 20_260_101);
    let duration = Duration::from_secs(number("SVC_SOAK_SECONDS", 6));
    let daemon = Daemon::start();
    let definitions: Vec<Value> =
        (0..SERVICES).map(|service| definition(&daemon, service)).collect();
    let idle = observer::descriptors(daemon.pid()).len();
    let end = Instant::now() + duration;
    thread::scope(|scope| {
        for client in 1..=CLIENTS {
            let (mut wire, definitions) = (daemon.wire(), &definitions);
            let mut dice = Dice::new(seed.wrapping_mul(client));
            scope.spawn(move || walk(&mut wire, &mut dice, definitions, end));
        }
    });
    check_against_the_system(&daemon);
    let mut wire = daemon.wire();
    for service in 0..SERVICES {
        wire.ask("remove", json!({"label": label(service), "wait": service % 2 == 0}));
    }
    drop(wire);
    check_nothing_is_left(&daemon, idle);
    for service in 0..SERVICES {
        assert_eq!(daemon.count(&label(service), "double"), 0, "{} ran twice", label(service));
    }
}

/// With the clients gone the daemon's list comes to agree with the system's.
#[track_caller]
fn check_against_the_system(daemon: &Daemon) {
    let lasting = |row: &Value| {
        let service: usize = row["label"].as_str().unwrap()[8..].parse().unwrap();
        ![1, 3].contains(&(service % 10))
    };
    wait_until("the list and the system to agree", PATIENCE, || {
        let list = daemon.json(&["list"]);
        list.as_array().unwrap().iter().filter(|row| lasting(row)).all(|row| {
            let lives = row["pid"].as_u64().map(|pid| observer::lives(u32::try_from(pid).unwrap()));
            lives == (row["goal"] == "up").then_some(true)
        })
    });
}

#[track_caller]
fn check_nothing_is_left(daemon: &Daemon, idle: usize) {
    wait_until("all services to be gone", PATIENCE, || {
        daemon.json(&["list"]).as_array().unwrap().is_empty()
    });
    assert_eq!(observer::services_below(daemon.base()), []);
    observer::wait_collected(daemon.pid());
    wait_until("all descriptors to be closed", PATIENCE, || {
        observer::descriptors(daemon.pid()).len() <= idle
    });
    let files = fs::read_dir(daemon.base().join("services")).unwrap().count();
    assert_eq!(files, 0, "definitions are left");
}

#[test]
fn svcctl_may_be_run_many_times_at_once() {
    let daemon = Daemon::start();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let daemon = &daemon;
            scope.spawn(move || {
                let label = format!("web-{client}");
                daemon.service(&label).add();
                for _ in 0..3 {
                    daemon.done(&["stop", &label]);
                    daemon.done(&["start", &label]);
                    daemon.done(&["list"]);
                }
                daemon.done(&["remove", &label]);
            });
        }
    });
    assert_eq!(daemon.done(&["list"]), "PID\tStatus\tLabel\n");
    for client in 0..CLIENTS {
        assert_eq!(daemon.count(&format!("web-{client}"), "double"), 0);
    }
}
