//! What exits commonly mean, beyond their numbers. Pure.

use supervisor_core::Exit;

use crate::os;

/// In a few words, where there is a convention.
#[must_use]
pub fn of(exit: Exit) -> Option<&'static str> {
    match exit {
        Exit::Signal { number, .. } => of_signal(os::signal_name(number)?),
        Exit::Code(code) => of_status(code).or_else(|| of_code(code)),
        Exit::Unknown => None,
    }
}

fn of_signal(name: &str) -> Option<&'static str> {
    Some(match name {
        "SIGKILL" => "killed by force: by a person, or by the system for want of memory",
        "SIGSEGV" => "it touched memory that is not its own",
        "SIGBUS" => "it touched memory that is not there, like a mapped file that was cut",
        "SIGABRT" => "it gave up by itself: a failed assertion, abort() or a panic",
        "SIGILL" => "it met an instruction that this processor does not know",
        "SIGFPE" => "it divided by zero, or the like",
        "SIGSYS" => "it made a system call that it is not allowed",
        "SIGTRAP" => "it met a breakpoint, or a check that failed",
        "SIGPIPE" => "it wrote where nobody reads any more",
        "SIGHUP" => "its terminal went away, or it was asked to read its files again and can't",
        "SIGXCPU" => "it used up its processor time (HardResourceLimits, CPU)",
        "SIGXFSZ" => "a file became larger than it may (HardResourceLimits, FileSize)",
        "SIGTERM" | "SIGINT" | "SIGQUIT" => "it was asked to end",
        _ => return None,
    })
}

/// The conventions of shells, and of `sysexits.h`.
fn of_code(code: u32) -> Option<&'static str> {
    Some(match code {
        64 => "sysexits: wrong usage of the command line",
        65 => "sysexits: its input was wrong",
        66 => "sysexits: it can't open its input",
        67 => "sysexits: no such user",
        68 => "sysexits: no such host",
        69 => "sysexits: something it needs is not available",
        70 => "sysexits: an error of its own",
        71 => "sysexits: an error of the system",
        72 => "sysexits: a file of the system is missing",
        73 => "sysexits: it can't create its output",
        74 => "sysexits: an error while reading or writing",
        75 => "sysexits: a failure that may pass",
        76 => "sysexits: the other side broke the protocol",
        77 => "sysexits: it is not permitted",
        78 => "sysexits: its configuration is wrong",
        101 => "as Rust programs end that panic",
        126 => "as shells end that found a command, and may not execute it",
        127 => "as shells end that did not find a command",
        134 => "as shells end whose command was killed by SIGABRT",
        137 => "as shells end whose command was killed by SIGKILL",
        139 => "as shells end whose command was killed by SIGSEGV",
        143 => "as shells end whose command was killed by SIGTERM",
        _ => return None,
    })
}

/// NTSTATUS values that Windows ends programs with.
fn of_status(code: u32) -> Option<&'static str> {
    Some(match code {
        0xC000_0005 => "access violation: it touched memory that is not its own",
        0xC000_001D => "it met an instruction that this processor does not know",
        0xC000_0094 => "it divided by zero",
        0xC000_00FD => "its stack overflowed",
        0xC000_0135 => "a DLL that it needs was not found",
        0xC000_0138 | 0xC000_0139 => "a DLL that it needs is of another version",
        0xC000_013A => "Ctrl-C, or its console was closed",
        0xC000_0142 => "a DLL that it needs could not begin",
        0xC000_0374 => "its heap was corrupt",
        0xC000_0409 => "it gave up by itself: abort(), or a stack that was overrun",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_exits_have_a_meaning_and_others_none() {
        let told = |exit, word: &str| assert!(of(exit).is_some_and(|said| said.contains(word)));
        told(Exit::Code(127), "did not find");
        told(Exit::Code(78), "configuration");
        told(Exit::Code(0xC000_0135), "DLL");
        told(Exit::Signal { number: 9, core: false, crash: false }, "force");
        told(Exit::Signal { number: 15, core: false, crash: false }, "asked");
        for exit in [Exit::Code(0), Exit::Code(1), Exit::Unknown] {
            assert_eq!(of(exit), None);
        }
    }
}
