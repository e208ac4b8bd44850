//! How output is kept. Opens nothing.

use crate::definition::typed::{keyed, words};
use std::time::Duration;

words! {
    /// What stands between the program and its log.
    LogMode {
        /// Nothing: the log is the file the program writes to.
        #[default]
        File = "File",
        /// A pipe, so that lines can be stamped.
        Pipe = "Pipe",
    }
}

words! {
    /// What one line of a piped log looks like.
    LogFormat {
        /// The line itself.
        #[default]
        Text = "Text",
        /// One JSON object.
        Json = "Json",
    }
}

words! {
    /// What happens to a piped log's lines while its file takes none.
    LogFull {
        /// The service waits as soon as the pipe is full; no line is lost.
        #[default]
        Block = "Block",
        /// The oldest lines give way; how many is written down where they are missing.
        DropOldest = "DropOldest",
    }
}

words! {
    /// A place that the lines of a piped log go to.
    LogSink {
        /// The log file.
        #[default]
        File = "File",
        /// systemd's journal.
        Journald = "Journald",
        /// The system's logger.
        Syslog = "Syslog",
    }
}

words! {
    /// How a message for the system's logger is written.
    SyslogFormat {
        /// With the time to the microsecond, the year and the zone.
        #[default]
        Rfc5424 = "RFC5424",
        /// As old loggers want it, to the second.
        Rfc3164 = "RFC3164",
    }
}

keyed! {
    /// How output is kept.
    Log {
        /// What stands between the program and its log.
        mode: LogMode = "Mode";
        /// False to let it grow for ever; absent means that it is rotated.
        rotate: Option<bool> = "Rotate";
        /// Size in bytes at which a log is rotated; absent means the daemon's setting.
        max_size: Option<u64> = "MaxSize";
        /// How old a log may become before it is rotated; absent means the daemon's setting.
        max_age: Option<Duration> = "MaxAge";
        /// How many rotated logs are kept; absent means the daemon's setting.
        keep: Option<u32> = "Keep";
        /// How many bytes all of them may have together; absent means the daemon's setting.
        max_total: Option<u64> = "MaxTotal";
        /// Whether rotated ones are compressed; absent means the daemon's setting.
        compress: Option<bool> = "Compress";
        /// True to begin each line with the time; needs [`LogMode::Pipe`].
        timestamps: bool = "Timestamps";
        /// True for times of the machine's zone in place of UTC; needs [`LogMode::Pipe`].
        local_time: bool = "LocalTime";
        /// What a line looks like; needs [`LogMode::Pipe`].
        format: LogFormat = "Format";
        /// What happens while the file takes no lines; needs [`LogMode::Pipe`].
        full: LogFull = "Full";
        /// Where lines go; none means the file. Needs [`LogMode::Pipe`].
        sinks: Vec<LogSink> = "Sinks";
        /// The journal's socket, where it is not the usual one.
        journald_socket: Option<String> = "JournaldSocket";
        /// The system logger's socket, where it is not the usual one.
        syslog_socket: Option<String> = "SyslogSocket";
        /// How messages for the system's logger are written.
        syslog_format: SyslogFormat = "SyslogFormat";
    }
}
