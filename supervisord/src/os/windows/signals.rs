//! Signals have no numbers here; definitions name them all the same, so they have Linux's.

/// The highest signal number.
pub(in crate::os) const SIGNALS_MAX: i32 = 64;

/// Every signal a definition may name.
pub(in crate::os) const SIGNALS: [(&str, i32); 16] = [
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGABRT", 6),
    ("SIGBUS", 7),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 10),
    ("SIGSEGV", 11),
    ("SIGUSR2", 12),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIGCONT", 18),
];
