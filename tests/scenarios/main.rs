//! The product end to end, as its users see it. One binary, so that it links once.
#![expect(clippy::unwrap_used, reason = "a scenario ends where the unexpected happens")]

mod check;
mod clients;
mod daemon;
mod definitions;
#[cfg(unix)]
mod inetd;
mod keep_alive;
mod lifecycle;
mod logs;
mod persistence;
mod protocol;
mod real_programs;
#[cfg(unix)]
mod sockets;
mod spawning;
mod stop;
mod tidy;
#[cfg(target_os = "linux")]
mod triggers;
#[cfg(target_os = "linux")]
mod watched;
