//! The daemon: a pure supervisor decides (`supervisor-core`), the loop in [`daemon`] acts.
//!
//! **Invariant:** only [`os`] touches processes, only [`store`] writes what must survive, only
//! [`clock`] reads the time, and nothing shares the supervisor with the loop.

pub mod arguments;
pub mod background;
pub mod clock;
pub mod control;
pub mod daemon;
pub mod launch;
pub mod lines;
pub mod lock;
pub mod logs;
pub mod os;
pub mod registration;
pub mod registry;
pub mod sockets;
pub mod start;
pub mod store;
pub mod watch;
