//! What explains where a service is: what its last run said, and who asked for what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stream;

/// The last lines that a run wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LastOutput {
    /// Which run.
    pub run: u64,
    /// Which of its streams; absent where both go to one log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// The lines, without their ends.
    pub lines: Vec<String>,
}

/// Who asked last for a change of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// For what: the method, like `stop`.
    pub verb: String,
    /// The user by name, the process, and its program, as far as the system tells.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// The reason that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
