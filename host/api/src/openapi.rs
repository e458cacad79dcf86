//! The REST routes as an OpenAPI 3.1 document: one table says what each operation takes and answers.
//!
//! Errors are named by their codes, and the codes know their statuses; tests hold the table against the router.

mod document;
mod operations;
mod refusals;

use lockgate_core::code::Code;

/// The document as text, for `openapi/lockgate.json`.
pub fn openapi() -> String {
    format!("{:#}\n", document::document())
}

/// A route.
#[derive(Debug, Clone, Copy)]
struct Route {
    path: &'static str,
    operations: &'static [Operation],
}

/// What one method of a route does.
#[derive(Debug, Clone, Copy)]
struct Operation {
    method: &'static str,
    id: &'static str,
    summary: &'static str,
    /// Whether a token is needed.
    token: bool,
    parameters: &'static [Parameter],
    /// The media types of the request's body, if it has one.
    body: &'static [&'static str],
    answers: &'static [Answer],
    /// Why it may be refused; a service that does not answer, and ourselves, are always among the reasons. In groups.
    refusals: &'static [&'static [Code]],
}

/// A header, a parameter of the query, or a part of the path.
#[derive(Debug, Clone, Copy)]
struct Parameter {
    place: &'static str,
    name: &'static str,
    what: &'static str,
    required: bool,
}

/// An answer that is none of the refusals.
#[derive(Debug, Clone, Copy)]
struct Answer {
    status: u16,
    what: &'static str,
    /// Its media type, if it has a body.
    body: Option<&'static str>,
    headers: &'static [&'static str],
}

const fn path(name: &'static str, what: &'static str) -> Parameter {
    Parameter { place: "path", name, what, required: true }
}

const fn query(name: &'static str, what: &'static str, required: bool) -> Parameter {
    Parameter { place: "query", name, what, required }
}

const fn header(name: &'static str, what: &'static str, required: bool) -> Parameter {
    Parameter { place: "header", name, what, required }
}

const fn answer(status: u16, what: &'static str, body: Option<&'static str>) -> Answer {
    Answer { status, what, body, headers: &[] }
}

const fn with(status: u16, what: &'static str, headers: &'static [&'static str]) -> Answer {
    Answer { status, what, body: None, headers }
}
