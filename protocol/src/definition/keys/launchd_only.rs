//! Keys that only launchd acts on: known by name, reported, kept as written, never in the way.

use super::TEXT;
use super::nested::MACH_SERVICE;
use crate::definition::key::{Key, Kind, Support};

const MACH: &str = "Mach messages need macOS's own launchd";
const EVENTS: &str = "these events come from macOS itself, to its own launchd";
const SESSION: &str = "login sessions of this kind exist on macOS only, for its own launchd";
const TRANSACTIONS: &str = "it needs a protocol between macOS's launchd and the program";
const METADATA: &str = "it is read by other parts of macOS and changes nothing here";
const INTERNAL: &str = "it is Apple's own and undocumented";
const OBSOLETE: &str = "launchd itself has given it up";
const SANDBOX: &str = "the sandbox is macOS's own, and the service is not confined";
const BUNDLE: &str = "only macOS knows where the app is that the path is relative to";
const HARDWARE: &str = "every machine counts as suitable";

const fn boolean(name: &'static str, why: &'static str, summary: &'static str) -> Key {
    Key::launchd_only(name, Kind::Boolean, why, summary)
}

const fn anything(name: &'static str, why: &'static str, summary: &'static str) -> Key {
    Key::launchd_only(name, Kind::Anything, why, summary)
}

pub(super) const DOCUMENTED: &[Key] = &[
    Key::launchd_only("BundleProgram", TEXT, BUNDLE, "The program, inside an app bundle."),
    Key::launchd_only(
        "MachServices",
        Kind::Map(&Kind::OneOf(&[Kind::Boolean, Kind::Dictionary(MACH_SERVICE)])),
        MACH,
        "Names a message to which starts the service.",
    ),
    Key::launchd_only(
        "LaunchEvents",
        Kind::Map(&Kind::Map(&Kind::Anything)),
        EVENTS,
        "Events of macOS that start the service.",
    ),
    Key::launchd_only(
        "LimitLoadToSessionType",
        Kind::OneOf(&[TEXT, Kind::List(&TEXT)]),
        SESSION,
        "Kinds of login session the service is for.",
    ),
    Key::launchd_only(
        "LimitLoadToHardware",
        Kind::Map(&Kind::List(&TEXT)),
        HARDWARE,
        "Hardware the service is for.",
    )
    .linux(REFUSED_HARDWARE)
    .windows(REFUSED_HARDWARE),
    Key::launchd_only(
        "LimitLoadFromHardware",
        Kind::Map(&Kind::List(&TEXT)),
        HARDWARE,
        "Hardware the service is not for.",
    ),
    boolean("SessionCreate", SESSION, "Gives the service a security session of its own."),
    boolean("EnableTransactions", TRANSACTIONS, "Lets a program that is idle be killed at once."),
    boolean("EnablePressuredExit", TRANSACTIONS, "Lets an idle program be killed for memory."),
    boolean("MaterializeDatalessFiles", METADATA, "Fetches files that are only in the cloud."),
    Key::launchd_only(
        "AssociatedBundleIdentifiers",
        Kind::OneOf(&[TEXT, Kind::List(&TEXT)]),
        METADATA,
        "The app that System Settings shows the service under.",
    ),
    anything("SpawnConstraint", METADATA, "What the program's signature must be."),
    Key::launchd_only(
        "TimeOut",
        Kind::Integer { min: 0, max: u32::MAX as i64 },
        OBSOLETE,
        "Seconds of idleness after which a program should end.",
    ),
    boolean("LegacyTimers", METADATA, "Keeps timers from being put off to save energy."),
    boolean("HopefullyExitsFirst", OBSOLETE, "Asked to be ended before others."),
    boolean("HopefullyExitsLast", OBSOLETE, "Asked to be ended after others."),
    boolean("ServiceIPC", OBSOLETE, "Said that the program talks to launchd."),
];

const REFUSED_HARDWARE: Support =
    Support::Refused("it is for certain Apple hardware, which this is not");

pub(super) const INTERNALS: &[Key] = &[
    anything("_LimitLoadToVariant", INTERNAL, "Variants of macOS the service is for."),
    anything("_LimitLoadFromVariant", INTERNAL, "Variants of macOS the service is not for."),
    anything("_LimitLoadToBootMode", INTERNAL, "Boot modes the service is for."),
    anything("_LimitLoadFromBootMode", INTERNAL, "Boot modes the service is not for."),
    anything("LimitLoadToVariant", INTERNAL, "Variants of macOS the service is for."),
    anything("LimitLoadFromVariant", INTERNAL, "Variants of macOS the service is not for."),
    anything("LimitLoadToBootMode", INTERNAL, "Boot modes the service is for."),
    anything("LimitLoadFromBootMode", INTERNAL, "Boot modes the service is not for."),
    anything("CFBundleIdentifier", METADATA, "The identifier of a bundle."),
    anything("CFBundleName", METADATA, "The name of a bundle."),
    anything("CFBundleVersion", METADATA, "The version of a bundle."),
    anything("CFBundleExecutable", METADATA, "The executable of a bundle."),
    anything("CFBundleInfoDictionaryVersion", METADATA, "The version of a bundle's own list."),
    anything("CFBundleDevelopmentRegion", METADATA, "The language of a bundle."),
    anything("LSUIElement", METADATA, "Keeps an app out of the Dock."),
    anything("ServiceDescription", METADATA, "A text for people."),
    anything("SHAuthorizationRight", METADATA, "The right one needs to switch the service."),
    anything("MinimalBootProfile", INTERNAL, "Part of the smallest system that boots."),
    anything("UserEnvironmentVariables", INTERNAL, "Variables for every service of the user."),
    anything("BeginTransactionAtShutdown", OBSOLETE, "Began a transaction at shutdown."),
    anything("TransactionTimeLimitEnabled", OBSOLETE, "Bounded how long a transaction takes."),
    anything("IgnoreProcessGroupAtShutdown", OBSOLETE, "Left the group alone at shutdown."),
    anything("MultipleInstances", INTERNAL, "Allows several copies on request."),
    anything("Policies", OBSOLETE, "Who may change the service."),
    anything("BinaryOrderPreference", OBSOLETE, "Which architecture of the program to run."),
    anything("JetsamProperties", INTERNAL, "Memory priorities of the kernel."),
    anything("SandboxProfile", SANDBOX, "The sandbox the program runs in."),
    anything("SandboxContainer", SANDBOX, "The container the program runs in."),
    anything("SandboxFlags", SANDBOX, "How the sandbox behaves."),
    anything("ShutdownMonitor", INTERNAL, "Watches the shutdown."),
    anything("EventMonitor", INTERNAL, "Watches for events on behalf of launchd."),
    anything("XPCDomainBootstrapper", INTERNAL, "Sets up a domain of services."),
    anything("_PanicOnCrash", INTERNAL, "Halts the machine when the program crashes."),
    anything("_ExponentialThrottling", INTERNAL, "Waits longer after each failure."),
    anything("PreventsSleep", OBSOLETE, "Kept the machine awake."),
    anything("RunLoopType", INTERNAL, "The kind of loop inside an XPC service."),
    anything("JoinExistingSession", INTERNAL, "The session an XPC service runs in."),
    anything("AbandonCoalition", INTERNAL, "Leaves the accounting group of the program."),
    anything("PublishesEvents", INTERNAL, "Streams of events the program sends out."),
    anything("RemoteServices", INTERNAL, "Names that other devices can reach."),
    anything("GID", INTERNAL, "A numeric group; GroupName is the documented key."),
];
