//! The real client against a daemon made of canned lines, over a real socket.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod add;
mod change;
mod fake;
mod look;
mod trouble;
