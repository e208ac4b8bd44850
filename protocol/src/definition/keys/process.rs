//! Keys that say what the process is like, and how it is started and ended.

use super::nested::RESOURCE_LIMITS;
use super::{HONOURED, TEXT};
use crate::definition::key::{Class, Key, Kind, Support};
use crate::definition::rare::ProcessType;

const BACKGROUND: Support = Support::Approximated(
    "Background runs at nice 10, unless Nice is given, and as batch work; the others are all alike",
);
const UNIX_ONLY: Support = Support::NotAvailable("Windows has no such thing");

pub(super) const ENVIRONMENT: &[Key] = &[
    Key::new(
        "UserName",
        TEXT,
        Class::Restart,
        "The user the service runs as; needs a supervisor that runs as root.",
    )
    .essential()
    .linux(HONOURED)
    .windows(Support::Refused("Windows starts a program as another user only with a password")),
    Key::new(
        "GroupName",
        TEXT,
        Class::Restart,
        "The group the service runs as, in place of the user's own.",
    )
    .essential()
    .linux(HONOURED)
    .windows(UNIX_ONLY),
    Key::new(
        "InitGroups",
        Kind::Boolean,
        Class::Restart,
        "Whether the process gets the further groups of its user as well.",
    )
    .linux(HONOURED)
    .windows(UNIX_ONLY),
    Key::new(
        "RootDirectory",
        Kind::Path,
        Class::Restart,
        "The folder that becomes `/` for the service; needs a supervisor that runs as root.",
    )
    .essential()
    .linux(HONOURED)
    .windows(Support::Refused("Windows has no chroot, and the service would not be confined")),
    Key::new(
        "WorkingDirectory",
        Kind::Path,
        Class::Restart,
        "The folder the service starts in; `/` without it.",
    )
    .linux(HONOURED)
    .windows(HONOURED),
    Key::new(
        "EnvironmentVariables",
        Kind::Map(&Kind::Text),
        Class::Restart,
        "Variables set for the service, over those it inherits.",
    )
    .linux(HONOURED)
    .windows(HONOURED),
    Key::new(
        "Umask",
        Kind::Mode,
        Class::Restart,
        "Mode bits withheld from files the service makes: decimal, or octal as text.",
    )
    .linux(HONOURED)
    .windows(UNIX_ONLY),
    Key::new(
        "StandardInPath",
        Kind::Path,
        Class::Restart,
        "The file the service reads as its standard input.",
    )
    .linux(HONOURED)
    .windows(HONOURED),
    Key::new(
        "StandardOutPath",
        Kind::Path,
        Class::Restart,
        "The file its standard output is appended to; without it the supervisor keeps a log.",
    )
    .linux(HONOURED)
    .windows(HONOURED),
    Key::new(
        "StandardErrorPath",
        Kind::Path,
        Class::Restart,
        "The file its standard error is appended to; without it the supervisor keeps a log.",
    )
    .linux(HONOURED)
    .windows(HONOURED),
];

pub(super) const RESOURCES: &[Key] = &[
    Key::new(
        "Nice",
        Kind::Integer { min: -20, max: 20 },
        Class::Restart,
        "The priority of the service, from -20 (first) to 20 (last).",
    )
    .linux(HONOURED)
    .windows(Support::Approximated(
        "as one of five priority classes: high, above normal, normal, below normal, idle",
    )),
    Key::new(
        "ProcessType",
        Kind::Choice(ProcessType::WORDS),
        Class::Restart,
        "How much of the machine the service is given.",
    )
    .linux(BACKGROUND),
    Key::new(
        "POSIXSpawnType",
        Kind::Choice(ProcessType::WORDS),
        Class::Restart,
        "The old name of ProcessType; ProcessType wins when both are given.",
    )
    .linux(BACKGROUND),
    Key::new(
        "LowPriorityIO",
        Kind::Boolean,
        Class::Restart,
        "Gives disk access of other programs precedence.",
    )
    .linux(Support::Approximated(
        "its class is idle, which only those schedulers of disks heed that know classes, as BFQ does",
    )),
    Key::new(
        "LowPriorityBackgroundIO",
        Kind::Boolean,
        Class::Restart,
        "The same, while the service is in the background.",
    )
    .linux(Support::Approximated("a service with ProcessType Background always is, others never")),
    Key::new(
        "SoftResourceLimits",
        Kind::Dictionary(RESOURCE_LIMITS),
        Class::Restart,
        "Limits the service may raise again, up to the hard ones.",
    )
    .linux(HONOURED)
    .windows(Support::Approximated(
        "Windows has one limit of a kind: the lower of soft and hard counts",
    )),
    Key::new(
        "HardResourceLimits",
        Kind::Dictionary(RESOURCE_LIMITS),
        Class::Restart,
        "Limits the service may not raise.",
    )
    .linux(HONOURED)
    .windows(Support::Approximated(
        "Windows has one limit of a kind: the lower of soft and hard counts",
    )),
    Key::new(
        "AbandonProcessGroup",
        Kind::Boolean,
        Class::Hot,
        "Leaves the children of the service alone after it has ended.",
    )
    .linux(HONOURED)
    .windows(Support::Approximated("the request to end still reaches all that share its console")),
];

pub(super) const TIMING: &[Key] = &[
    Key::new(
        "ThrottleInterval",
        Kind::Integer { min: 0, max: u32::MAX as i64 },
        Class::Hot,
        "Seconds between two starts at the least, 10 without it; 0 lifts it.",
    )
    .linux(HONOURED)
    .windows(HONOURED),
    Key::new(
        "ExitTimeOut",
        Kind::Integer { min: 0, max: u32::MAX as i64 },
        Class::Hot,
        "Seconds between the request to end and the kill, 20 without it; 0 means never kill.",
    )
    .linux(HONOURED)
    .windows(HONOURED),
    Key::new(
        "Debug",
        Kind::Boolean,
        Class::Hot,
        "Tells all that the supervisor does with this service, in its own log.",
    )
    .linux(HONOURED).windows(HONOURED),
    Key::new(
        "WaitForDebugger",
        Kind::Boolean,
        Class::NextStart,
        "Stops the service before its first instruction, until a debugger or SIGCONT lets it go on.",
    )
    .linux(HONOURED),
];
