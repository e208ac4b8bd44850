//! The product end to end, as its users see it. One binary, so that it links once.
#![expect(clippy::unwrap_used, reason = "a scenario ends where the unexpected happens")]

#[cfg(target_os = "linux")]
mod adoption;
#[cfg(unix)]
mod arguments;
mod backoff;
#[cfg(target_os = "linux")]
mod benchmark;
#[cfg(target_os = "linux")]
mod chaos;
mod check;
#[cfg(unix)]
mod clients;
#[cfg(target_os = "linux")]
mod confined;
#[cfg(unix)]
mod daemon;
#[cfg(target_os = "linux")]
mod debugger;
#[cfg(unix)]
mod definitions;
#[cfg(target_os = "linux")]
mod ending;
#[cfg(target_os = "linux")]
mod exhaustion;
#[cfg(target_os = "linux")]
mod folder;
#[cfg(unix)]
mod formats;
#[cfg(target_os = "linux")]
mod history;
#[cfg(unix)]
mod hosts;
#[cfg(unix)]
mod inetd;
#[cfg(target_os = "linux")]
mod init_scripts;
#[cfg(unix)]
mod journals;
mod keep_alive;
#[cfg(target_os = "linux")]
mod kept_logs;
mod lifecycle;
mod log_marks;
mod logs;
mod merged_logs;
mod persistence;
#[cfg(target_os = "linux")]
mod piped;
#[cfg(target_os = "linux")]
mod piped_survival;
#[cfg(unix)]
mod protocol;
#[cfg(unix)]
mod reach;
#[cfg(unix)]
mod real_programs;
#[cfg(target_os = "linux")]
mod registration;
#[cfg(target_os = "linux")]
mod remembered;
mod restart;
#[cfg(target_os = "linux")]
mod rotation;
#[cfg(unix)]
mod settings;
#[cfg(target_os = "linux")]
mod sinks;
#[cfg(target_os = "linux")]
mod socket_keys;
#[cfg(unix)]
mod sockets;
#[cfg(unix)]
mod spawning;
#[cfg(target_os = "linux")]
mod state_files;
mod stop;
#[cfg(target_os = "linux")]
mod survival;
#[cfg(target_os = "linux")]
mod sweep;
#[cfg(target_os = "linux")]
mod systemd;
#[cfg(unix)]
mod tidy;
#[cfg(target_os = "linux")]
mod triggers;
#[cfg(target_os = "linux")]
mod upgrade;
#[cfg(unix)]
mod variables;
#[cfg(target_os = "linux")]
mod watched;
mod why;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
mod windows_service;
