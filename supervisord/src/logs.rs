//! Logs of services. What writes them are the services themselves, or, by pipe, a thread of ours.

pub mod follow;
pub(crate) mod pipe;
mod sink;
mod text;
