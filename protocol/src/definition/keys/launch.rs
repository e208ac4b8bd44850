//! Keys that say what the service is and when it starts.

use super::nested::{CALENDAR, INETD, KEEP_ALIVE, NO_SOCKETS, SOCKET};
use super::{HONOURED, SECONDS, TEXTS};
use crate::definition::key::{Class, Key, Kind, Support};

pub(super) const IDENTITY: &[Key] = &[
    Key::new(
        "Label",
        Kind::Label,
        Class::Restart,
        "The name of the service, unique to one supervisor.",
    )
    .essential()
    .everywhere(HONOURED),
    Key::new(
        "Program",
        Kind::Program,
        Class::Restart,
        "The file to execute, as an absolute path; without it the first of ProgramArguments.",
    )
    .essential()
    .everywhere(HONOURED),
    Key::new(
        "ProgramArguments",
        Kind::List(&Kind::Text),
        Class::Restart,
        "The arguments, the program's own name first; looked up on PATH when it has no slash.",
    )
    .essential()
    .everywhere(HONOURED),
    Key::new(
        "Disabled",
        Kind::Boolean,
        Class::NextStart,
        "Keeps the service from being loaded, unless `svcctl enable` has said otherwise.",
    )
    .everywhere(HONOURED),
    Key::new(
        "EnableGlobbing",
        Kind::Boolean,
        Class::Restart,
        "Puts files in the place of arguments that are patterns of glob(3), and a home in that of `~`.",
    )
    .unix(HONOURED)
    .windows(Support::Approximated(
        "as Windows names files: case and a dot in front mean nothing, a backslash parts folders",
    )),
    Key::new(
        "LimitLoadToHosts",
        TEXTS,
        Class::NextStart,
        "Hosts the service is for, by name; on others it is not loaded.",
    )
    .everywhere(HONOURED),
    Key::new(
        "LimitLoadFromHosts",
        TEXTS,
        Class::NextStart,
        "Hosts the service is not loaded on, by name.",
    )
    .everywhere(HONOURED),
];

pub(super) const CONDITIONS: &[Key] = &[
    Key::new(
        "RunAtLoad",
        Kind::Boolean,
        Class::NextStart,
        "Starts the service once when it is loaded.",
    )
    .everywhere(HONOURED),
    Key::new(
        "KeepAlive",
        Kind::OneOf(&[Kind::Boolean, Kind::Dictionary(KEEP_ALIVE)]),
        Class::Hot,
        "Starts the service again when it ends: always, or when any condition holds.",
    )
    .everywhere(HONOURED),
    Key::new(
        "OnDemand",
        Kind::Boolean,
        Class::Hot,
        "The old opposite of KeepAlive; KeepAlive wins when both are given.",
    )
    .everywhere(HONOURED),
    Key::new(
        "StartInterval",
        SECONDS,
        Class::Hot,
        "Starts the service whenever this many seconds have passed.",
    )
    .everywhere(HONOURED),
    Key::new(
        "StartCalendarInterval",
        Kind::OneOf(&[Kind::Dictionary(CALENDAR), Kind::List(&Kind::Dictionary(CALENDAR))]),
        Class::Hot,
        "Starts the service at these moments of local time; what is left out matches every value.",
    )
    .unix(HONOURED)
    .windows(Support::Approximated(
        "that the clock was set is noticed only by a supervisor that runs as a service",
    ))
    .essential(),
    Key::new(
        "WatchPaths",
        Kind::List(&Kind::Path),
        Class::Hot,
        "Starts the service when any of these files or folders changes.",
    )
    .everywhere(HONOURED),
    Key::new(
        "QueueDirectories",
        Kind::List(&Kind::Path),
        Class::Hot,
        "Keeps the service alive as long as any of these folders is not empty.",
    )
    .everywhere(HONOURED),
    Key::new(
        "StartOnMount",
        Kind::Boolean,
        Class::Hot,
        "Starts the service whenever a file system is mounted.",
    )
    .unix(HONOURED)
    .windows(Support::NotAvailable("Windows has no mounts a service could be told of")),
    Key::new(
        "Sockets",
        Kind::Map(&Kind::OneOf(&[Kind::Dictionary(SOCKET), Kind::List(&Kind::Dictionary(SOCKET))])),
        Class::Restart,
        "Sockets opened for the service, told it by LISTEN_FDS; a connection starts it.",
    )
    .essential()
    .unix(HONOURED)
    .windows(NO_SOCKETS),
    Key::new(
        "inetdCompatibility",
        Kind::Dictionary(INETD),
        Class::Restart,
        "Hands connections over as inetd does: on standard input, output and error.",
    )
    .unix(HONOURED)
    .windows(Support::NotAvailable("Windows can't hand a connection over as standard input")),
    Key::new(
        "LaunchOnlyOnce",
        Kind::Boolean,
        Class::NextStart,
        "Runs the service once and not again until the next boot.",
    )
    .everywhere(HONOURED),
];
