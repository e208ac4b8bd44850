//! What client and daemon say to each other, and what a service definition is.
//!
//! **Invariant:** nothing here does I/O: no socket, no file, no clock. Both ends bring bytes.

pub mod address;
pub mod definition;
pub mod exit;
pub mod frame;
pub mod log_time;
pub mod message;
