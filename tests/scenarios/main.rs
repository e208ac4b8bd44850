//! The product end to end, as its users see it. One binary, so that it links once.
#![expect(clippy::unwrap_used, reason = "a scenario ends where the unexpected happens")]

#[cfg(target_os = "linux")]
mod chaos;
mod check;
mod clients;
mod daemon;
mod definitions;
#[cfg(target_os = "linux")]
mod exhaustion;
#[cfg(unix)]
mod inetd;
mod keep_alive;
#[cfg(target_os = "linux")]
mod kept_logs;
mod lifecycle;
mod log_marks;
mod logs;
mod persistence;
mod protocol;
mod real_programs;
#[cfg(target_os = "linux")]
mod remembered;
#[cfg(target_os = "linux")]
mod rotation;
#[cfg(unix)]
mod settings;
#[cfg(unix)]
mod sockets;
mod spawning;
#[cfg(target_os = "linux")]
mod state_files;
mod stop;
#[cfg(target_os = "linux")]
mod survival;
#[cfg(target_os = "linux")]
mod sweep;
mod tidy;
#[cfg(target_os = "linux")]
mod triggers;
#[cfg(target_os = "linux")]
mod upgrade;
#[cfg(target_os = "linux")]
mod watched;
mod why;
