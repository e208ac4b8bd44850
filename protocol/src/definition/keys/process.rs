//! Keys that say what the process is like, and how it is started and ended.

use super::nested::RESOURCE_LIMITS;
use super::{HONOURED, TEXT};
use crate::definition::key::{Class, Key, Kind, Support};
use crate::definition::rare::ProcessType;

const BATCH: Support = Support::Approximated(
    "Background runs at nice 10, unless Nice is given, and as batch work; the others are all alike",
);
const DARWIN_BACKGROUND: Support = Support::Approximated(
    "Background is macOS's own state of that name (setpriority(2)); the others are all alike",
);
const IDLE_CLASS: Support = Support::Approximated(
    "Background has the idle priority class, unless Nice is given, and its own process low \
     priorities for disk and memory; the others are all alike",
);
const IN_BACKGROUND: Support =
    Support::Approximated("a service with ProcessType Background always is, others never");
const UNIX_ONLY: Support = Support::NotAvailable("Windows has no such thing");

pub(super) const ENVIRONMENT: &[Key] = &[
    Key::new(
        "UserName",
        TEXT,
        Class::Restart,
        "The user the service runs as; needs a supervisor that runs as root.",
    )
    .essential()
    .unix(HONOURED)
    .windows(Support::Refused("Windows starts a program as another user only with a password")),
    Key::new(
        "GroupName",
        TEXT,
        Class::Restart,
        "The group the service runs as, in place of the user's own.",
    )
    .essential()
    .unix(HONOURED)
    .windows(UNIX_ONLY),
    Key::new(
        "InitGroups",
        Kind::Boolean,
        Class::Restart,
        "Whether the process gets the further groups of its user as well.",
    )
    .linux(HONOURED)
    .macos(Support::Approximated("it gets the first 16, and none that a directory adds later"))
    .windows(UNIX_ONLY),
    Key::new(
        "RootDirectory",
        Kind::Path,
        Class::Restart,
        "The folder that becomes `/` for the service; needs a supervisor that runs as root.",
    )
    .essential()
    .unix(HONOURED)
    .windows(Support::Refused("Windows has no chroot, and the service would not be confined")),
    Key::new(
        "WorkingDirectory",
        Kind::Path,
        Class::Restart,
        "The folder the service starts in; `/` without it.",
    )
    .everywhere(HONOURED),
    Key::new(
        "EnvironmentVariables",
        Kind::Map(&Kind::Text),
        Class::Restart,
        "Variables set for the service, over those it inherits.",
    )
    .everywhere(HONOURED),
    Key::new(
        "Umask",
        Kind::Mode,
        Class::Restart,
        "Mode bits withheld from files the service makes: decimal, or octal as text.",
    )
    .unix(HONOURED)
    .windows(UNIX_ONLY),
    Key::new(
        "StandardInPath",
        Kind::Path,
        Class::Restart,
        "The file the service reads as its standard input.",
    )
    .everywhere(HONOURED),
    Key::new(
        "StandardOutPath",
        Kind::Path,
        Class::Restart,
        "The file its standard output is appended to; without it the supervisor keeps a log.",
    )
    .everywhere(HONOURED),
    Key::new(
        "StandardErrorPath",
        Kind::Path,
        Class::Restart,
        "The file its standard error is appended to; without it the supervisor keeps a log.",
    )
    .everywhere(HONOURED),
];

pub(super) const RESOURCES: &[Key] = &[
    Key::new(
        "Nice",
        Kind::Integer { min: -20, max: 20 },
        Class::Restart,
        "The priority of the service, from -20 (first) to 20 (last).",
    )
    .unix(HONOURED)
    .windows(Support::Approximated(
        "as one of five priority classes: high, above normal, normal, below normal, idle",
    )),
    Key::new(
        "ProcessType",
        Kind::Choice(ProcessType::WORDS),
        Class::Restart,
        "How much of the machine the service is given.",
    )
    .linux(BATCH)
    .macos(DARWIN_BACKGROUND)
    .windows(IDLE_CLASS),
    Key::new(
        "POSIXSpawnType",
        Kind::Choice(ProcessType::WORDS),
        Class::Restart,
        "The old name of ProcessType; ProcessType wins when both are given.",
    )
    .linux(BATCH)
    .macos(DARWIN_BACKGROUND)
    .windows(IDLE_CLASS),
    Key::new(
        "LowPriorityIO",
        Kind::Boolean,
        Class::Restart,
        "Gives disk access of other programs precedence.",
    )
    .linux(Support::Approximated(
        "its class is idle, which only those schedulers of disks heed that know classes, as BFQ does",
    ))
    .macos(HONOURED)
    .windows(Support::Approximated("it holds for its own process, not for those it starts")),
    Key::new(
        "LowPriorityBackgroundIO",
        Kind::Boolean,
        Class::Restart,
        "The same, while the service is in the background.",
    )
    .everywhere(IN_BACKGROUND),
    Key::new(
        "SoftResourceLimits",
        Kind::Dictionary(RESOURCE_LIMITS),
        Class::Restart,
        "Limits the service may raise again, up to the hard ones.",
    )
    .unix(HONOURED)
    .windows(Support::Approximated(
        "Windows has one limit of a kind: the lower of soft and hard counts",
    )),
    Key::new(
        "HardResourceLimits",
        Kind::Dictionary(RESOURCE_LIMITS),
        Class::Restart,
        "Limits the service may not raise.",
    )
    .unix(HONOURED)
    .windows(Support::Approximated(
        "Windows has one limit of a kind: the lower of soft and hard counts",
    )),
    Key::new(
        "AbandonProcessGroup",
        Kind::Boolean,
        Class::Hot,
        "Leaves the children of the service alone after it has ended.",
    )
    .unix(HONOURED)
    .windows(Support::Approximated("the request to end still reaches all that share its console")),
];

pub(super) const TIMING: &[Key] = &[
    Key::new(
        "ThrottleInterval",
        Kind::Integer { min: 0, max: u32::MAX as i64 },
        Class::Hot,
        "Seconds between two starts at the least, 10 without it; 0 lifts it.",
    )
    .everywhere(HONOURED),
    Key::new(
        "ExitTimeOut",
        Kind::Integer { min: 0, max: u32::MAX as i64 },
        Class::Hot,
        "Seconds between the request to end and the kill, 20 without it; 0 means never kill.",
    )
    .everywhere(HONOURED),
    Key::new(
        "Debug",
        Kind::Boolean,
        Class::Hot,
        "Tells all that the supervisor does with this service, in its own log.",
    )
    .everywhere(HONOURED),
    Key::new(
        "WaitForDebugger",
        Kind::Boolean,
        Class::NextStart,
        "Stops the service before its first instruction, until a debugger or SIGCONT lets it go on.",
    )
    .unix(HONOURED)
    .windows(Support::NotAvailable(
        "nothing there could let it go on; gflags.exe makes a debugger start with a program",
    )),
];
