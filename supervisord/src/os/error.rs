//! Why a process could not be started: the stage, what it was about, and the system's reason.

use std::{ffi::OsString, fmt, io, path::Path};

/// The step of starting a process that failed, in the order they are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Putting together what the program is given; an argument with a NUL in it fails here.
    Prepare,
    /// Finding the user or the group.
    Account,
    /// Reading the files of its variables.
    Read,
    /// Making the process.
    Clone,
    /// Putting it into its control group or job.
    Group,
    /// Setting its priority.
    Nice,
    /// Having it scheduled behind others.
    Schedule,
    /// Setting a limit.
    Limit,
    /// Having the disk serve it behind others.
    Disk,
    /// Changing its root directory.
    Root,
    /// Becoming the user.
    User,
    /// Entering its directory.
    Directory,
    /// Opening its input or output.
    Open,
    /// Giving it a session of its own.
    Session,
    /// Having it stopped when it has entered the program.
    Hold,
    /// Entering the program.
    Exec,
}

impl Stage {
    /// All stages, each at the index that is its number.
    #[cfg(unix)]
    pub(super) const ALL: [Self; 16] = [
        Self::Prepare,
        Self::Account,
        Self::Read,
        Self::Clone,
        Self::Group,
        Self::Nice,
        Self::Schedule,
        Self::Limit,
        Self::Disk,
        Self::Root,
        Self::User,
        Self::Directory,
        Self::Open,
        Self::Session,
        Self::Hold,
        Self::Exec,
    ];

    fn verb(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Account => "user",
            Self::Read => "read",
            Self::Clone => "clone",
            Self::Group => "group",
            Self::Nice => "nice",
            Self::Schedule => "schedule",
            Self::Limit => "limit",
            Self::Disk => "ioprio",
            Self::Root => "chroot",
            Self::User => "setuid",
            Self::Directory => "chdir",
            Self::Open => "open",
            Self::Session => "setsid",
            Self::Hold => "hold",
            Self::Exec => "exec",
        }
    }
}

/// A start that failed. Shown as `chdir /srv/web: No such file or directory`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpawnError {
    /// How far it came.
    pub stage: Stage,
    /// The file, user or limit it was about.
    pub object: Option<OsString>,
    /// The system's number for the reason, where the system gave one.
    pub errno: Option<i32>,
    /// More than the number says, instead of the system's words for it.
    pub detail: Option<String>,
}

impl SpawnError {
    pub(super) fn new(stage: Stage, object: Option<OsString>, errno: i32) -> Self {
        Self { stage, object, errno: Some(errno), detail: None }
    }

    pub(super) fn because(stage: Stage, object: Option<OsString>, detail: String) -> Self {
        Self { stage, object, errno: None, detail: Some(detail) }
    }

    /// The system's reason as it came.
    pub fn from_io(stage: Stage, object: Option<OsString>, error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(errno) => Self::new(stage, object, errno),
            None => Self::because(stage, object, error.to_string()),
        }
    }

    /// Something was lacking that comes back by itself, so that it is worth another try.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.errno.is_some_and(super::imp::is_passing)
    }

    /// The file it was about, when it was about a file.
    pub fn path(&self) -> Option<&Path> {
        match self.stage {
            Stage::Read
            | Stage::Root
            | Stage::Directory
            | Stage::Open
            | Stage::Exec
            | Stage::Group => self.object.as_deref().map(Path::new),
            Stage::Prepare
            | Stage::Account
            | Stage::Clone
            | Stage::Nice
            | Stage::Schedule
            | Stage::Limit
            | Stage::Disk
            | Stage::User
            | Stage::Session
            | Stage::Hold => None,
        }
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.stage.verb())?;
        if let Some(object) = &self.object {
            write!(f, " {}", object.display())?;
        }
        match (&self.detail, self.errno) {
            (Some(detail), _) => write!(f, ": {detail}"),
            (None, Some(errno)) => write!(f, ": {}", words(errno)),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for SpawnError {}

/// The system's words for an error number, without the number and a full stop.
pub(super) fn words(errno: i32) -> String {
    let mut words = io::Error::from_raw_os_error(errno).to_string();
    if let Some(end) = words.rfind(" (os error") {
        words.truncate(end);
    }
    words.truncate(words.trim_end_matches(['.', '\r', '\n']).len());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_stage_object_and_cause() {
        let error = SpawnError::new(Stage::Directory, Some("/srv/web".into()), 2);
        assert_eq!(error.path(), Some(Path::new("/srv/web")));
        #[cfg(unix)]
        assert_eq!(error.to_string(), "chdir /srv/web: No such file or directory");
        let error =
            SpawnError::because(Stage::Account, Some("nobody2".into()), "no such user".into());
        assert_eq!(error.to_string(), "user nobody2: no such user");
        assert_eq!(error.path(), None);
    }
}
