//! How output is kept. Opens nothing.

use std::time::Duration;

use crate::definition::typed::{keyed, words};

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
        /// What a line looks like; needs [`LogMode::Pipe`].
        format: LogFormat = "Format";
    }
}
