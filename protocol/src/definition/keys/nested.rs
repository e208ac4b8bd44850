//! Keys inside the dictionaries of launchd.plist(5).

use super::{HONOURED, TEXT};
use crate::definition::key::{Class, Key, Kind, Support};
use crate::definition::socket::{SocketFamily, SocketProtocol, SocketType};

const LABELS: Kind = Kind::Map(&Kind::Boolean);
const ID: Kind = Kind::Integer { min: 0, max: u32::MAX as i64 };
const NO_BONJOUR: Support = Support::NotAvailable("advertising by Bonjour needs macOS");
pub(super) const NO_SOCKETS: Support =
    Support::Refused("Windows can't hand an open socket to a program that expects one");
const MACH: &str = "Mach messages need macOS's own launchd";

const fn inside(name: &'static str, kind: Kind, class: Class, summary: &'static str) -> Key {
    Key::new(name, kind, class, summary)
}

pub(super) const KEEP_ALIVE: &[Key] = &[
    inside(
        "SuccessfulExit",
        Kind::Boolean,
        Class::Hot,
        "True: again after an exit with status 0; false: after any other end.",
    )
    .everywhere(HONOURED),
    inside(
        "Crashed",
        Kind::Boolean,
        Class::Hot,
        "True: again after a crash; false: after any end that is none.",
    )
    .everywhere(HONOURED),
    inside(
        "PathState",
        Kind::Map(&Kind::Boolean),
        Class::Hot,
        "Paths; alive while any exists (true) or does not (false).",
    )
    .everywhere(HONOURED),
    inside(
        "OtherJobEnabled",
        LABELS,
        Class::Hot,
        "Services; alive while any is loaded (true) or is not (false).",
    )
    .everywhere(HONOURED),
    inside(
        "OtherJobActive",
        LABELS,
        Class::Hot,
        "Services; alive while any that is loaded runs (true) or does not (false).",
    )
    .everywhere(HONOURED),
    inside(
        "NetworkState",
        Kind::Boolean,
        Class::Hot,
        "Alive while a network interface is up (true) or none is (false).",
    )
    .everywhere(HONOURED),
    inside(
        "AfterInitialDemand",
        Kind::Boolean,
        Class::Hot,
        "Nothing starts the service until it is first asked for.",
    )
    .everywhere(HONOURED),
];

const fn moment(name: &'static str, max: i64, summary: &'static str) -> Key {
    let min = if matches!(name.as_bytes(), b"Day") { 1 } else { 0 };
    inside(name, Kind::Integer { min, max }, Class::Hot, summary).essential().everywhere(HONOURED)
}

pub(super) const CALENDAR: &[Key] = &[
    moment("Minute", 59, "The minute, 0 to 59."),
    moment("Hour", 23, "The hour, 0 to 23."),
    moment("Day", 31, "The day of the month, 1 to 31; with Weekday either suffices."),
    moment("Weekday", 7, "The day of the week; 0 and 7 are Sunday."),
    moment("Month", 12, "The month, 1 to 12; 0 is every month."),
];

const fn socket(name: &'static str, kind: Kind, summary: &'static str) -> Key {
    inside(name, kind, Class::Restart, summary).essential().unix(HONOURED).windows(NO_SOCKETS)
}

