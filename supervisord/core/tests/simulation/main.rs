//! Random worlds against the supervisor on a virtual clock; `judge.rs` and
//! `standing.rs` have what must hold.
//!
//! `SEED=7` replays one world and tells its story, `SEEDS=100000` plays more of them. The world
//! keeps its own truth about which processes live: it believes nothing that the core says.

mod books;
mod definitions;
mod hurry;
mod judge;
mod killed;
mod known;
mod nature;
mod people;
mod random;
mod reasons;
mod sight;
mod standing;
mod timers;
mod weather;
mod world;

use std::collections::BTreeSet;

use world::World;

const SEEDS: u64 = 2000;

#[test]
fn every_invariant_holds_in_random_worlds() {
    if let Some(seed) = number("SEED") {
        World::new(seed, true).play();
        return;
    }
    let mut seen = BTreeSet::new();
    for seed in 0..number("SEEDS").unwrap_or(SEEDS) {
        let replay = Replay(seed);
        let mut world = World::new(seed, false);
        world.play();
        seen.append(&mut world.seen);
        drop(replay);
    }
    let missing: Vec<_> = sight::worth_seeing().filter(|sight| !seen.contains(sight)).collect();
    assert!(missing.is_empty(), "no world had these (state, event): {missing:?}");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().expect("a number"))
}

/// Tells how to see a failure again.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("SEED={} cargo test -p supervisor-core --test simulation replays it", self.0);
        }
    }
}
