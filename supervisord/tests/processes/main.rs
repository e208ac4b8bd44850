//! Real processes through `os::Processes`: how they are set up, what fails, how they end.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

mod crowd;
mod ends;
mod failures;
mod setup;
mod trees;
mod world;
