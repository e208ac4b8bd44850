//! A service manager here just starts the daemon; it needs to be told nothing by itself.

use std::process::ExitCode;

/// Runs the daemon.
pub fn run_service(_: &str, daemon: impl FnOnce() -> ExitCode + Send + 'static) -> ExitCode {
    daemon()
}

/// Whoever started this process finds the next program in it.
#[must_use]
pub fn is_service() -> bool {
    false
}

/// Tells nobody.
pub fn tell_ready() {}

/// Tells nobody.
pub fn tell_failed(_: &str) {}
