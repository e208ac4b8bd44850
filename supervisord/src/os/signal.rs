//! Signals by name and number; on Windows the names are known and the numbers are Linux's.

/// What is sent to the processes of a run short of killing them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Signal {
    /// The system's usual way to ask a process to end: SIGTERM, or Ctrl-Break on Windows.
    Terminate,
    /// A signal by its number; see [`signal_number`].
    Number(i32),
}

impl Signal {
    /// The signal's number on this system.
    pub fn number(self) -> i32 {
        match self {
            Self::Terminate => TERMINATE,
            Self::Number(number) => number,
        }
    }
}

const TERMINATE: i32 = 15;

/// The name of a signal, as `SIGTERM`.
pub fn signal_name(number: i32) -> Option<&'static str> {
    super::imp::SIGNALS.iter().find(|signal| signal.1 == number).map(|signal| signal.0)
}

/// The number of a signal, from `SIGTERM`, `TERM`, `term` or `15`.
pub fn signal_number(name: &str) -> Option<i32> {
    if let Ok(number) = name.parse::<i32>() {
        return (0 < number && number <= super::imp::SIGNALS_MAX).then_some(number);
    }
    let upper = name.to_ascii_uppercase();
    let wanted = upper.strip_prefix("SIG").unwrap_or(&upper);
    let known = super::imp::SIGNALS.iter().find(|signal| &signal.0[3..] == wanted)?;
    Some(known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_inverse() {
        for name in ["SIGHUP", "SIGKILL", "SIGTERM", "SIGSEGV"] {
            let number = signal_number(name).expect("known");
            assert_eq!(signal_name(number), Some(name));
            assert_eq!(signal_number(&name[3..].to_lowercase()), Some(number));
        }
        assert_eq!(signal_number("9"), Some(9));
        assert_eq!(signal_number("0"), None);
        assert_eq!(signal_number("4711"), None);
        assert_eq!(signal_number("SIG"), None);
        assert_eq!(signal_name(4711), None);
    }
}
