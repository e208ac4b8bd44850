//! The `Supervisor` dictionary: keys of ours, all in one that launchd passes over.
//!
//! Wrong values in it always refuse the definition: there is no old file to be lenient with.

use super::{HONOURED, TEXT, log};
use crate::definition::key::{Class, Key, Kind, Support};
use crate::definition::supervisor::{
    AlertOn, HealthAction, HealthKind, KillMode, Propagate, ReadyKind, RestartOn,
};

const YEAR: f64 = 366.0 * 86_400.0;
pub(super) const SECONDS: Kind = Kind::Number { min: 0.0, max: YEAR };
const COUNT: Kind = Kind::Integer { min: 1, max: u32::MAX as i64 };
const ARGUMENTS: Kind = Kind::List(&TEXT);
const STATUSES: Kind = Kind::List(&Kind::Integer { min: i32::MIN as i64, max: u32::MAX as i64 });
const SAME_CONSOLE: Support =
    Support::Approximated("the request to end still reaches all that share its console");
const GROUP_ONLY: Support =
    Support::Approximated("the tree is its process group; what has left that is out of reach");
const NO_SIGNALS: Support = Support::NotAvailable("Windows has no signals");

pub(super) const fn ours(
    name: &'static str,
    kind: Kind,
    class: Class,
    summary: &'static str,
) -> Key {
    Key::new(name, kind, class, summary).essential()
}

pub(super) const SUPERVISOR: &[Key] = &[
    ours(
        "Requires",
        Kind::OneOf(&[Kind::List(&Kind::Label), Kind::Map(&Kind::Dictionary(REQUIREMENT))]),
        Class::Hot,
        "Services that must be ready before this one starts; it is stopped before any of them.",
    ),
    ours(
        "After",
        Kind::List(&Kind::Label),
        Class::Hot,
        "Services that start before this one when both start.",
    ),
    ours("Ready", Kind::Dictionary(READY), Class::NextStart, "What shows that it serves."),
    ours("Health", Kind::Dictionary(HEALTH), Class::Hot, "What shows that it still serves."),
    ours("Watchdog", SECONDS, Class::Restart, "Seconds it may stay silent (WATCHDOG=1)."),
    ours("Restart", Kind::Dictionary(RESTART), Class::Hot, "Which ends lead to a restart.")
        .everywhere(HONOURED),
    ours("Backoff", Kind::Dictionary(BACKOFF), Class::Hot, "How long to wait before a restart.")
        .everywhere(HONOURED),
    ours("StartLimit", Kind::Dictionary(START_LIMIT), Class::Hot, "When to give up.")
        .everywhere(HONOURED),
    ours("StopSignal", Kind::Signal, Class::Hot, "The signal that asks the service to end.")
        .unix(HONOURED)
        .windows(Support::Approximated("INT is Ctrl-C, KILL ends it, and any other is Ctrl-Break")),
    ours("KillMode", Kind::Choice(KillMode::WORDS), Class::Hot, "Whom stopping reaches.")
        .linux(HONOURED)
        .macos(GROUP_ONLY)
        .windows(SAME_CONSOLE),
    ours(
        "ReloadSignal",
        Kind::Signal,
        Class::Hot,
        "The signal that makes it read its files again.",
    )
    .windows(NO_SIGNALS),
    ours("Reload", ARGUMENTS, Class::Hot, "The command that makes it read its files again."),
    ours("Hooks", Kind::Dictionary(HOOKS), Class::Hot, "Commands run around a run."),
    ours(
        "EnvironmentFile",
        Kind::OneOf(&[Kind::Path, Kind::List(&Kind::Path)]),
        Class::Restart,
        "Files of NAME=value lines; EnvironmentVariables wins over them.",
    )
    .everywhere(HONOURED),
    ours("Log", Kind::Dictionary(log::LOG), Class::Restart, "How output is kept.")
        .everywhere(HONOURED),
    ours("Limits", Kind::Dictionary(LIMITS), Class::Hot, "What the whole process tree may use."),
    ours("Essential", Kind::Boolean, Class::Hot, "The supervisor ends when this service fails."),
    ours("Group", TEXT, Class::Hot, "A name under which verbs reach all services that share it."),
    ours(
        "Instances",
        Kind::Integer { min: 1, max: 1000 },
        Class::Hot,
        "How many copies run side by side.",
    ),
    ours("Alerts", Kind::Dictionary(ALERTS), Class::Hot, "Who is told about failures."),
];

const REQUIREMENT: &[Key] = &[ours(
    "Propagate",
    Kind::Choice(Propagate::WORDS),
    Class::Hot,
    "What the required service passes on: Stop, Restart or Nothing.",
)];

