//! The verbs that need no daemon, run as a user runs them, in a folder of their own.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod agree;
mod check;
mod corpus;
mod export;
mod folder;
#[cfg(unix)]
mod machine;
mod print;
mod simulate;
