//! Why something was not done: a reason for programs beside a sentence for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An answer that says no.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// What a program may act on.
    pub reason: Reason,
    /// `cannot <verb> <object>: <cause>`, with what to do next where that is known.
    pub sentence: String,
}

impl Refusal {
    /// A refusal with its sentence.
    #[must_use]
    pub fn new(reason: Reason, sentence: impl Into<String>) -> Self {
        Self { reason, sentence: sentence.into() }
    }
}

/// The machine-readable part of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The line is not JSON.
    NotJson,
    /// The line is JSON, but not a JSON-RPC 2.0 request.
    NotARequest,
    /// There is no such method.
    NoSuchMethod,
    /// The method does not take these parameters.
    BadParameters,
    /// The daemon is at fault.
    Internal,
    /// No service has this label.
    NoSuchService,
    /// Another definition with this label is loaded.
    AlreadyExists,
    /// The definition has faults.
    BadDefinition,
    /// The service is disabled.
    Disabled,
    /// It was tried and did not work.
    Failed,
    /// A later request took the service elsewhere before this one was done.
    Superseded,
    /// The time given ran out; what was begun goes on.
    TimedOut,
    /// The caller may not do this.
    NotPermitted,
    /// The daemon is ending.
    ShuttingDown,
    /// Too many clients, or requests under way.
    Busy,
    /// The daemon could not write what must survive; nothing was changed.
    NotStored,
}

impl Reason {
    /// The JSON-RPC 2.0 error code it travels with.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::NotJson => -32700,
            Self::NotARequest => -32600,
            Self::NoSuchMethod => -32601,
            Self::BadParameters => -32602,
            Self::Internal => -32603,
            Self::NoSuchService => -32001,
            Self::AlreadyExists => -32002,
            Self::BadDefinition => -32003,
            Self::Disabled => -32004,
            Self::Failed => -32005,
            Self::Superseded => -32006,
            Self::TimedOut => -32007,
            Self::NotPermitted => -32008,
            Self::ShuttingDown => -32009,
            Self::Busy => -32010,
            Self::NotStored => -32011,
        }
    }
}
