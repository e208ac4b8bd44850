//! What a client may ask: one variant a method, one struct its parameters.
//!
//! `wait` is on by default: a verb that changes something answers when it is done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answer::Position;

/// A method with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "method", content = "params", rename_all = "snake_case")]
pub enum Call {
    /// Who is there, and which versions it speaks; the first message of a careful client.
    Hello(HelloCall),
    /// Is the daemon's loop alive?
    Ping,
    /// One row a service, in label order, page by page.
    List(List),
    /// Everything known about one service.
    Status(Target),
    /// Takes a definition in and lets the service act by it.
    Add(Add),
    /// Stops a service and forgets it; its logs stay.
    Remove(Change),
    /// Sets the goal to up and starts the service now, throttled or not.
    Start(Change),
    /// Sets the goal to down; sticks, also over a reboot.
    Stop(Change),
    /// Ends the present run, if there is one, and starts a new one.
    Restart(Change),
    /// Overrides `Disabled` with false; the service acts by its policy again.
    Enable(Change),
    /// Overrides `Disabled` with true; a live run goes on until it ends.
    Disable(Change),
    /// Reads the services folder again and does what changed.
    Apply(Apply),
    /// Answers when the service is where the caller wants it.
    Wait(Wait),
    /// Sends `log` notifications, then answers; with `follow` it answers when the service is gone.
    Logs(Logs),
    /// Sends `event` notifications, then answers; with `follow` it answers when the daemon ends.
    Events(Events),
    /// Becomes another program, or the same one anew, without any service noticing. The connection
    /// ends; only a refusal is answered.
    Upgrade(Upgrade),
    /// Stops every service and ends the daemon; goals stay as they are.
    Shutdown(Shutdown),
}

impl Call {
    /// The call of that name with its parameters, or `None` when there is no such method.
    #[must_use]
    pub fn decode(method: &str, params: Option<&RawValue>) -> Option<serde_json::Result<Self>> {
        let text = params.map_or("{}", RawValue::get);
        Some(match method {
            "hello" => serde_json::from_str(text).map(Self::Hello),
            "ping" => Ok(Self::Ping),
            "list" => serde_json::from_str(text).map(Self::List),
            "status" => serde_json::from_str(text).map(Self::Status),
            "add" => serde_json::from_str(text).map(Self::Add),
            "remove" => serde_json::from_str(text).map(Self::Remove),
            "start" => serde_json::from_str(text).map(Self::Start),
            "stop" => serde_json::from_str(text).map(Self::Stop),
            "restart" => serde_json::from_str(text).map(Self::Restart),
            "enable" => serde_json::from_str(text).map(Self::Enable),
            "disable" => serde_json::from_str(text).map(Self::Disable),
            "apply" => serde_json::from_str(text).map(Self::Apply),
            "wait" => serde_json::from_str(text).map(Self::Wait),
            "logs" => serde_json::from_str(text).map(Self::Logs),
            "events" => serde_json::from_str(text).map(Self::Events),
            "upgrade" => serde_json::from_str(text).map(Self::Upgrade),
            "shutdown" => serde_json::from_str(text).map(Self::Shutdown),
            _ => return None,
        })
    }
}

/// Parameters of `hello`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HelloCall {
    /// The client's name and version, for the daemon's log.
    pub client: String,
}

/// Parameters of `list`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Only labels behind this one; the `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Of each service only what launchctl lists: a third of the work.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub brief: bool,
}

/// Parameters of methods that only name a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The service.
    pub label: String,
}

/// Parameters of methods that change one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The service.
    pub label: String,
    /// Answer when it is done (the default), or when it has begun.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub wait: bool,
    /// Give up waiting after so many milliseconds; what was begun goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Why it is asked for, for those who look at the history later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Parameters of `add`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// The definition itself, never a path: the daemon reads no file on a caller's behalf.
    pub definition: DefinitionSource,
    /// Replace a different definition of the same label, restarting its service where needed.
    #[serde(default, skip_serializing_if = "is_no")]
    pub replace: bool,
    /// Answer when it is done (the default), or when it has begun.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub wait: bool,
    /// Give up waiting after so many milliseconds; what was begun goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Why it is asked for, for those who look at the history later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A definition on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DefinitionSource {
    /// A property list as text (XML), kept byte by byte in the services folder.
    Text(String),
    /// The same keys as a JSON object.
    Json(serde_json::Map<String, serde_json::Value>),
}

/// Parameters of `apply`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Apply {
    /// Answer with the plan and do nothing.
    #[serde(skip_serializing_if = "is_no")]
    pub dry_run: bool,
    /// Why it is asked for, for those who look at the history later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Parameters of `wait`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// The service.
    pub label: String,
    /// Where it must be.
    #[serde(default)]
    pub until: Until,
    /// Give up after so many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What `wait` waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Running, and ready where it says so.
    #[default]
    Up,
    /// No process of it is left and none is about to start.
    Down,
    /// Its present run, if any, has ended, whatever comes next.
    Exited,
}

/// Parameters of `logs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// The service.
    pub label: String,
    /// Only the last so many lines; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
    /// Go on with what comes.
    #[serde(default, skip_serializing_if = "is_no")]
    pub follow: bool,
    /// Go on from here instead, if the log still has that place: a client that lost its daemon asks
    /// the next one so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Position>,
    /// Which of its streams, where they go to different files; without it, standard output's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// Only what one run wrote: its number, 0 for the last one, -1 for the one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// Only what was written since then, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Only what was written until then, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Send what happened between runs too.
    #[serde(default, skip_serializing_if = "is_no")]
    pub marks: bool,
}

/// A stream of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Parameters of `events`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Events {
    /// Only events behind this number; without it all that are kept, or, with `follow`, what comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only the last so many of those that are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// Only of these services; without any, of all, and what is about none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Go on with what comes.
    #[serde(skip_serializing_if = "is_no")]
    pub follow: bool,
}

/// Parameters of `upgrade`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Upgrade {
    /// The new program's absolute path; without it, the path this daemon was started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Why it is asked for, for those who look at the history later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Parameters of `shutdown`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// Kill what has not ended after so many milliseconds, whatever its `ExitTimeOut`; without it
    /// after the daemon's own `--shutdown-timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Why it is asked for, for those who look at the history later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

fn is_no(value: &bool) -> bool {
    !*value
}
