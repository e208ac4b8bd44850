//! What Linux and macOS share: the table of runs, the threads that start processes, the steps
//! between clone and exec, and reaping.

mod adopt;
mod child;
mod deaths;
mod ends;
mod exec;
mod fault;
mod glob;
mod in_flight;
mod interfaces;
mod limits;
mod plan;
mod processes;
mod sensor;
mod signature;
pub mod user;

pub(super) use self::{
    child::{become_program, check},
    fault::Fault,
    in_flight::Slot,
    interfaces::is_network_up,
    plan::Plan,
    sensor::Sensor,
};
pub use self::{processes::Processes, signature::Signature};

#[cfg(target_os = "linux")]
pub(super) use self::deaths::exit;

/// A process that has entered its program.
pub(super) struct Child {
    pub(super) pid: i32,
    /// See [`super::Identity::inode`].
    pub(super) inode: Option<u64>,
    /// Whether it was put into the control group of its tree.
    pub(super) grouped: bool,
}

/// What a tree has to be told of the run it belongs to.
pub(super) struct Member<'a> {
    pub(super) run: supervisor_core::Run,
    /// The run's own process, which also names its process group.
    pub(super) pid: i32,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "a group has no name"))]
    pub(super) tree: &'a str,
    /// Whether it lives in the control group of its tree.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there are none"))]
    pub(super) grouped: bool,
    /// Whether an earlier daemon made it, so that nothing but its marks leads to what it left.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "marks can't be read"))]
    pub(super) is_adopted: bool,
    /// Whether only the run's own process is meant, never the rest.
    pub(super) is_alone: bool,
    /// Whether the run's own process was reaped.
    pub(super) is_left_over: bool,
}

/// The error number tells of what comes back by itself: descriptors, processes, memory, room.
pub(super) fn is_passing(errno: i32) -> bool {
    use libc::{EAGAIN, EDQUOT, EMFILE, ENFILE, ENOMEM, ENOSPC};
    [EAGAIN, EDQUOT, EMFILE, ENFILE, ENOMEM, ENOSPC].contains(&errno)
}

/// The name of this host, as far as it is text.
pub fn host_name() -> String {
    nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned()
}
