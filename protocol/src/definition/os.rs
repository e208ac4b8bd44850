//! The three systems a definition is judged for. Never decides what one does; the key table does.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A system that definitions are judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// Linux, any distribution.
    Linux,
    /// macOS.
    MacOs,
    /// Windows 10 and later.
    Windows,
}

impl Os {
    /// All of them, in the order they are printed.
    pub const ALL: [Self; 3] = [Self::Linux, Self::MacOs, Self::Windows];

    /// The system this program was built for; a Unix we have no name for counts as Linux.
    #[must_use]
    pub fn current() -> Self {
        std::env::consts::OS.parse().unwrap_or(Self::Linux)
    }

    /// The name as a person types it: `linux`, `macos`, `windows`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::MacOs => "macos",
            Self::Windows => "windows",
        }
    }
}

impl fmt::Display for Os {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// The text names no system we know.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a system we know: linux, macos or windows")]
pub struct UnknownOs(String);

impl FromStr for Os {
    type Err = UnknownOs;

    fn from_str(text: &str) -> Result<Self, UnknownOs> {
        Self::ALL.into_iter().find(|os| os.name() == text).ok_or_else(|| UnknownOs(text.to_owned()))
    }
}
