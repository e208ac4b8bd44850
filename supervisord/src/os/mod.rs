//! The only place that touches processes: it starts, signals, kills and reaps them, and knows
//! their trees.
//!
//! **Invariant:** a pid lives only here; everybody else says [`supervisor_core::Run`]. The thread
//! that reaps is the thread that signals, so a pid is never signalled after it was freed.
//! **Invariant:** no policy: nothing here restarts, waits for time to pass or reads a clock.
//! **Invariant:** one [`Processes`] in a program, because reaping takes every child there is.

#[cfg(target_os = "linux")]
#[path = "linux/cut.rs"]
mod cut;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere/cut.rs"]
mod cut;
#[cfg(unix)]
#[path = "unix/datagrams.rs"]
mod datagrams;
#[cfg(windows)]
#[path = "windows/datagrams.rs"]
mod datagrams;
#[cfg(unix)]
#[path = "unix/environment.rs"]
mod environment;
#[cfg(windows)]
#[path = "windows/environment.rs"]
mod environment;
mod error;
#[cfg(unix)]
#[path = "unix/folder.rs"]
mod folder;
#[cfg(windows)]
#[path = "windows/folder.rs"]
mod folder;
#[cfg(unix)]
#[path = "unix/handover.rs"]
mod handover;
#[cfg(windows)]
#[path = "windows/handover.rs"]
mod handover;
mod launch;
#[cfg(unix)]
#[path = "unix/listen.rs"]
mod listen;
#[cfg(windows)]
#[path = "windows/listen.rs"]
mod listen;
pub mod logon;
#[cfg(target_os = "linux")]
#[path = "linux/memory.rs"]
mod memory;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere/memory.rs"]
mod memory;
mod news;
#[cfg(target_os = "linux")]
#[path = "linux/notifier.rs"]
mod notifier;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere/notifier.rs"]
mod notifier;
#[cfg(unix)]
#[path = "unix/own.rs"]
mod own;
#[cfg(windows)]
#[path = "windows/own.rs"]
mod own;
#[cfg(target_os = "linux")]
#[path = "linux/pipes.rs"]
mod pipes;
#[cfg(all(unix, not(target_os = "linux")))]
#[path = "macos/pipes.rs"]
mod pipes;
#[cfg(windows)]
#[path = "windows/pipes.rs"]
mod pipes;
pub mod scm;
mod senses;
#[cfg(unix)]
#[path = "unix/service.rs"]
mod service;
#[cfg(windows)]
use self::imp::service;
mod signal;
mod spawner;
mod stable_hash;
#[cfg(unix)]
mod unix;
mod variables;
#[cfg(target_os = "linux")]
#[path = "linux/writes.rs"]
mod writes;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere/writes.rs"]
mod writes;

#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod imp;
#[cfg(all(unix, not(target_os = "linux")))]
#[path = "macos/mod.rs"]
mod imp;
#[cfg(windows)]
#[path = "windows/mod.rs"]
mod imp;

#[cfg(windows)]
pub use self::imp::{Processes, user};
#[cfg(unix)]
pub use self::unix::{Processes, user};

pub use self::{
    error::{SpawnError, Stage},
    imp::host_name,
    launch::{
        Account, BorrowedHandle, Environment, Handle, Launch, Limit, Options, Patterns, Reach,
        Resource, Stdio,
    },
    news::{Identity, News},
    notifier::Notifier,
    senses::{
        Alarm, ClockSet, Doorbell, Happened, Interest, Mounts, Network, PathEvents, Place, Seen,
        Signature, since_boot, zone_file,
    },
    signal::{Signal, signal_name, signal_number},
};

pub use cut::{block_size, collapse, copy_head, hollow, sync_behind, yield_all, yield_disk};
pub use datagrams::{Datagrams, LOGGER};
pub use service::{is_service, run_service, tell_failed, tell_ready};
pub use stable_hash::stable_hash;

pub use environment::{NULL, base_environment, is_same_variable};
pub use folder::{Folder, Look, is_foreign, look, open_file_of};
#[cfg(windows)]
pub use handover::detach;
pub use handover::{Handover, become_daemon, read_what_is_there};
pub use memory::{about_to_wait, give_back_memory};

pub use listen::{Bound, ListenError, accept, is_quick, open, recognise};
pub use writes::{Bell, Writes};

pub use own::{
    Request, Requests, borrow, create_folder, current_user, errand, file_number, is_hung_up,
    is_process, is_root, is_same_file, lend, listen, make_executable, make_readable, may_control,
    open_log, open_to_read, peer, socket_handle, socket_name, socket_of, sync_folder,
};

pub use pipes::{IS_EXACT, Mouth, Peeker, Pipe, Poller, Waker, is_pipe};

/// Who is at the other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Peer {
    /// The user's number.
    pub uid: Option<u32>,
    /// The process.
    pub pid: Option<u32>,
}

/// What a process calls itself, where the system tells.
#[must_use]
pub fn program_name(pid: u32) -> Option<String> {
    imp::program_name(pid)
}

/// Names the time since the machine booted, for what is true only until it does again.
#[must_use]
pub fn boot() -> Option<String> {
    imp::boot()
}
