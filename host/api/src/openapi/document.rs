//! Writes the table as OpenAPI.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::code::Code;
use serde_json::{Map, Value, json};

use super::operations::ROUTES;
use super::{Answer, Operation};

/// What may happen to any operation.
const ALWAYS: [Code; 2] = [Code::TemporarilyUnavailable, Code::Internal];
/// What may happen to any that needs a token.
const WITH_A_TOKEN: [Code; 2] = [Code::Unauthenticated, Code::TokenExpired];
const PROBLEM: &str = "application/problem+json";

/// The document.
pub(super) fn document() -> Value {
    let paths: Map<_, _> = ROUTES
        .iter()
        .map(|route| {
            let operations = route.operations.iter().map(|it| (it.method.to_owned(), operation(it)));
            (route.path.to_owned(), Value::Object(operations.collect()))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lockgate: bytes",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Uploads, payloads and plugins; everything else is GraphQL.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": { "Problem": problem(), "Code": codes() },
        },
    })
}

fn operation(it: &Operation) -> Value {
    let mut responses: BTreeMap<String, Value> =
        it.answers.iter().map(|answer| (answer.status.to_string(), response(answer))).collect();
    let always = ALWAYS.iter().chain(WITH_A_TOKEN.iter().filter(|_| it.token));
    let mut refusals: BTreeMap<u16, BTreeSet<Code>> = BTreeMap::new();
    for code in it.refusals.iter().copied().flatten().chain(always).copied() {
        refusals.entry(code.status()).or_default().insert(code);
    }
    for (status, codes) in refusals {
        let what: Vec<_> = codes.iter().map(|code| format!("`{code}`: {}", code.meaning())).collect();
        let body = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
        // A HEAD has no body to tell more.
        let content = if it.method == "head" { json!({}) } else { json!({ PROBLEM: body }) };
        responses.insert(status.to_string(), json!({ "description": what.join("\n\n"), "content": content }));
    }
    let parameters: Vec<_> = it
        .parameters
        .iter()
        .map(|it| {
            json!({
                "in": it.place, "name": it.name, "description": it.what, "required": it.required,
                "schema": { "type": "string" },
            })
        })
        .collect();
    let mut described = json!({
        "operationId": it.id, "summary": it.summary, "parameters": parameters, "responses": responses,
    });
    if !it.token {
        described["security"] = json!([]);
    }
    if !it.body.is_empty() {
        let content: Map<_, _> = it.body.iter().map(|kind| ((*kind).to_owned(), json!({}))).collect();
        described["requestBody"] = json!({ "content": content });
    }
    described
}

fn response(it: &Answer) -> Value {
    let mut described = json!({ "description": it.what });
    if let Some(kind) = it.body {
        described["content"] = json!({ kind: {} });
    }
    if !it.headers.is_empty() {
        let header = json!({ "schema": { "type": "string" } });
        let headers: Map<_, _> = it.headers.iter().map(|name| ((*name).to_owned(), header.clone())).collect();
        described["headers"] = Value::Object(headers);
    }
    described
}

fn problem() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "description": "Problem details (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text,
            "code": { "$ref": "#/components/schemas/Code" }, "trace_id": text, "request_id": text,
        },
    })
}

fn codes() -> Value {
    let names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    json!({ "description": "For programs; docs/errors.md explains each.", "type": "string", "enum": names })
}