const READY: &[Key] = &[
    ours("Kind", Kind::Choice(ReadyKind::WORDS), Class::NextStart, "What shows it."),
    ours("Fd", Kind::Integer { min: 3, max: 1023 }, Class::NextStart, "The descriptor, for Fd."),
    ours("Address", TEXT, Class::NextStart, "host:port, for Tcp."),
    ours("Url", TEXT, Class::NextStart, "For Http."),
    ours("Command", ARGUMENTS, Class::NextStart, "For Command."),
    ours("Pattern", TEXT, Class::NextStart, "For Log: what a line must match."),
    ours("Delay", SECONDS, Class::NextStart, "Seconds, for Delay."),
    ours("Interval", SECONDS, Class::NextStart, "Seconds between two attempts."),
    ours("Timeout", SECONDS, Class::NextStart, "Seconds after which the start has failed."),
];

const HEALTH: &[Key] = &[
    ours("Kind", Kind::Choice(HealthKind::WORDS), Class::Hot, "What shows it."),
    ours("Address", TEXT, Class::Hot, "host:port, for Tcp."),
    ours("Url", TEXT, Class::Hot, "For Http."),
    ours("Command", ARGUMENTS, Class::Hot, "For Command."),
    ours("Interval", SECONDS, Class::Hot, "Seconds between two examinations."),
    ours("Timeout", SECONDS, Class::Hot, "Seconds one may take."),
    ours("Failures", COUNT, Class::Hot, "How many in a row must fail."),
    ours("Grace", SECONDS, Class::Hot, "Seconds after the start in which failures do not count."),
    ours("Action", Kind::Choice(HealthAction::WORDS), Class::Hot, "What is done then."),
];

const RESTART: &[Key] = &[
    ours("On", Kind::Choice(RestartOn::WORDS), Class::Hot, "Which ends lead to a restart.")
        .everywhere(HONOURED),
    ours("SuccessExitCodes", STATUSES, Class::Hot, "Statuses that count as success beside 0.")
        .everywhere(HONOURED),
    ours("NeverExitCodes", STATUSES, Class::Hot, "Statuses after which it stays down.")
        .everywhere(HONOURED),
    ours(
        "Signals",
        Kind::List(&Kind::Signal),
        Class::Hot,
        "Signals to die by which counts as success.",
    )
    .unix(HONOURED)
    .windows(NO_SIGNALS),
];

const BACKOFF: &[Key] = &[
    ours("Initial", SECONDS, Class::Hot, "Seconds of the first wait.").everywhere(HONOURED),
    ours("Factor", Kind::Number { min: 1.0, max: 100.0 }, Class::Hot, "What waits grow by.")
        .everywhere(HONOURED),
    ours("Max", SECONDS, Class::Hot, "Seconds of the longest wait.").everywhere(HONOURED),
    ours("Jitter", Kind::Number { min: 0.0, max: 1.0 }, Class::Hot, "The part left to chance.")
        .everywhere(HONOURED),
    ours("ResetAfter", SECONDS, Class::Hot, "Seconds of a run that end the backoff.")
        .everywhere(HONOURED),
];

const START_LIMIT: &[Key] = &[
    ours("Burst", COUNT, Class::Hot, "How many starts are allowed.").everywhere(HONOURED),
    ours("Interval", SECONDS, Class::Hot, "Seconds within which they count.").everywhere(HONOURED),
];

const HOOKS: &[Key] = &[
    ours("PreStart", ARGUMENTS, Class::NextStart, "Before the program; its failure counts."),
    ours("PostStart", ARGUMENTS, Class::NextStart, "Once the service is ready."),
    ours("PreStop", ARGUMENTS, Class::Hot, "Before it is asked to end."),
    ours("PostExit", ARGUMENTS, Class::Hot, "After its end."),
];

const LIMITS: &[Key] = &[
    ours("Memory", Kind::Size, Class::Hot, "Bytes."),
    ours("Cpu", Kind::Number { min: 0.001, max: 65_536.0 }, Class::Hot, "Processors; 0.5 is half."),
    ours("Tasks", COUNT, Class::Hot, "Processes and threads."),
];

const ALERTS: &[Key] = &[
    ours("Command", ARGUMENTS, Class::Hot, "The command that tells, with facts as variables."),
    ours(
        "On",
        Kind::OneOf(&[Kind::Choice(AlertOn::WORDS), Kind::List(&Kind::Choice(AlertOn::WORDS))]),
        Class::Hot,
        "What is worth an alert.",
    ),
];
