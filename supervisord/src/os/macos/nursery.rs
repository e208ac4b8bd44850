//! One thread's way from a plan to a process: fork, and what failed, told through a pipe.

use std::{
    io::{self, PipeReader, PipeWriter, Read},
    os::fd::AsRawFd,
    sync::atomic::Ordering::SeqCst,
};

use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};
use supervisor_core::Run;

use super::Workshop;
use crate::os::{
    Launch, SpawnError, Stage,
    unix::{Child, Fault, Plan, Slot, become_program},
};

/// What a spawner thread needs for all its children.
pub(in crate::os) struct Nursery;

impl Nursery {
    /// Blocks all signals of this thread, so that none is handled in a child.
    pub(in crate::os) fn new() -> Self {
        // Only a bad pointer or `how` could fail here.
        let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None);
        Self
    }

    /// Starts a process and waits until it has entered its program.
    pub(in crate::os) fn start(
        &mut self,
        run: Run,
        launch: &Launch,
        workshop: &Workshop,
        slot: &Slot,
    ) -> Result<Child, SpawnError> {
        let plan = Plan::new(run, launch, (workshop.null.as_raw_fd(), &workshop.domain))?;
        let failed = |error: io::Error| SpawnError::from_io(Stage::Clone, None, &error);
        let (mut word, teller) = io::pipe().map_err(failed)?;
        let pid = fork(&plan, slot, teller).map_err(failed)?;
        match read(&mut word) {
            None => Ok(Child { pid, inode: None, grouped: false }),
            Some(fault) => {
                slot.forget_pid();
                // SAFETY: our child, unless the loop has reaped it already, which is refused.
                unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
                Err(fault.explain(launch, &plan, None))
            }
        }
    }
}

/// Forks, and writes the pid down before anybody can ask whose it is.
fn fork(plan: &Plan, slot: &Slot, teller: PipeWriter) -> io::Result<i32> {
    let _asked_later = slot.lock();
    // SAFETY: the child only makes async-signal-safe calls, and ends.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let fault = Fault::default();
            // SAFETY: just forked, all signals blocked; the numbers are live until they are read.
            unsafe {
                become_program(plan, &fault);
                let numbers = fault.numbers();
                libc::write(teller.as_raw_fd(), (&raw const numbers).cast(), size_of_val(&numbers));
                libc::_exit(127)
            }
        }
        pid => {
            slot.pid().store(pid, SeqCst);
            Ok(pid)
        }
    }
}

/// Nothing comes when the program was entered, since that closes the pipe.
fn read(word: &mut PipeReader) -> Option<Fault> {
    let mut bytes = [0; 12];
    word.read_exact(&mut bytes).ok()?;
    let (numbers, _) = bytes.as_chunks::<4>();
    let number = |at: usize| numbers.get(at).map_or(0, |bytes| i32::from_ne_bytes(*bytes));
    Some(Fault::from_numbers([number(0), number(1), number(2)]))
}
