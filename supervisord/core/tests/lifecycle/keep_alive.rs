//! launchd's truth table of `KeepAlive`, and our own of `Restart`: after which ends a service is
//! started again.

use std::time::Duration;

use supervisor_core::{
    Action, Event, Goal, KeepAlive, Load, Moment, Policy, Run, ServiceId, State, Supervisor, Want,
};

use crate::words;

/// A star is another run. `TERM` is a signal from outside: our own `stop` always sticks.
const TABLE: &str = "
| keep-alive      | code 0 | code 1 | crash 11 | signal 9 | signal 15 | unknown | code 3221225477 |
| never           |        |        |          |          |           |         |                 |
| always          | *      | *      | *        | *        | *         | *       | *               |
| success         | *      |        |          |          |           |         |                 |
| failure         |        | *      | *        | *        | *         | *       | *               |
| crash           |        |        | *        |          |           |         | *               |
| no-crash        | *      | *      |          | *        | *         | *       |                 |
| failure crash   |        | *      | *        | *        | *         | *       | *               |
| success crash   | *      |        | *        |          |           |         | *               |
| success failure | *      | *      | *        | *        | *         | *       | *               |
| crash no-crash  | *      | *      | *        | *        | *         | *       | *               |
| {}              |        |        |          |          |           |         |                 |
| restart always  | *      | *      | *        | *        | *         | *       | *               |
| restart failure |        | *      | *        | *        | *         | *       | *               |
| restart success | *      |        |          |          |           |         |                 |
| restart abnormal |       |        | *        | *        | *         | *       | *               |
| restart never   |        |        |          |          |           |         |                 |
| restart failure ok 1,3221225477 signal 15 | | | *      | *        |           | *       |                 |
| restart success ok 1 signal 9 | * | * |        | *        |           |         |                 |
| restart always never 0,1 |  |      | *        | *        | *         | *       | *               |
| restart abnormal signal 11 |  |    |          | *        | *         | *       | *               |
";

const SERVICE: ServiceId = ServiceId(1);
const THROTTLE: Duration = Duration::from_secs(10);

#[test]
fn keep_alive_restarts_after_exactly_the_ends_of_the_table() {
    for_each_cell(|keep_alive, end, is_restarted| {
        let (mut core, started) = ran_once(keep_alive);
        let exited = Event::Exited { run: run(1), exit: words::exit(end), tree_empty: true };
        let actions = handle(&mut core, started + THROTTLE, exited);
        let what = format!("keep-alive {keep_alive} after {end}");
        assert_eq!(actions.contains(&Action::Spawn(run(2))), is_restarted, "{what}: {actions:?}");
    });
}

#[test]
fn every_restart_of_the_table_is_throttled() {
    for_each_cell(|keep_alive, end, is_restarted| {
        let (mut core, started) = ran_once(keep_alive);
        let exited = Event::Exited { run: run(1), exit: words::exit(end), tree_empty: true };
        handle(&mut core, started + Duration::from_secs(1), exited);
        let state = core.service(SERVICE).unwrap().state();
        let throttled = State::Backoff { until: started + THROTTLE };
        let expected = if is_restarted { throttled } else { State::Down };
        assert_eq!(state, expected, "keep-alive {keep_alive} after {end}");
    });
}

#[test]
fn no_restart_of_the_table_overrides_a_stop() {
    for_each_cell(|keep_alive, end, _| {
        let (mut core, started) = ran_once(keep_alive);
        let stop = supervisor_core::Change::Stop;
        let stop =
            Event::Ask { service: SERVICE, change: stop, request: None, want: Want::Nothing };
        handle(&mut core, started + THROTTLE, stop);
        let exited = Event::Exited { run: run(1), exit: words::exit(end), tree_empty: true };
        handle(&mut core, started + THROTTLE, exited);
        let state = core.service(SERVICE).unwrap().state();
        assert_eq!(state, State::Down, "keep-alive {keep_alive} after {end}");
    });
}

#[test]
fn who_ends_soon_lets_others_go_first() {
    let millis = Duration::from_millis;
    for (lived, deference) in
        [(0, 10_000), (1, 10_000), (10, 1000), (9_999, 1), (10_001, 0), (70_000, 0)]
    {
        let (mut core, up) = ran_once("always");
        let exited = Event::Exited { run: run(1), exit: words::exit("code 1"), tree_empty: true };
        handle(&mut core, up + millis(lived), exited);
        handle(&mut core, up + THROTTLE, Event::Timeout);
        let service = core.service(SERVICE).unwrap();
        assert_eq!(service.state(), State::Spawning { run: run(2), renew: false });
        assert_eq!(service.deference(), deference, "after {lived} ms");
    }
}

#[test]
fn what_was_asked_for_waits_for_nobody() {
    let (mut core, up) = ran_once("always");
    let exited = Event::Exited { run: run(1), exit: words::exit("code 1"), tree_empty: true };
    handle(&mut core, up, exited);
    let change = supervisor_core::Change::Start;
    handle(
        &mut core,
        up,
        Event::Ask { service: SERVICE, change, request: None, want: Want::Nothing },
    );
    assert_eq!(core.service(SERVICE).unwrap().deference(), 0);
    // The other way round: what is asked to end has not failed.
    handle(&mut core, up, Event::Spawned(run(2)));
    let change = supervisor_core::Change::Restart;
    handle(
        &mut core,
        up,
        Event::Ask { service: SERVICE, change, request: None, want: Want::Nothing },
    );
    let exited = Event::Exited { run: run(2), exit: words::exit("code 0"), tree_empty: true };
    handle(&mut core, up, exited);
    assert_eq!(core.service(SERVICE).unwrap().deference(), 0);
}

fn for_each_cell(check: impl Fn(&str, &str, bool)) {
    let mut rows = TABLE.trim().lines().map(|line| {
        let cells = line.trim_matches('|').split('|').map(str::trim);
        cells.collect::<Vec<_>>()
    });
    let ends = rows.next().unwrap();
    for row in rows {
        assert_eq!(row.len(), ends.len(), "{row:?}");
        for (cell, end) in row.iter().zip(&ends).skip(1) {
            check(row[0], end, *cell == "*");
        }
    }
}

/// A service whose first run is up.
fn ran_once(keep_alive: &str) -> (Supervisor, Moment) {
    let rule = keep_alive.strip_prefix("restart ");
    let policy = Policy {
        run_at_load: true,
        // What it says of KeepAlive is to have no part in it.
        keep_alive: rule.map_or_else(|| words::keep_alive(keep_alive), |_| KeepAlive::Always),
        restart: rule.map(|rule| Box::new(words::restart(rule))),
        throttle: THROTTLE,
        backoff: None,
        start_limit: None,
        stop_timeout: None,
        triggers: None,
    };
    let (mut core, now) = (Supervisor::default(), Moment::after(Duration::from_secs(5)));
    let (service, goal) = (SERVICE, Goal::Up);
    let load = Load {
        service,
        label: "s".into(),
        policy,
        goal,
        enabled: true,
        past: None,
        seed: 0,
        request: None,
        want: Want::Nothing,
    };
    handle(&mut core, now, Event::Load(Box::new(load)));
    handle(&mut core, now, Event::Spawned(run(1)));
    (core, now)
}

fn run(number: u32) -> Run {
    Run { service: SERVICE, number }
}

fn handle(core: &mut Supervisor, now: Moment, event: Event) -> Vec<Action> {
    let mut actions = Vec::new();
    core.handle(now, event, &mut actions);
    actions
}