pub(super) const SOCKET: &[Key] = &[
    socket("SockType", Kind::Choice(SocketType::WORDS), "stream, dgram or seqpacket."),
    socket("SockPassive", Kind::Boolean, "True to listen, false to connect."),
    socket("SockNodeName", TEXT, "The host name or address to bind."),
    socket(
        "SockServiceName",
        Kind::OneOf(&[TEXT, Kind::Integer { min: 0, max: u16::MAX as i64 }]),
        "The port, as a number or a name of the services database.",
    ),
    socket(
        "SockFamily",
        Kind::Choice(SocketFamily::WORDS),
        "IPv4, IPv6, IPv4v6 for both in one, or Unix.",
    ),
    socket("SockProtocol", Kind::Choice(SocketProtocol::WORDS), "TCP or UDP."),
    socket("SockPathName", Kind::Path, "The path of a Unix domain socket."),
    socket("SockPathMode", Kind::Mode, "Mode bits of that path: decimal, or octal as text."),
    socket("SockPathOwner", ID, "The numeric owner of that path."),
    socket("SockPathGroup", ID, "The numeric group of that path."),
    socket(
        "SecureSocketWithKey",
        TEXT,
        "The environment variable that gets the path of a socket in a private folder.",
    ),
    inside(
        "Bonjour",
        Kind::OneOf(&[Kind::Boolean, TEXT, Kind::List(&TEXT)]),
        Class::Hot,
        "Names the socket is advertised under on the network.",
    )
    .linux(NO_BONJOUR)
    .macos(Support::NotAvailable("only launchd advertises for others; dns-sd(1) does it by hand"))
    .windows(NO_SOCKETS),
    socket("MulticastGroup", TEXT, "The multicast group to join."),
    socket("ReceivePacketInfo", Kind::Boolean, "Asks for the address each datagram was sent to."),
    inside(
        "SystemLoggingSocket",
        Kind::Boolean,
        Class::Hot,
        "Makes the socket the one that syslog messages go to.",
    )
    .unix(Support::NotAvailable("it is for Apple's own syslogd"))
    .windows(NO_SOCKETS),
];

const NO_INETD: Support =
    Support::NotAvailable("Windows can't hand a connection over as standard input");

pub(super) const INETD: &[Key] = &[
    inside(
        "Wait",
        Kind::Boolean,
        Class::Restart,
        "True: one process for the listening socket; false: one for each connection.",
    )
    .unix(HONOURED)
    .windows(NO_INETD),
    inside(
        "Instances",
        Kind::Integer { min: 1, max: u32::MAX as i64 },
        Class::Hot,
        "How many connections are served at once, with Wait false.",
    )
    .unix(HONOURED)
    .windows(NO_INETD),
];

const fn limit(name: &'static str, windows: Support, summary: &'static str) -> Key {
    let kind = Kind::Integer { min: 0, max: i64::MAX };
    inside(name, kind, Class::Restart, summary).unix(HONOURED).windows(windows)
}

const COMMITTED: Support = Support::Approximated("limits the memory that each process commits");
const NO_LIMIT: Support = Support::NotAvailable("Windows has no such limit");

pub(super) const RESOURCE_LIMITS: &[Key] = &[
    limit("Core", NO_LIMIT, "Size of a core file, bytes."),
    limit(
        "CPU",
        Support::Approximated("counts user time alone"),
        "Processor time of each process, seconds.",
    ),
    limit("Data", COMMITTED, "Size of the data segment, bytes."),
    limit("FileSize", NO_LIMIT, "Size of a file written, bytes."),
    limit("MemoryLock", NO_LIMIT, "Memory locked, bytes."),
    limit("NumberOfFiles", NO_LIMIT, "Descriptors open at once."),
    limit(
        "NumberOfProcesses",
        Support::Approximated("counts the processes of the service"),
        "Processes of the user.",
    ),
    limit("ResidentSetSize", COMMITTED, "Resident memory, bytes.")
        .linux(Support::NotAvailable("Linux takes this limit and has ignored it since 2.4.30")),
    limit("Stack", NO_LIMIT, "Size of the stack, bytes."),
];

pub(super) const MACH_SERVICE: &[Key] = &[
    Key::launchd_only("ResetAtClose", Kind::Boolean, MACH, "Renews the port when it is given up."),
    Key::launchd_only("HideUntilCheckIn", Kind::Boolean, MACH, "Hides the name until taken up."),
    Key::launchd_only(
        "DrainMessagesOnCrash",
        Kind::Anything,
        MACH,
        "Throws away waiting messages after a crash.",
    ),
    Key::launchd_only("HostSpecialPort", Kind::Anything, MACH, "The number of a port of the host."),
    Key::launchd_only("TaskSpecialPort", Kind::Anything, MACH, "The number of a port of the task."),
];
