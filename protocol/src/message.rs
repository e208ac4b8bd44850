//! Messages: JSON-RPC 2.0 requests, responses and notifications, as types.
//!
//! Released messages and fields are never renamed or reused (`tests/golden` holds them all).
//! Nothing here knows a socket, a file or the supervisor's own types.

mod answer;
mod call;
mod envelope;
mod event;
mod refusal;
mod schema;
mod story;

pub use answer::{
    Brief, Ended, Goal, Hello, LogEvent, LogMark, LogText, Outcome, Page, Plan, PlanStep, Pong,
    Position, Rejected, Row, Skipped, State, Status, Step, Waiting, WaitingFor,
};
pub use call::{
    Add, Apply, Call, Change, DefinitionSource, Events, HelloCall, List, Logs, Shutdown, Stream,
    Target, Until, Upgrade, Wait,
};
pub use envelope::{
    Id, Incoming, Notification, Request, Response, Version2, decode_incoming, decode_request,
    decode_result,
};
pub use event::{Asker, Event, EventNews, EventsEnd, Word};
pub use refusal::{Reason, Refusal};
pub use schema::schema;
pub use story::{Asked, LastOutput};

/// The protocol version this crate speaks; `hello` tells it.
pub const PROTOCOL: u32 = 1;
