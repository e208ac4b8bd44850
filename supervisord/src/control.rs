//! How the daemon is talked to: sockets, sessions, verbs and the sentences they answer with.

pub mod answer;
pub mod events;
pub mod listen;
pub mod meaning;
pub mod reply;
pub mod sentence;
pub mod session;
mod verbs;
pub mod waits;
pub mod why;
