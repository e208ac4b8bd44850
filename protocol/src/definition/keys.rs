//! The table: one row per key, all of launchd.plist(5), what Apple's own files use, and ours.
//!
//! A key lands by changing its row to [`Support::Honoured`] and nothing else; what reads, checks
//! and documents keys follows. No row claims what is not done.

mod launch;
mod launchd_only;
mod log;
mod nested;
mod process;
mod supervisor;

pub(super) use log::SETTINGS;

use super::key::{Class, Key, Kind, Support};

const HONOURED: Support = Support::Honoured;
const TEXT: Kind = Kind::Text;
const TEXTS: Kind = Kind::List(&TEXT);
const SECONDS: Kind = Kind::Integer { min: 1, max: u32::MAX as i64 };

/// The one key of ours at the top level.
const OURS: &[Key] = &[Key::new(
    "Supervisor",
    Kind::Dictionary(supervisor::SUPERVISOR),
    Class::Hot,
    "Everything launchd cannot say; launchd passes over it.",
)
.essential()
.everywhere(HONOURED)];

const GROUPS: [&[Key]; 8] = [
    launch::IDENTITY,
    launch::CONDITIONS,
    process::ENVIRONMENT,
    process::RESOURCES,
    process::TIMING,
    OURS,
    launchd_only::DOCUMENTED,
    launchd_only::INTERNALS,
];

const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

const ALL: [Key; COUNT] = {
    let mut all = [GROUPS[0][0]; COUNT];
    let (mut at, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            all[at] = GROUPS[group][row];
            at += 1;
            row += 1;
        }
        group += 1;
    }
    all
};

/// Every key at the top level of a definition, in the order of the documentation.
pub static KEYS: &[Key] = &ALL;

/// The row of a key by its path, as `KeepAlive.Crashed` or `Sockets.Listener.SockType`.
#[must_use]
pub fn find(path: &str) -> Option<&'static Key> {
    let mut names = path.split('.');
    let mut key = row(KEYS, names.next()?)?;
    for name in names {
        match row(key.kind.keys(), name) {
            Some(inner) => key = inner,
            None if matches!(key.kind, Kind::Map(_)) => {}
            None => return None,
        }
    }
    Some(key)
}

/// The row of that very name.
pub(super) fn row(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}
