//! The JSON Schema of the protocol, derived from the types of the messages. Nothing else runs it
//! but `svcctl schema`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{
    Brief, Call, Ended, EventNews, EventsEnd, Hello, Id, LogText, Outcome, PROTOCOL, Page, Plan,
    Pong, Reason, Status, Waiting,
};

/// The schema of a method's result.
type Answer = fn(&mut SchemaGenerator) -> Schema;

/// The result of a method that answers with nothing but its being done.
fn nothing(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "maxProperties": 0 })
}

/// What `list` answers, whole or in brief.
fn pages(generator: &mut SchemaGenerator) -> Schema {
    let both = [of::<Page>(generator), of::<Page<Brief<'_>>>(generator)];
    json_schema!({ "anyOf": both })
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Every method with its result.
const METHODS: [(&str, Answer); 17] = [
    ("hello", of::<Hello>),
    ("ping", of::<Pong>),
    ("list", pages),
    ("status", of::<Status>),
    ("add", of::<Outcome>),
    ("remove", of::<Outcome>),
    ("start", of::<Outcome>),
    ("stop", of::<Outcome>),
    ("restart", of::<Outcome>),
    ("enable", of::<Outcome>),
    ("disable", of::<Outcome>),
    ("apply", of::<Plan>),
    ("wait", of::<Outcome>),
    ("logs", nothing),
    ("events", of::<EventsEnd>),
    ("upgrade", nothing),
    ("shutdown", of::<Ended>),
];

/// Every notification with its parameters.
const NEWS: [(&str, Answer); 3] =
    [("log", of::<LogText>), ("event", of::<EventNews>), ("waiting", of::<Waiting>)];

/// The protocol as JSON Schema (draft 2020-12): one line is one of request, response, notification;
/// `x-methods` has the parameters and the result of each method.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let calls = generator.root_schema_for::<Call>().to_value();
    let calls = calls["oneOf"].as_array().cloned().unwrap_or_default();
    let mut methods = Map::new();
    let mut requests = Vec::new();
    for (name, answer) in METHODS {
        let call = calls.iter().find(|call| call["properties"]["method"]["const"] == name);
        let call = call.cloned().unwrap_or_default();
        let params = call["properties"].get("params").cloned();
        let params = params.unwrap_or_else(|| json!({ "type": "object" }));
        requests.push(request(name, &params));
        let (summary, result) = (&call["description"], answer(&mut generator));
        let method = json!({ "summary": summary, "params": params, "result": result });
        methods.insert(name.to_owned(), method);
    }
    let refusal = json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": { "type": "integer" },
            "message": { "type": "string" },
            "data": { "type": "object", "properties": { "reason": of::<Reason>(&mut generator) } },
        },
    });
    let id = of::<Id>(&mut generator);
    let news = NEWS.map(|(name, params)| notification(name, params(&mut generator).as_value()));
    let mut definitions = generator.take_definitions(true);
    definitions.insert("Request".to_owned(), json!({ "oneOf": requests }));
    definitions.insert("Response".to_owned(), response(id.as_value(), &refusal));
    definitions.insert("Notification".to_owned(), json!({ "oneOf": news }));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "supervisord control protocol",
        "description": "JSON-RPC 2.0 over a local socket, one object a line.",
        "x-protocol": PROTOCOL,
        "oneOf": [
            { "$ref": "#/$defs/Request" },
            { "$ref": "#/$defs/Response" },
            { "$ref": "#/$defs/Notification" },
        ],
        "x-methods": methods,
        "$defs": definitions,
    })
}

fn request(method: &str, params: &Value) -> Value {
    let needs_params = !matches!(Call::decode(method, None), Some(Ok(_)));
    let mut required = vec!["jsonrpc", "id", "method"];
    required.extend(needs_params.then_some("params"));
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "jsonrpc": { "const": "2.0" },
            "id": { "$ref": "#/$defs/Id" },
            "method": { "const": method },
            "params": params,
        },
    })
}

fn response(id: &Value, refusal: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["jsonrpc", "id"],
        "properties": { "jsonrpc": { "const": "2.0" }, "id": id, "result": {}, "error": refusal },
        "oneOf": [{ "required": ["result"] }, { "required": ["error"] }],
    })
}

fn notification(method: &str, params: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["jsonrpc", "method", "params"],
        "properties": {
            "jsonrpc": { "const": "2.0" },
            "id": false,
            "method": { "const": method },
            "params": params,
        },
    })
}
