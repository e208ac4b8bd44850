//! What is known about one key: its name, its form, and what each system does with it.
//!
//! Holds no key itself (those are the rows of [`super::keys`]) and never looks at a file.

use super::os::Os;

/// One key of a definition: everything that checking, documenting and applying it needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// The name exactly as launchd.plist(5), or our own documentation, spells it.
    pub name: &'static str,
    /// The values it may have.
    pub kind: Kind,
    /// What a change of it asks of a service that runs.
    pub class: Class,
    /// What happens to the definition when the value is not of this kind.
    pub wrong: Wrong,
    /// True for a key that only launchd acts on: kept as written, so that nothing is lost to it.
    pub is_verbatim: bool,
    /// What Linux does with it.
    pub linux: Support,
    /// What macOS does with it.
    pub macos: Support,
    /// What Windows does with it.
    pub windows: Support,
    /// One sentence for a reader of the documentation.
    pub summary: &'static str,
}

/// The values a key may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// True or false.
    Boolean,
    /// A whole number between two bounds, both allowed.
    Integer {
        /// The least value allowed.
        min: i64,
        /// The greatest value allowed.
        max: i64,
    },
    /// A number that may have a fraction, between two bounds, both allowed.
    Number {
        /// The least value allowed.
        min: f64,
        /// The greatest value allowed.
        max: f64,
    },
    /// Any text.
    Text,
    /// The name of a service.
    Label,
    /// A file or folder, taken as written: neither `~` nor `$NAME` is expanded.
    Path,
    /// A file to execute: a path that must be absolute.
    Program,
    /// File mode bits: an integer in decimal, or text read as octal when it begins with `0`.
    Mode,
    /// A number of bytes: an integer, or text such as `64M` (powers of 1024).
    Size,
    /// A signal: its name with or without `SIG`, or its number.
    Signal,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Anything at all; only launchd knows.
    Anything,
    /// Any number of values of one kind.
    List(&'static Kind),
    /// A dictionary whose names are free and whose values are of one kind.
    Map(&'static Kind),
    /// A dictionary with its own keys.
    Dictionary(&'static [Key]),
    /// One of several kinds, told apart by the form of the value.
    OneOf(&'static [Kind]),
}

/// What a change of a key asks of a service that runs, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Taken over while the service runs.
    Hot,
    /// Read when the service starts the next time; the running process is left alone.
    NextStart,
    /// The running process was made with the old value and has to be replaced.
    Restart,
}

/// What happens to a definition when a value is not of the kind its key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The key counts as absent, as launchd has it, and a warning says so.
    Ignored,
    /// The definition is refused, because running the service without the key would be wrong.
    Refused,
}

/// What one system does with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It means what launchd.plist(5), or our documentation, says.
    Honoured,
    /// It means nearly that; the text says how.
    Approximated(&'static str),
    /// It has no effect; the text says why.
    NotAvailable(&'static str),
    /// The definition is refused there; the text says why running without the key would be wrong.
    Refused(&'static str),
    /// It is read and checked, and has no effect in this version.
    NotYet,
}

impl Key {
    /// What the given system does with this key.
    #[must_use]
    pub const fn on(&self, os: Os) -> Support {
        match os {
            Os::Linux => self.linux,
            Os::MacOs => self.macos,
            Os::Windows => self.windows,
        }
    }

    pub(super) const fn new(
        name: &'static str,
        kind: Kind,
        class: Class,
        summary: &'static str,
    ) -> Self {
        let (linux, macos, windows) = (Support::NotYet, Support::NotYet, Support::NotYet);
        let (wrong, is_verbatim) = (Wrong::Ignored, false);
        Self { name, kind, class, wrong, is_verbatim, linux, macos, windows, summary }
    }

    /// A key that only launchd acts on, with the reason why nobody else does.
    pub(super) const fn launchd_only(
        name: &'static str,
        kind: Kind,
        why: &'static str,
        summary: &'static str,
    ) -> Self {
        let mut key = Self::new(name, kind, Class::Hot, summary);
        key.is_verbatim = true;
        key.everywhere(Support::NotAvailable(why))
    }

    pub(super) const fn everywhere(self, support: Support) -> Self {
        self.linux(support).macos(support).windows(support)
    }

    pub(super) const fn unix(self, support: Support) -> Self {
        self.linux(support).macos(support)
    }

    pub(super) const fn linux(mut self, support: Support) -> Self {
        self.linux = support;
        self
    }

    pub(super) const fn macos(mut self, support: Support) -> Self {
        self.macos = support;
        self
    }

    pub(super) const fn windows(mut self, support: Support) -> Self {
        self.windows = support;
        self
    }

    /// Refuses the definition when the value is wrong.
    pub(super) const fn essential(mut self) -> Self {
        self.wrong = Wrong::Refused;
        self
    }
}

impl Kind {
    /// The keys inside, when a value of this kind is, or holds, a dictionary with its own keys.
    #[must_use]
    pub fn keys(&self) -> &'static [Key] {
        match self {
            Self::Dictionary(keys) => keys,
            Self::List(inner) | Self::Map(inner) => inner.keys(),
            Self::OneOf(kinds) => {
                kinds.iter().map(Self::keys).find(|keys| !keys.is_empty()).unwrap_or_default()
            }
            Self::Boolean
            | Self::Integer { .. }
            | Self::Number { .. }
            | Self::Text
            | Self::Label
            | Self::Path
            | Self::Program
            | Self::Mode
            | Self::Size
            | Self::Signal
            | Self::Choice(_)
            | Self::Anything => &[],
        }
    }
}
