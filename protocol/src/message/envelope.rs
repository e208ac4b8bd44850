//! The JSON-RPC 2.0 envelope around calls and answers.
//!
//! Decoding goes in two steps, so that an unknown method and a wrong parameter are told apart.

use schemars::JsonSchema;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::call::Call;
use super::refusal::{Reason, Refusal};

/// A request's id, chosen by the client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Id {
    /// A number.
    Number(i64),
    /// A string.
    Text(String),
    /// What a reply carries when the request's own id could not be read.
    Null,
}

/// The constant `"2.0"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Version2;

impl Serialize for Version2 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("2.0")
    }
}

impl<'de> Deserialize<'de> for Version2 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        if text == "2.0" { Ok(Self) } else { Err(D::Error::custom("jsonrpc must be \"2.0\"")) }
    }
}

/// A call with its id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Request {
    /// Always 2.0.
    pub jsonrpc: Version2,
    /// Comes back in the response.
    pub id: Id,
    /// What is asked.
    #[serde(flatten)]
    pub call: Call,
}

impl Request {
    /// A request as a line for the wire.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        line(self)
    }
}

/// The answer to the request with the same id.
#[derive(Debug, Clone, PartialEq)]
pub struct Response<R> {
    /// The request's.
    pub id: Id,
    /// Done, or refused.
    pub outcome: Result<R, Refusal>,
}

impl<R: Serialize> Response<R> {
    /// A response as a line for the wire.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        let (result, error) = match &self.outcome {
            Ok(result) => (Some(result), None),
            Err(refusal) => (
                None,
                Some(ErrorObject {
                    code: refusal.reason.code(),
                    message: refusal.sentence.clone(),
                    data: Some(ErrorData { reason: refusal.reason }),
                }),
            ),
        };
        line(&ResponseObject { jsonrpc: Version2, id: &self.id, result, error })
    }
}

/// A message of the daemon that no request's id carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification<P> {
    /// Always 2.0.
    pub jsonrpc: Version2,
    /// What it tells, like `log`.
    pub method: String,
    /// The news itself.
    pub params: P,
}

impl<P: Serialize> Notification<P> {
    /// A notification as a line for the wire.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        line(self)
    }
}

/// Reads one frame as a request.
///
/// # Errors
/// The refusal to send back, under the request's id as far as that could be read.
pub fn decode_request(frame: &[u8]) -> Result<Request, Response<()>> {
    let refuse = |id: Id, reason, sentence: String| Response {
        id,
        outcome: Err(Refusal::new(reason, format!("cannot read request: {sentence}"))),
    };
    let envelope: Envelope = serde_json::from_slice(frame).map_err(|error| {
        let reason = if error.is_data() { Reason::NotARequest } else { Reason::NotJson };
        refuse(Id::Null, reason, error.to_string())
    })?;
    let Some(id) = envelope.id else {
        let sentence = "it has no id, and every request is answered".to_owned();
        return Err(refuse(Id::Null, Reason::NotARequest, sentence));
    };
    match Call::decode(&envelope.method, envelope.params) {
        None => Err(refuse(
            id,
            Reason::NoSuchMethod,
            format!("no method is called {}", envelope.method),
        )),
        Some(Err(error)) => {
            let sentence = format!("parameters of {}: {error}", envelope.method);
            Err(refuse(id, Reason::BadParameters, sentence))
        }
        Some(Ok(call)) => Ok(Request { jsonrpc: Version2, id, call }),
    }
}

/// Reads one frame as a response or a notification.
///
/// # Errors
/// What serde says when it is neither.
pub fn decode_incoming(frame: &[u8]) -> Result<Incoming<'_>, serde_json::Error> {
    let object: IncomingObject<'_> = serde_json::from_slice(frame)?;
    let is_response = object.result.is_some() || object.error.is_some();
    let Some(id) = object.id.or(is_response.then_some(Id::Null)) else {
        let params =
            object.params.ok_or_else(|| serde_json::Error::custom("neither id nor params"))?;
        return match object.method.as_deref() {
            Some("event") => Ok(Incoming::Event(params)),
            Some("waiting") => Ok(Incoming::Waiting(serde_json::from_str(params.get())?)),
            Some(_) | None => Ok(Incoming::Log(serde_json::from_str(params.get())?)),
        };
    };
    let outcome = match (object.result, object.error) {
        (_, Some(error)) => {
            let reason = error.data.map_or(Reason::Internal, |data| data.reason);
            Err(Refusal::new(reason, error.message))
        }
        (Some(result), None) => Ok(result),
        (None, None) => return Err(serde_json::Error::custom("neither result nor error")),
    };
    Ok(Incoming::Response(Response { id, outcome }))
}

/// What was answered to the request of that id, read in one go; `None` when the frame is anything
/// else, and [`decode_incoming`] then tells what.
#[must_use]
pub fn decode_result<'a, T: Deserialize<'a>>(frame: &'a [u8], id: &Id) -> Option<T> {
    let answer: Answered<T> = serde_json::from_slice(frame).ok()?;
    (answer.id == *id && answer.error.is_none()).then_some(answer.result)
}

#[derive(Deserialize)]
struct Answered<T> {
    #[serde(rename = "jsonrpc")]
    _jsonrpc: Version2,
    id: Id,
    result: T,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

/// One line as a client reads it.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// The answer to a request; its result is still JSON, for the asker knows its type.
    Response(Response<&'a RawValue>),
    /// A piece of a log that a request asked for.
    Log(super::LogText),
    /// What happened, still JSON: a newer daemon may tell what this protocol has no words for.
    Event(&'a RawValue),
    /// What a shutdown waits for.
    Waiting(super::Waiting),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "jsonrpc")]
    _jsonrpc: Version2,
    #[serde(default)]
    id: Option<Id>,
    method: String,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct IncomingObject<'a> {
    #[serde(rename = "jsonrpc")]
    _jsonrpc: Version2,
    #[serde(default)]
    id: Option<Id>,
    #[serde(default, borrow)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ErrorObject>,
    #[serde(default, borrow)]
    method: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct ResponseObject<'a, R> {
    jsonrpc: Version2,
    id: &'a Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject>,
}

#[derive(Serialize, Deserialize)]
struct ErrorObject {
    code: i64,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<ErrorData>,
}

#[derive(Serialize, Deserialize)]
struct ErrorData {
    reason: Reason,
}

fn line<T: Serialize>(message: &T) -> Vec<u8> {
    let mut bytes =
        serde_json::to_vec(message).expect("messages hold only strings, numbers and lists");
    bytes.push(b'\n');
    bytes
}
