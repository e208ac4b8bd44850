//! The `Log` dictionary of `Supervisor`: how output is kept.

use super::HONOURED;
use super::supervisor::{SECONDS, ours};
use crate::definition::key::{Class, Key, Kind};
use crate::definition::supervisor::{LogFormat, LogFull, LogMode, LogSink, SyslogFormat};

const SINK: Kind = Kind::Choice(LogSink::WORDS);

pub(super) const LOG: &[Key] = &[
    ours(
        "Mode",
        Kind::Choice(LogMode::WORDS),
        Class::Restart,
        "File: it writes its log itself. Pipe: the supervisor writes it, line by line.",
    )
    .linux(HONOURED),
    ours("MaxSize", Kind::Size, Class::Hot, "Bytes at which a log is rotated.").linux(HONOURED),
    ours("MaxAge", SECONDS, Class::Hot, "Seconds after which a log is rotated; for Pipe.")
        .linux(HONOURED),
    ours("Keep", Kind::Integer { min: 0, max: 10_000 }, Class::Hot, "How many old ones are kept."),
    ours("Compress", Kind::Boolean, Class::Hot, "Whether old ones are compressed."),
    ours("Timestamps", Kind::Boolean, Class::Hot, "Whether lines begin with the time; for Pipe.")
        .linux(HONOURED),
    ours("LocalTime", Kind::Boolean, Class::Hot, "Times of the machine's zone, not UTC; for Pipe.")
        .linux(HONOURED),
    ours(
        "Format",
        Kind::Choice(LogFormat::WORDS),
        Class::Restart,
        "Text, or Json: an object a line with time, stream, run, pid, label and text; for Pipe.",
    )
    .linux(HONOURED),
    ours(
        "Full",
        Kind::Choice(LogFull::WORDS),
        Class::Hot,
        "While its file takes nothing, Block: it waits; DropOldest: lines go, and are counted; for Pipe.",
    )
    .linux(HONOURED),
    ours(
        "Sinks",
        Kind::OneOf(&[SINK, Kind::List(&SINK)]),
        Class::Hot,
        "Where lines go, File without it; for Pipe. Only a file can make the service wait.",
    )
    .linux(HONOURED),
    ours("JournaldSocket", Kind::Path, Class::Hot, "The journal's socket, if it is not the usual.")
        .linux(HONOURED),
    ours("SyslogSocket", Kind::Path, Class::Hot, "The logger's socket, if it is not /dev/log.")
        .linux(HONOURED),
    ours(
        "SyslogFormat",
        Kind::Choice(SyslogFormat::WORDS),
        Class::Hot,
        "RFC5424, or RFC3164 for old loggers and the /dev/log of systemd.",
    )
    .linux(HONOURED),
];
