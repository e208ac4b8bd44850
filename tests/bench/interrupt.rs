//! Ctrl-C and SIGTERM end the benchmark in order, so that nothing it started is left behind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::fault::{Cannot as _, Fault, Outcome};

static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// No pause is longer, so that the wish to end is soon seen.
const PAUSE: Duration = Duration::from_millis(100);

extern "C" fn note(_: i32) {
    IS_WANTED.store(true, Ordering::Relaxed);
}

/// From now on these signals are only noted.
pub(crate) fn catch() -> Outcome<()> {
    let action = SigAction::new(SigHandler::Handler(note), SaFlags::SA_RESTART, SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler only stores to an atomic.
        unsafe { sigaction(signal, &action) }.cannot("catch signals")?;
    }
    Ok(())
}

/// True once the benchmark shall end.
pub(crate) fn is_wanted() -> bool {
    IS_WANTED.load(Ordering::Relaxed)
}

/// Lets time pass, in which something is measured.
pub(crate) fn pause(length: Duration) -> Outcome<()> {
    let end = Instant::now() + length;
    loop {
        if is_wanted() {
            return Err(Fault("interrupted".to_owned()));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(PAUSE));
    }
}

/// Looks every `step` whether the condition holds.
pub(crate) fn wait_until(
    what: &str,
    limit: Duration,
    step: Duration,
    mut condition: impl FnMut() -> Outcome<bool>,
) -> Outcome<()> {
    let end = Instant::now() + limit;
    while !condition()? {
        if end < Instant::now() {
            return Err(Fault(format!("waited {} s in vain for {what}", limit.as_secs())));
        }
        pause(step)?;
    }
    Ok(())
}
