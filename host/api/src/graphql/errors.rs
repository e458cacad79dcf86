//! Errors on their way out: each with a code in its extensions, and nothing of ours but the trace id.

use async_graphql::indexmap::IndexMap;
use async_graphql::{ErrorExtensionValues, Name, PathSegment, ServerError, Value};
use lockgate_core::code::Code;
use lockgate_core::trace::TraceContext;

use super::inputs;
use crate::failure::Failure;
use crate::http::standing::seconds;

/// A failure as a GraphQL error without a path.
pub(super) fn of_failure(failure: &Failure, trace: &TraceContext) -> ServerError {
    let mut error = ServerError::new(failure.public_message(), None);
    stamp(&mut error, failure, trace);
    error
}

/// Gives every error its code; what has no code of ours and is not the caller's doing becomes `INTERNAL`.
pub(super) fn finish(errors: &mut [ServerError], trace: &TraceContext) {
    for error in errors {
        let failure = match error.source::<Failure>() {
            Some(failure) => failure.clone(),
            None if error.source.is_some() => Failure::new(Code::Internal, error.message.clone()),
            None => {
                let message = inputs::explained(&error.message).unwrap_or_else(|| error.message.clone());
                Failure::new(code_of(&error.message), message)
            }
        };
        if failure.is_ours() {
            tracing::error!(code = failure.code.name(), error = %failure.message, "A field failed by our fault.");
        }
        error.message = failure.public_message().to_owned();
        error.source = None;
        stamp(error, &failure, trace);
    }
}

/// Puts a null where a field failed: the executor leaves it out, but a client that asked for a field may rely on its
/// key.
pub(super) fn show_in(data: &mut Value, errors: &[ServerError]) {
    for path in errors.iter().map(|error| &error.path).filter(|path| !path.is_empty()) {
        let mut here = &mut *data;
        if *here == Value::Null {
            *here = Value::Object(IndexMap::new());
        }
        for segment in path {
            here = match (here, segment) {
                (Value::Object(fields), PathSegment::Field(name)) => {
                    fields.entry(Name::new(name)).or_insert(Value::Null)
                }
                (Value::List(items), PathSegment::Index(at)) if *at < items.len() => &mut items[*at],
                _ => break,
            };
        }
    }
}

/// How sentences about inputs begin.
const INPUT: [&str; 3] = [inputs::WRONG, "Failed to parse", "Expected input type"];

/// The executor's own errors have no codes, only sentences.
fn code_of(message: &str) -> Code {
    match message {
        "Query is too complex." => Code::QueryTooComplex,
        "Query is nested too deep." => Code::QueryTooDeep,
        _ if message.starts_with("The recursion depth") => Code::QueryTooDeep,
        _ if message.starts_with("The number of directives") => Code::QueryTooManyDirectives,
        _ if INPUT.iter().any(|start| message.starts_with(start)) => Code::InvalidInput,
        _ => Code::QueryInvalid,
    }
}

fn stamp(error: &mut ServerError, failure: &Failure, trace: &TraceContext) {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", failure.code.name());
    if let (true, Some(trace_id)) = (failure.is_ours(), trace.trace_id()) {
        extensions.set("traceId", trace_id);
    }
    if let Some(standing) = &failure.standing {
        extensions.set("limit", standing.limit.requests);
        extensions.set("windowSeconds", seconds(standing.limit.window));
    }
    if let Some(time) = failure.retry_after {
        extensions.set("retryAfterSeconds", seconds(time));
    }
    error.extensions = Some(extensions);
}
