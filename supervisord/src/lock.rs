//! One daemon a domain: a lock held as long as the daemon lives, and the name of its holder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;

use protocol::address::Paths;
use thiserror::Error;

use crate::os::{self, BorrowedHandle, Handle};

/// A daemon that was killed while it made a process leaves the lock to that, until it enters its
/// program: so often is it tried again, when the holder is known to be dead.
const TRIES: u32 = 200;

/// Between two tries.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

/// The domain is ours until this is dropped; the kernel drops it if we are killed.
#[derive(Debug)]
pub struct Lock {
    file: File,
    pid_file: PathBuf,
}

/// Why the domain is not ours.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another daemon has it.
    #[error(
        "cannot lock {}: another supervisord{holder} holds it; \
         stop that one (svcctl shutdown), or use another --base", lock.display()
    )]
    Held {
        /// The lock.
        lock: PathBuf,
        /// Its pid, in words, where it is known.
        holder: String,
    },
    /// The lock can't be used.
    #[error("cannot lock {}: {cause}", lock.display())]
    Unusable {
        /// The lock.
        lock: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
}

impl Lock {
    /// Takes the domain's lock and writes our pid beside it.
    ///
    /// # Errors
    /// [`LockError`]; nothing was changed then.
    pub fn take(paths: &Paths) -> Result<Self, LockError> {
        let lock = paths.lock();
        let pid_file = paths.run.join("pid");
        let unusable = |cause| LockError::Unusable { lock: lock.clone(), cause };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .map_err(unusable)?;
        let holder = || fs::read_to_string(&pid_file).unwrap_or_default().trim().to_owned();
        let is_dead = || holder().parse().is_ok_and(|pid| !os::is_process(pid));
        for is_last in (1..=TRIES).map(|count| count == TRIES) {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if is_last || !is_dead() => {
                    let holder = holder();
                    let is_known = !holder.is_empty();
                    let holder = if is_known { format!(" (pid {holder})") } else { holder };
                    return Err(LockError::Held { lock, holder });
                }
                Err(TryLockError::WouldBlock) => pause(),
                Err(TryLockError::Error(cause)) => return Err(unusable(cause)),
            }
        }
        // Only who is refused reads it; a full disk is no reason not to begin.
        if let Err(error) = fs::write(&pid_file, format!("{}\n", std::process::id())) {
            log::warn!("cannot write {}: {error}", pid_file.display());
        }
        Ok(Self { file, pid_file })
    }

    /// The lock that the program before this one took and left to us.
    #[must_use]
    pub fn inherit(handle: Handle, paths: &Paths) -> Self {
        Self { file: handle.into(), pid_file: paths.run.join("pid") }
    }

    /// The lock, to hand it over.
    #[must_use]
    pub fn handle(&self) -> BorrowedHandle<'_> {
        os::borrow(&self.file)
    }
}

#[expect(clippy::disallowed_methods, reason = "before the loop there is nothing to wait for")]
fn pause() {
    std::thread::sleep(PAUSE);
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind it would only name a daemon that is gone; the lock is what counts.
        let _ = fs::remove_file(&self.pid_file);
    }
}
