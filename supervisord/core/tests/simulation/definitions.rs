//! What simulated definitions say.

use std::sync::Arc;
use std::time::Duration;

use protocol::definition::Calendar;
use supervisor_core::{
    Backoff, Condition, KeepAlive, Level, Policy, Restart, RestartOn, StartLimit, Triggers,
};

use crate::random::Random;

/// The labels there are.
pub(crate) const LABELS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// What a definition of that label may say.
pub(crate) fn random_policy(label: &str, random: &mut Random) -> Policy {
    let condition = |random: &mut Random| match random.below(4) {
        0 => Condition::SuccessfulExit(true),
        1 => Condition::SuccessfulExit(false),
        2 => Condition::Crashed(true),
        _ => Condition::Crashed(false),
    };
    Policy {
        run_at_load: random.chance(30),
        keep_alive: match random.below(9) {
            0 | 1 => KeepAlive::Never,
            4 => KeepAlive::When(Box::default()),
            2 => KeepAlive::When(Box::new([condition(random)])),
            3 => KeepAlive::When(Box::new([condition(random), condition(random)])),
            _ => KeepAlive::Always,
        },
        restart: random.chance(20).then(|| Box::new(restart(random))),
        throttle: Duration::from_millis(random.pick(&[0, 500, 2000, 10_000])),
        backoff: random.chance(25).then(|| Box::new(backoff(random))),
        start_limit: random.chance(25).then(|| {
            Box::new(StartLimit {
                burst: random.pick(&[1, 2, 3, 5]),
                interval: Duration::from_millis(random.pick(&[1000, 10_000, 60_000])),
            })
        }),
        stop_timeout: random
            .pick(&[Some(100), Some(1000), Some(5000), Some(20_000), None])
            .map(Duration::from_millis),
        triggers: random.chance(60).then(|| Box::new(triggers(label, random))),
    }
}

fn backoff(random: &mut Random) -> Backoff {
    let mut pick = |choice| Duration::from_millis(random.pick(choice));
    Backoff {
        initial: pick(&[500, 1000, 5000]),
        max: pick(&[500, 7000, 30_000]),
        reset_after: pick(&[0, 3000, 30_000]),
        factor: random.pick(&[1.0, 1.5, 2.0, 100.0]),
        jitter: random.pick(&[0.0, 0.0, 0.5, 1.0]),
    }
}

fn restart(random: &mut Random) -> Restart {
    Restart {
        on: random.pick(&[
            RestartOn::Always,
            RestartOn::Failure,
            RestartOn::Success,
            RestartOn::Abnormal,
            RestartOn::Never,
        ]),
        successes: random.pick(&[&[][..], &[1], &[0xC000_0005]]).into(),
        never: random.pick(&[&[][..], &[0], &[1]]).into(),
        signals: random.pick(&[&[][..], &[9], &[11]]).into(),
    }
}

fn triggers(label: &str, random: &mut Random) -> Triggers {
    let interval = random.pick(&[1000, 7000, 20_000, 60_000]);
    let levels = random.pick(&[0, 0, 1, 2]);
    Triggers {
        interval: random.chance(35).then(|| Duration::from_millis(interval)),
        calendar: if random.chance(35) { calendar(random) } else { Vec::new() },
        has_edges: random.chance(30),
        levels: (0..levels).map(|_| level(label, random)).collect(),
        after_demand: random.chance(15),
        once: random.chance(12),
    }
}

/// Around the hours at which worlds begin and clocks jump.
fn calendar(random: &mut Random) -> Vec<Calendar> {
    let entries = random.pick(&[1, 1, 2]);
    let entry = |random: &mut Random| Calendar {
        minute: random.pick(&[None, Some(0), Some(30), Some(59)]),
        hour: random.pick(&[None, None, Some(1), Some(2), Some(3)]),
        weekday: random.pick(&[None, None, Some(0)]),
        ..Calendar::default()
    };
    (0..entries).map(|_| entry(random)).collect()
}

/// About services other than itself.
fn level(label: &str, random: &mut Random) -> Level {
    let other: Vec<&str> = LABELS.into_iter().filter(|other| *other != label).collect();
    let label: Arc<str> = random.pick(&other).into();
    let value = random.chance(60);
    match random.below(5) {
        0 => Level::Path { path: "/path".into(), exists: value },
        1 => Level::Queue("/queue".into()),
        2 => Level::Network(value),
        3 => Level::OtherLoaded { label, value },
        _ => Level::OtherActive { label, value },
    }
}
