//! What scenarios stand on: the real binaries, a daemon in a folder of its own, a client, a raw
//! socket, and an observer that believes none of them.
//!
//! **Invariant:** nothing here imports the product; it is seen only as its users see it.

mod binaries;
mod client;
mod daemon;
mod definition;
mod dice;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
pub mod fault;
pub mod free;
mod journal;
#[cfg(target_os = "linux")]
mod lease;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod network;
#[cfg_attr(windows, path = "observer_windows.rs")]
pub mod observer;
mod skip;
mod wait;
#[cfg(unix)]
mod wire;

pub use binaries::{BINARIES, Binaries, workspace};
pub use client::Output;
pub use daemon::Daemon;
pub use definition::{Service, property_list};
pub use dice::{Dice, number};
#[cfg(target_os = "linux")]
pub use disk::{SmallDisk, hide_control_groups};
pub use journal::{Note, journal};
#[cfg(target_os = "linux")]
pub use lease::Lease;
#[cfg(target_os = "linux")]
pub use machine::Machine;
#[cfg(target_os = "linux")]
pub use network::Interface;
pub use skip::skip;
pub use wait::{Until, wait_for, wait_until};
#[cfg(unix)]
pub use wire::Wire;

use std::time::Duration;

/// Longer than anything takes that is going to happen at all, on a machine busy with other work.
pub const PATIENCE: Duration = Duration::from_secs(20);
