//! The pure supervisor: events and the time go in, actions come out.
//!
//! **Invariant:** nothing here reads a clock, a file, a pid or the environment, logs, or fails. The
//! same events at the same moments give the same actions, which is what the simulation relies on.
//!
//! [`Supervisor`] holds all services, [`service`] is the life of one: read its table first.

mod action;
mod again;
pub mod calendar;
mod event;
mod moment;
mod others;
mod past;
mod policy;
mod request;
mod room;
mod run;
pub mod service;
pub mod simulation;
mod supervisor;
mod trigger;
mod wall;

pub use action::{Action, Answer};
pub use again::{Backoff, Restart, RestartOn, StartLimit};
pub use event::{Change, Event, Load, Want};
pub use moment::Moment;
pub use past::{Left, Memory, Past, Timers};
pub use policy::{Condition, KeepAlive, Policy};
pub use request::RequestId;
pub use room::shrink;
pub use run::{Exit, Run, ServiceId};
pub use service::{Cause, Ended, Goal, Service, State};
pub use supervisor::Supervisor;
pub use trigger::{Level, Triggers};
pub use wall::Wall;
