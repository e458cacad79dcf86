//! Execution: a request for a viewer, through the gate, in one consistent view, within limits.

use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Response, Value, Variables};
use futures::StreamExt;
use futures::stream::BoxStream;
use lockgate_core::code::Code;
use lockgate_core::trace::TraceContext;
use lockgate_core::viewer::Viewer;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::asking::Asking;
use super::order::Order;
use super::schema::{ApiSchema, Checked, Document};
use super::{errors, gate};
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

    fn of(mut response: Response, order: &Order, trace: &TraceContext) -> Self {
        let refused = !response.errors.is_empty() && response.errors.iter().all(|error| error.path.is_empty());
        errors::finish(&mut response.errors, trace);
        errors::show_in(&mut response.data, &response.errors);
        order.put(&mut response.data);
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

/// A document that passed the gate.
struct Read {
    document: ExecutableDocument,
    order: Order,
    kind: Option<OperationType>,
}

/// A request that may be executed.
struct Admitted {
    checked: Checked,
    asking: Arc<Asking>,
    order: Order,
}

/// Executes a query or a mutation.
pub(crate) async fn execute(schema: &ApiSchema, state: &ApiState, viewer: Viewer, mut asked: Asked) -> Answered {
    let read = match read(state, &viewer, &mut asked) {
        Ok(read) => read,
        Err(failure) => return Answered::refusal(&failure),
    };
    let refuse = |what: &str| Answered::refusal(&Failure::new(Code::MethodNotAllowed, what));
    match read.kind {
        Some(OperationType::Subscription) => refuse("subscriptions are followed on the WebSocket `/graphql/ws`"),
        Some(OperationType::Mutation) if asked.reads_only => {
            refuse("GET executes queries only; send a mutation by POST")
        }
        // An operation that does not exist is for the check to name.
        _ => match admit(schema, state, viewer, asked, read).await {
            Ok(admitted) => {
                let Admitted { checked, asking, order } = admitted;
                let response = asking.drive(schema.execute(checked)).await;
                asking.view.close().await;
                Answered::of(response, &order, &asking.trace)
            }
            Err(refused) => *refused,
        },
    }
}

/// Begins a subscription; each of its answers is read in a view of its own, at the moment when it can be sent.
pub(crate) async fn subscribe(
    schema: &ApiSchema,
    state: &ApiState,
    viewer: Viewer,
    mut asked: Asked,
) -> Result<BoxStream<'static, Answered>, Box<Answered>> {
    let read = read(state, &viewer, &mut asked).map_err(|failure| Box::new(Answered::refusal(&failure)))?;
    if matches!(read.kind, Some(OperationType::Query | OperationType::Mutation)) {
        let what = "this WebSocket is for subscriptions; send queries and mutations to `/graphql` by POST";
        return Err(Box::new(Answered::refusal(&Failure::new(Code::MethodNotAllowed, what))));
    }
    let Admitted { checked, asking, order } = admit(schema, state, viewer, asked, read).await?;
    let begun = (schema.subscribe(checked), asking, order);
    Ok(futures::stream::unfold(begun, |(mut responses, asking, order)| async {
        let response = asking.drive(responses.next()).await;
        asking.view.close().await;
        let answered = Answered::of(response?, &order, &asking.trace);
        Some((answered, (responses, asking, order)))
    })
    .boxed())
}

/// Brings the document through the gate.
fn read(state: &ApiState, viewer: &Viewer, asked: &mut Asked) -> Result<Read, Failure> {
    let settings = &state.settings;
    let id = asked.document_id.as_deref();
    let text = settings.persisted.resolve(asked.query.take(), id, settings.persisted_modes, viewer.role)?;
    let document = gate::admit(&text, &settings.graphql)?;
    let Some(operation) = operation(&document, asked.operation_name.as_deref()) else {
        return Ok(Read { document, order: Order::default(), kind: None });
    };
    complete(operation, &mut asked.variables)?;
    match operation.ty {
        OperationType::Mutation => gate::once(&document, &operation.selection_set.node)?,
        OperationType::Subscription => gate::alone(&document, &operation.selection_set.node)?,
        OperationType::Query => {}
    }
    let (order, kind) = (Order::of(&document, operation, &asked.variables), Some(operation.ty));
    Ok(Read { document, order, kind })
}

/// Lets a document be executed with which nothing is wrong.
async fn admit(
    schema: &ApiSchema,
    state: &ApiState,
    viewer: Viewer,
    asked: Asked,
    read: Read,
) -> Result<Admitted, Box<Answered>> {
    let trace = crate::http::envelope::trace();
    let Asked { operation_name, variables, .. } = asked;
    let checked = schema.check(Document { parsed: read.document, operation_name, variables }).await;
    let checked = checked.map_err(|wrong| Box::new(Answered::of(*wrong, &Order::default(), &trace)))?;
    let introspects = state.settings.development || state.settings.introspection.of(viewer.role);
    let asking = Arc::new(Asking::new(viewer, state.clone(), trace));
    Ok(Admitted { checked: checked.with(Arc::clone(&asking), introspects), asking, order: read.order })
}

/// The operation that is asked for, as the executor finds it: one alone need not be named, though it has a name.
fn operation<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(_), None) => None,
    };
    found.map(|it| &it.node)
}

/// Variables that must be given are, and those with a default have a value: the executor would notice only at the field
/// that reads one, and not at all at a directive.
fn complete(operation: &OperationDefinition, given: &mut Variables) -> Result<(), Failure> {
    for definition in operation.variable_definitions.iter().map(|it| &it.node) {
        let name = &definition.name.node;
        if let Some(default) = &definition.default_value {
            given.entry(name.clone()).or_insert_with(|| default.node.clone());
        } else if !definition.var_type.node.nullable && given.get(name).is_none_or(|value| *value == Value::Null) {
            let what = format!("the variable `${name}` of type `{}` is not given", definition.var_type.node);
            return Err(Failure::new(Code::InvalidInput, what));
        }
    }
    Ok(())
}
