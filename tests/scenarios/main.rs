//! The product end to end, as its users see it. One binary, so that it links once.
#![expect(clippy::unwrap_used, reason = "a scenario ends where the unexpected happens")]

mod clients;
mod daemon;
mod definitions;
mod keep_alive;
mod lifecycle;
mod logs;
mod persistence;
mod protocol;
mod real_programs;
mod spawning;
mod state_files;
mod stop;
mod survival;
mod sweep;
mod tidy;
mod upgrade;
