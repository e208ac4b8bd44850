//! Real processes through `os::Processes`: how they are set up, what fails, how they end.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

mod crowd;
mod ends;
mod failures;
mod setup;
mod trees;
mod world;
