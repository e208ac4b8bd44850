//! What the daemon senses of the machine beside processes: time, paths, mounts, networks.
//!
//! Each sense is an open file that becomes ready when something happened; none costs anything, not
//! even that file, while nobody needs it. What is sensed means nothing here.

#[cfg(target_os = "linux")]
#[path = "linux/senses"]
mod imp {
    pub(super) mod clock;
    pub(super) mod doorbell;
    pub(super) mod mounted;
    pub(super) mod network;
    pub(super) mod paths;
}
#[cfg(windows)]
#[path = "windows/senses"]
pub(super) mod imp {
    pub(in crate::os) mod clock;
    #[path = "../../elsewhere/doorbell.rs"]
    pub(super) mod doorbell;
    mod folder;
    #[path = "../../elsewhere/mounted.rs"]
    pub(super) mod mounted;
    pub(super) mod network;
    pub(super) mod paths;
}
#[cfg(not(any(target_os = "linux", windows)))]
#[path = "macos/senses"]
mod imp {
    pub(super) mod clock;
    pub(super) mod doorbell;
    pub(super) mod mounted;
    pub(super) mod network;
    pub(super) mod paths;
}

pub use self::imp::{
    clock::{Alarm, ClockSet, since_boot, zone_file},
    doorbell::Doorbell,
    mounted::Mounts,
    network::Network,
    paths::{PathEvents, Signature},
};

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::ops::BitOr;

/// One watched file or folder; the same for all paths that lead to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub(super) i32);

/// What is to be told of a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interest(u8);

impl Interest {
    /// It is renamed or removed.
    pub const PASSAGE: Self = Self(1);
    /// Also that a name of it is removed while someone still has it open.
    pub const PRESENCE: Self = Self(1 | 2);
    /// Names appear in the folder.
    pub const ARRIVALS: Self = Self(1 | 4);
    /// The file is written, or its attributes change.
    pub const CONTENT: Self = Self(1 | 2 | 8);
    /// Names appear in or leave the folder, or its attributes change.
    pub const ENTRIES: Self = Self(1 | 2 | 4 | 16);

    /// Each that there is.
    pub const ALL: [Self; 5] =
        [Self::PASSAGE, Self::PRESENCE, Self::ARRIVALS, Self::CONTENT, Self::ENTRIES];

    /// All of the other is part of this.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What happened since it was last asked.
#[derive(Debug, Default)]
pub struct Happened {
    /// Events were lost: anything may have happened anywhere.
    pub is_everything: bool,
    /// By place.
    pub at: HashMap<Place, Seen>,
}

/// What happened at one place.
#[derive(Debug, Default)]
pub struct Seen {
    /// It was renamed, removed or unmounted.
    pub is_moved: bool,
    /// It is not watched any more.
    pub is_gone: bool,
    /// Its attributes changed, or one of its names is gone.
    pub has_attributes: bool,
    /// It was written.
    pub is_written: bool,
    /// Names appeared in it or left it.
    pub has_entries: bool,
    /// The names that appeared in it.
    pub arrivals: HashSet<OsString>,
}
