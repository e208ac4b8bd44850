//! Exit codes in words: Windows says by them which error ended a program.

/// The least code that is an error of Windows' own (NTSTATUS, severity error).
pub const NTSTATUS_ERROR: u32 = 0xC000_0000;

/// An exit code as people read it: `exit 3`, `exit 0xc0000005 (STATUS_ACCESS_VIOLATION)`.
#[must_use]
pub fn words(code: u32) -> String {
    match ntstatus(code) {
        Some(name) => format!("exit {code:#010x} ({name})"),
        None if NTSTATUS_ERROR <= code => format!("exit {code:#010x}"),
        None => format!("exit {code}"),
    }
}

/// The name of a code that ends programs, as Windows' headers have it (`ntstatus.h`).
#[must_use]
pub fn ntstatus(code: u32) -> Option<&'static str> {
    Some(match code {
        0x4001_0004 => "DBG_TERMINATE_PROCESS",
        0x8000_0003 => "STATUS_BREAKPOINT",
        0x8000_0004 => "STATUS_SINGLE_STEP",
        0xC000_0005 => "STATUS_ACCESS_VIOLATION",
        0xC000_0006 => "STATUS_IN_PAGE_ERROR",
        0xC000_0008 => "STATUS_INVALID_HANDLE",
        0xC000_000D => "STATUS_INVALID_PARAMETER",
        0xC000_0017 => "STATUS_NO_MEMORY",
        0xC000_001D => "STATUS_ILLEGAL_INSTRUCTION",
        0xC000_0022 => "STATUS_ACCESS_DENIED",
        0xC000_0025 => "STATUS_NONCONTINUABLE_EXCEPTION",
        0xC000_0044 => "STATUS_QUOTA_EXCEEDED",
        0xC000_007B => "STATUS_INVALID_IMAGE_FORMAT",
        0xC000_008C => "STATUS_ARRAY_BOUNDS_EXCEEDED",
        0xC000_008E => "STATUS_FLOAT_DIVIDE_BY_ZERO",
        0xC000_0094 => "STATUS_INTEGER_DIVIDE_BY_ZERO",
        0xC000_0095 => "STATUS_INTEGER_OVERFLOW",
        0xC000_0096 => "STATUS_PRIVILEGED_INSTRUCTION",
        0xC000_00FD => "STATUS_STACK_OVERFLOW",
        0xC000_012D => "STATUS_COMMITMENT_LIMIT",
        0xC000_0135 => "STATUS_DLL_NOT_FOUND",
        0xC000_0138 => "STATUS_ORDINAL_NOT_FOUND",
        0xC000_0139 => "STATUS_ENTRYPOINT_NOT_FOUND",
        0xC000_013A => "STATUS_CONTROL_C_EXIT",
        0xC000_0142 => "STATUS_DLL_INIT_FAILED",
        0xC000_0144 => "STATUS_UNHANDLED_EXCEPTION",
        0xC000_026B => "STATUS_DLL_INIT_FAILED_LOGOFF",
        0xC000_0374 => "STATUS_HEAP_CORRUPTION",
        0xC000_0409 => "STATUS_STACK_BUFFER_OVERRUN",
        0xC000_0417 => "STATUS_INVALID_CRUNTIME_PARAMETER",
        0xC000_0420 => "STATUS_ASSERTION_FAILURE",
        0xE043_4352 => ".NET exception",
        0xE06D_7363 => "C++ exception",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn codes_of_windows_own_have_names() {
        assert_eq!(words(3), "exit 3");
        assert_eq!(words(259), "exit 259");
        assert_eq!(words(0xC000_0005), "exit 0xc0000005 (STATUS_ACCESS_VIOLATION)");
        assert_eq!(words(0xC123_4567), "exit 0xc1234567");
    }
}
