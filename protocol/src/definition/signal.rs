//! Names of signals. A number is taken only where it means the same on every Unix.

const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE",
    "ALRM", "TERM", "URG", "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "IO", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "USR1", "USR2", "POLL", "PWR",
];

const NUMBERS: [(i128, &str); 9] = [
    (1, "HUP"),
    (2, "INT"),
    (3, "QUIT"),
    (4, "ILL"),
    (6, "ABRT"),
    (8, "FPE"),
    (9, "KILL"),
    (14, "ALRM"),
    (15, "TERM"),
];

/// The name without `SIG`, of a name with or without it, in any case.
pub(super) fn of_name(text: &str) -> Option<&'static str> {
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    NAMES.into_iter().find(|name| *name == bare)
}

/// The name of a number that is the same everywhere.
pub(super) fn of_number(number: i128) -> Option<&'static str> {
    NUMBERS.into_iter().find_map(|(value, name)| (value == number).then_some(name))
}
