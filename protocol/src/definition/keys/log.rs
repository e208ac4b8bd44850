//! The `Log` dictionary of `Supervisor`: how output is kept.

use super::HONOURED;
use super::supervisor::{SECONDS, ours};
use crate::definition::key::{Class, Key, Kind, Support};
use crate::definition::supervisor::{LogFormat, LogFull, LogMode, LogSink, SyslogFormat};

const COPIES: Support = Support::Approximated(
    "rotation copies the log and cuts it off; what is written in that instant may be lost",
);
const NO_JOURNAL: Support = Support::NotAvailable("the journal is systemd's");
const NO_LOGGER: Support = Support::NotAvailable("Windows has no sockets that loggers listen at");
const SINK: Kind = Kind::Choice(LogSink::WORDS);

pub(super) const LOG: &[Key] = &[
    ours(
        "Mode",
        Kind::Choice(LogMode::WORDS),
        Class::Restart,
        "File: it writes its log itself. Pipe: the supervisor writes it, line by line.",
    )
    .linux(HONOURED)
    .macos(Support::Approximated(
        "with Pipe, lines that were read and not yet written are lost when the supervisor is killed",
    ))
    .windows(Support::Approximated(
        "with Pipe, output has nowhere to go once the supervisor is killed, until it starts anew",
    )),
    ROTATE,
    MAX_SIZE,
    MAX_AGE,
    KEEP,
    MAX_TOTAL,
    COMPRESS,
    ours("Timestamps", Kind::Boolean, Class::Hot, "Whether lines begin with the time; for Pipe.")
        .everywhere(HONOURED),
    ours("LocalTime", Kind::Boolean, Class::Hot, "Times of the machine's zone, not UTC; for Pipe.")
        .everywhere(HONOURED),
    ours(
        "Format",
        Kind::Choice(LogFormat::WORDS),
        Class::Restart,
        "Text, or Json: an object a line with time, stream, run, pid, label and text; for Pipe.",
    )
    .everywhere(HONOURED),
    ours(
        "Full",
        Kind::Choice(LogFull::WORDS),
        Class::Hot,
        "While its file takes nothing, Block: it waits; DropOldest: lines go, and are counted; for Pipe.",
    )
    .everywhere(HONOURED),
    ours(
        "Sinks",
        Kind::OneOf(&[SINK, Kind::List(&SINK)]),
        Class::Hot,
        "Where lines go, File without it; for Pipe. Only a file can make the service wait.",
    )
    .linux(HONOURED)
    .macos(Support::Approximated("there is no journal; Journald gets nothing"))
    .windows(Support::Approximated("there is neither journal nor logger; only File gets lines")),
    ours("JournaldSocket", Kind::Path, Class::Hot, "The journal's socket, if it is not the usual.")
        .linux(HONOURED)
        .macos(NO_JOURNAL)
        .windows(NO_LOGGER),
    ours("SyslogSocket", Kind::Path, Class::Hot, "The logger's socket, if it is not the usual.")
        .unix(HONOURED)
        .windows(NO_LOGGER),
    ours(
        "SyslogFormat",
        Kind::Choice(SyslogFormat::WORDS),
        Class::Hot,
        "RFC5424, or RFC3164 for old loggers and the /dev/log of systemd.",
    )
    .unix(HONOURED)
    .windows(NO_LOGGER),
];

/// What holds for all services, in the settings.
pub(in crate::definition) const SETTINGS: &[Key] = &[ours(
    "Log",
    Kind::Dictionary(LOG_SETTINGS),
    Class::Hot,
    "How logs are kept whose definitions do not say.",
)
.everywhere(HONOURED)];

const LOG_SETTINGS: &[Key] = &[
    ROTATE,
    MAX_SIZE,
    MAX_AGE,
    KEEP,
    MAX_TOTAL,
    COMPRESS,
    kept("Quota", Kind::Size, "Bytes that all logs in the folder of logs may have; 4 GiB."),
];

const ROTATE: Key = kept("Rotate", Kind::Boolean, "False to let the log grow for ever.");
const MAX_SIZE: Key = kept("MaxSize", Kind::Size, "Bytes at which a log is rotated; 16 MiB.")
    .macos(COPIES)
    .windows(COPIES);
const MAX_AGE: Key = kept("MaxAge", SECONDS, "Seconds after which a log is rotated; unlimited.")
    .macos(COPIES)
    .windows(COPIES);
const KEEP: Key =
    kept("Keep", Kind::Integer { min: 0, max: 10_000 }, "How many rotated ones are kept; 5.");
const MAX_TOTAL: Key =
    kept("MaxTotal", Kind::Size, "Bytes that all rotated ones may have together; unlimited.");
const COMPRESS: Key = kept("Compress", Kind::Boolean, "Whether rotated ones are compressed; true.");

/// How logs are kept, whoever says so: a definition for one service, the settings for all.
const fn kept(name: &'static str, kind: Kind, summary: &'static str) -> Key {
    ours(name, kind, Class::Hot, summary).everywhere(HONOURED)
}
