//! What a simulated process is like, and how it takes to being told to end.

use std::time::Duration;

use supervisor_core::{Exit, Policy};

use crate::random::Random;

/// One process of a tree: when it ends, by itself and when told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nature {
    /// By itself, if ever.
    pub(crate) life: Option<Duration>,
    /// Told to terminate; `None` is deaf.
    pub(crate) on_terminate: Option<Duration>,
    /// Told by force; the immortal take very long.
    pub(crate) on_kill: Duration,
    /// How it ends by itself.
    pub(crate) exit: Exit,
}

/// What becomes of a spawn: nothing, or a tree with or without a second process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Birth {
    pub(crate) after: Duration,
    pub(crate) is_made: bool,
    /// It is not for want of something that comes back.
    pub(crate) is_passing: bool,
    pub(crate) main: Nature,
    pub(crate) child: Option<Nature>,
}

pub(crate) const TERMINATED: Exit = Exit::Signal { number: 15, core: false, crash: false };
pub(crate) const KILLED: Exit = Exit::Signal { number: 9, core: false, crash: false };
pub(crate) const CRASHES: [Exit; 2] =
    [Exit::Signal { number: 11, core: true, crash: true }, Exit::Code(0xC000_0005)];

impl Birth {
    pub(crate) fn random(policy: &Policy, random: &mut Random) -> Self {
        let is_slow = random.chance(10);
        Self {
            after: random.up_to(if is_slow { 5000 } else { 3 }),
            is_made: !random.chance(12),
            is_passing: random.chance(40),
            main: Nature::random(policy, random),
            child: random.chance(35).then(|| Nature::random(policy, random)),
        }
    }
}

impl Nature {
    fn random(policy: &Policy, random: &mut Random) -> Self {
        // Without a throttle, or with a pause that chance may take away, a process that ends at
        // once would be started without end.
        let shortest = if policy.throttle.is_zero() || policy.backoff.is_some() {
            Duration::from_secs(1)
        } else {
            Duration::ZERO
        };
        let life = match random.below(5) {
            0 => Some(random.up_to(5)),
            1 => Some(random.up_to(3000)),
            2 => Some(random.up_to(30_000)),
            _ => None,
        };
        let is_immortal = random.chance(8);
        Self {
            life: life.map(|life| shortest + life),
            on_terminate: (!random.chance(25)).then(|| random.up_to(3000)),
            on_kill: random.up_to(if is_immortal { 2_000_000 } else { 50 }),
            exit: random.pick(&[
                Exit::Code(0),
                Exit::Code(1),
                CRASHES[0],
                CRASHES[1],
                KILLED,
                Exit::Unknown,
            ]),
        }
    }
}
