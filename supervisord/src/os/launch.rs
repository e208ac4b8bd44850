//! What it takes to start one process, as plain values: nothing here touches the system.

use std::{ffi::OsString, path::PathBuf, sync::Arc};

/// What [`Processes`](super::Processes) must know of the daemon it serves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tells the trees of this daemon from those of others on the host, over restarts of the
    /// daemon: `system`, `user-1000`, or something made from the base directory.
    pub domain: String,
    /// Threads that start processes; `None` means one for each core, at most four.
    pub spawners: Option<usize>,
    /// Whether control groups are used where the system has them.
    pub control_groups: bool,
}

impl Options {
    /// The usual options for a domain.
    pub fn new(domain: impl Into<String>) -> Self {
        Self { domain: domain.into(), spawners: None, control_groups: true }
    }
}

/// An open file that can be given to a process.
#[cfg(unix)]
pub type Handle = std::os::fd::OwnedFd;
/// An open file that can be given to a process.
#[cfg(windows)]
pub type Handle = std::os::windows::io::OwnedHandle;

/// An open file that is handed on.
#[cfg(unix)]
pub type BorrowedHandle<'a> = std::os::fd::BorrowedFd<'a>;
/// An open file that is handed on.
#[cfg(windows)]
pub type BorrowedHandle<'a> = std::os::windows::io::BorrowedHandle<'a>;

/// Names and values a process finds in its environment.
pub type Environment = Vec<(OsString, OsString)>;

/// Everything that is needed to start one process of a service.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The label: it names the service's tree and rides in the environment as `SUPERVISORD_LABEL`.
    pub tree: String,
    /// The program as given; without a slash it is searched along the PATH in `environment`.
    pub program: PathBuf,
    /// The arguments, the program's own name first.
    pub arguments: Vec<OsString>,
    /// Which of them are patterns, and stand for the files they match.
    pub patterns: Patterns,
    /// The variables said for it; what `base` and the files say of others, the three markers, and
    /// what `account` implies, is added to them.
    pub environment: Environment,
    /// What it finds in its environment, unless it is said otherwise.
    pub base: Environment,
    /// Files of `NAME=value` lines, over `base`.
    pub environment_files: Vec<PathBuf>,
    /// Where the process starts; relative paths below are relative to it.
    pub directory: PathBuf,
    /// What the process sees as `/`.
    pub root: Option<PathBuf>,
    /// Standard input.
    pub stdin: Stdio,
    /// Standard output.
    pub stdout: Stdio,
    /// Standard error.
    pub stderr: Stdio,
    /// Further open files, given as descriptors 3, 4, … in this order.
    pub handles: Vec<Arc<Handle>>,
    /// A variable of the environment that the process finds its own pid in.
    pub pid_variable: Option<&'static str>,
    /// Whose process it is to be; looked up when it is started, because a directory may be slow.
    pub account: Option<Account>,
    /// The mask of file modes; `None` leaves the daemon's.
    pub umask: Option<u32>,
    /// The priority, -20 to 20; `None` leaves the daemon's, or what background work usually has.
    pub nice: Option<i32>,
    /// Whether it is work nobody waits for, and is scheduled behind what somebody does.
    pub is_background: bool,
    /// Whether the disk serves it only when nobody else wants anything of it.
    pub has_idle_disk: bool,
    /// Limits that differ from the daemon's.
    pub limits: Vec<Limit>,
    /// Whether it is stopped before the first instruction of its program, until it gets SIGCONT.
    pub is_held: bool,
    /// Whom stopping it reaches.
    pub reach: Reach,
}

impl Launch {
    /// A process with nothing said but its tree and its program: `/`, no input, no output.
    pub fn new(tree: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        Self {
            tree: tree.into(),
            arguments: vec![program.clone().into_os_string()],
            program,
            patterns: Patterns::None,
            environment: Environment::new(),
            base: Environment::new(),
            environment_files: Vec::new(),
            directory: PathBuf::from(std::path::MAIN_SEPARATOR_STR),
            root: None,
            stdin: Stdio::Null,
            stdout: Stdio::Null,
            stderr: Stdio::Null,
            handles: Vec::new(),
            pid_variable: None,
            account: None,
            umask: None,
            nice: None,
            is_background: false,
            has_idle_disk: false,
            limits: Vec::new(),
            is_held: false,
            reach: Reach::Tree,
        }
    }
}

/// Where one of the three standard streams goes.
#[derive(Clone, Debug)]
pub enum Stdio {
    /// Nowhere.
    Null,
    /// A file, made if missing; output is appended. Opened as the account of the process.
    File(PathBuf),
    /// Something the daemon holds open, such as a pipe.
    Handle(Arc<Handle>),
}

/// Whom stopping a run reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// The request to end goes to its process group, the kill to its whole tree.
    #[default]
    Tree,
    /// The request goes to its own process, the kill to its whole tree.
    Mixed,
    /// Both go to its own process. What that leaves behind is left alone, and its end is the end of
    /// the run.
    Process,
}

/// Which words of a launch are patterns, as glob(3) knows them, with `~` for a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patterns {
    /// None.
    None,
    /// The arguments, and not the program.
    Arguments,
    /// The arguments, the first of which is the program.
    ProgramToo,
}

/// Names of the user and group a process is to run as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `UserName`; `None` keeps the daemon's user.
    pub user: Option<String>,
    /// `GroupName`; `None` takes the user's own group.
    pub group: Option<String>,
    /// `InitGroups`: whether the user's further groups are set too.
    pub init_groups: bool,
}

/// One limit of a process; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub resource: Resource,
    /// The limit in force; `u64::MAX` means none.
    pub soft: Option<u64>,
    /// The most the process may raise it to; `u64::MAX` means none.
    pub hard: Option<u64>,
}

/// What can be limited, by launchd's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Size of a core file in bytes.
    Core,
    /// Processor time in seconds.
    Cpu,
    /// Size of the data segment in bytes.
    Data,
    /// Size of a file written, in bytes.
    FileSize,
    /// Memory that may be locked, in bytes.
    MemoryLock,
    /// Open files.
    NumberOfFiles,
    /// Processes of the user.
    NumberOfProcesses,
    /// Memory in use, in bytes.
    ResidentSetSize,
    /// Size of the stack in bytes.
    Stack,
}

impl Resource {
    /// The name launchd's property lists use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "Core",
            Self::Cpu => "CPU",
            Self::Data => "Data",
            Self::FileSize => "FileSize",
            Self::MemoryLock => "MemoryLock",
            Self::NumberOfFiles => "NumberOfFiles",
            Self::NumberOfProcesses => "NumberOfProcesses",
            Self::ResidentSetSize => "ResidentSetSize",
            Self::Stack => "Stack",
        }
    }
}
