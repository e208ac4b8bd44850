//! Reading the logs of services. What writes them are the services themselves.

pub mod follow;
mod text;
