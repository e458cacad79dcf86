//! Execution: a request for a viewer, through the gate, in one consistent view, within limits.

use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Positioned, Request, Response, Value, Variables};
use futures::StreamExt;
use futures::stream::BoxStream;
use lockgate_core::code::Code;
use lockgate_core::trace::TraceContext;
use lockgate_core::viewer::Viewer;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::asking::Asking;
use super::batches::Batches;
use super::view::View;
use super::{ApiSchema, errors, gate};
use crate::ApiState;
use crate::failure::Failure;

/// A request as it came, by whichever way.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The document's text; absent if a persisted one is named.
    pub(crate) query: Option<String>,
    /// The SHA-256 of a persisted document.
    pub(crate) document_id: Option<String>,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Variables,
    /// Only queries may be executed.
    pub(crate) reads_only: bool,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) response: Response,
    /// It never began to execute, so there is no data, not even null.
    pub(crate) refused: bool,
}

impl Answered {
    pub(crate) fn refusal(failure: &Failure) -> Self {
        let response = Response::from_errors(vec![errors::of_failure(failure, &TraceContext::default())]);
        Self { response, refused: true }
    }

    fn of(mut response: Response, trace: &TraceContext) -> Self {
        let refused = !response.errors.is_empty() && response.errors.iter().all(|error| error.path.is_empty());
        errors::finish(&mut response.errors, trace);
        errors::show_in(&mut response.data, &response.errors);
        Self { response, refused }
    }
}

impl Serialize for Answered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let response = &self.response;
        let mut map = serializer.serialize_map(None)?;
        if !self.refused {
            map.serialize_entry("data", &response.data)?;
        }
        if !response.errors.is_empty() {
            map.serialize_entry("errors", &response.errors)?;
        }
        if !response.extensions.is_empty() {
            map.serialize_entry("extensions", &response.extensions)?;
        }
        map.end()
    }
}

/// A request that passed the gate.
struct Admitted {
    request: Request,
    batches: Batches,
    view: Arc<View>,
    trace: TraceContext,
    kind: Option<OperationType>,
}

/// Executes a query or a mutation.
pub(crate) async fn execute(schema: &ApiSchema, state: &ApiState, viewer: Viewer, asked: Asked) -> Answered {
    let reads_only = asked.reads_only;
    let admitted = match admit(state, viewer, asked) {
        Ok(admitted) => admitted,
        Err(failure) => return Answered::refusal(&failure),
    };
    let refuse = |what: &str| Answered::refusal(&Failure::new(Code::MethodNotAllowed, what));
    match admitted.kind {
        Some(OperationType::Subscription) => refuse("subscriptions are followed on the WebSocket `/graphql/ws`"),
        Some(OperationType::Mutation) if reads_only => refuse("GET executes queries only; send a mutation by POST"),
        // An operation that does not exist is for the executor to name.
        _ => {
            let response = admitted.batches.drive(schema.execute(admitted.request)).await;
            admitted.view.close().await;
            Answered::of(response, &admitted.trace)
        }
    }
}

/// Begins a subscription; each of its answers is read in a view of its own, at the moment when it can be sent.
pub(crate) fn subscribe(
    schema: &ApiSchema,
    state: &ApiState,
    viewer: Viewer,
    asked: Asked,
) -> Result<BoxStream<'static, Answered>, Failure> {
    let Admitted { request, batches, view, trace, kind } = admit(state, viewer, asked)?;
    if matches!(kind, Some(OperationType::Query | OperationType::Mutation)) {
        let what = "this WebSocket is for subscriptions; send queries and mutations to `/graphql` by POST";
        return Err(Failure::new(Code::MethodNotAllowed, what));
    }
    let responses = schema.execute_stream(request);
    Ok(futures::stream::unfold((responses, batches, view, trace), |(mut responses, batches, view, trace)| async {
        let response = batches.drive(responses.next()).await;
        view.close().await;
        let answered = Answered::of(response?, &trace);
        Some((answered, (responses, batches, view, trace)))
    })
    .boxed())
}

fn admit(state: &ApiState, viewer: Viewer, asked: Asked) -> Result<Admitted, Failure> {
    let settings = &state.settings;
    let id = asked.document_id.as_deref();
    let text = settings.persisted.resolve(asked.query, id, settings.persisted_modes, viewer.role)?;
    let document = gate::admit(&text, &settings.graphql)?;
    let operation = operation(&document, asked.operation_name.as_deref());
    let kind = operation.map(|it| it.node.ty);
    if let Some(operation) = operation {
        complete(&operation.node, &asked.variables)?;
    }
    let trace = crate::http::envelope::trace();
    let batches = Batches::default();
    let introspects = settings.development || settings.introspection.of(viewer.role);
    let asking = Arc::new(Asking::new(viewer, state.clone(), trace.clone(), &batches));
    let view = Arc::clone(&asking.view);
    let mut request = Request::new(text).variables(asked.variables).data(asking);
    request.operation_name = asked.operation_name;
    request.set_parsed_query(document);
    if !introspects {
        request = request.disable_introspection();
    }
    Ok(Admitted { request, batches, view, trace, kind })
}

fn operation<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a Positioned<OperationDefinition>> {
    match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => name.and_then(|name| operations.get(name)),
    }
}

/// Variables that must be given are: the executor would notice only at the field that reads one.
fn complete(operation: &OperationDefinition, given: &Variables) -> Result<(), Failure> {
    for definition in operation.variable_definitions.iter().map(|it| &it.node) {
        let name = &definition.name.node;
        let needed = !definition.var_type.node.nullable && definition.default_value.is_none();
        if needed && given.get(name).is_none_or(|value| *value == Value::Null) {
            let what = format!("the variable `${name}` of type `{}` is not given", definition.var_type.node);
            return Err(Failure::new(Code::InvalidInput, what));
        }
    }
    Ok(())
}
