//! GraphQL: the schema over core's types, and how a request is executed within limits and one consistent view.

mod agreement;
mod asking;
mod attempt;
mod batches;
mod binding_input;
mod breaker;
mod channel;
mod consignment;
mod dead_letter;
mod decision;
mod delivery;
mod destination;
mod errors;
mod fact;
mod finding;
mod gate;
mod hold;
mod loads;
mod mutation;
mod node;
mod notification;
mod page;
mod partner;
mod payload;
mod plugin;
mod policy;
mod provenance;
mod query;
mod redrive;
mod revision;
mod scalars;
mod sight;
mod transfer;
mod upload;
pub(crate) mod view;

use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{EmptySubscription, Request, Response, Schema, SchemaBuilder, Variables};
use lockgate_core::code::Code;
use lockgate_core::trace::TraceContext;
use lockgate_core::viewer::{Role, Viewer};

use self::asking::Asking;
use self::batches::Batches;
use crate::ApiState;
use crate::failure::Failure;
use crate::settings::ApiSettings;

/// The schema.
pub(crate) type ApiSchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema under the settings' limits.
pub(crate) fn schema(settings: &ApiSettings) -> ApiSchema {
    let limits = &settings.graphql;
    let mut builder = types()
        .limit_depth(limits.depth)
        .limit_recursive_depth(limits.nesting)
        .limit_directives(limits.directives)
        .limit_complexity(limits.complexity);
    if !settings.development {
        builder = builder.disable_suggestions();
    }
    builder.finish()
}

/// The schema as SDL, for `graphql/schema.graphql`.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    types().finish().sdl_with_options(options)
}

/// The types, with descriptions for those that a macro makes.
fn types() -> SchemaBuilder<query::Query, mutation::Mutation, EmptySubscription> {
    let mut builder = Schema::build(query::Query::default(), mutation::Mutation::default(), EmptySubscription);
    macro_rules! connections {
        ($($node:ty => $what:literal;)*) => {
            $(builder = builder.override_output_type_description::<Connection<String, $node>>(
                concat!("A page of ", $what, ".")
            );)*
        };
    }
    connections! {
        partner::Partner => "partners";
        agreement::Agreement => "agreements";
        plugin::PluginVersion => "plugin versions";
        policy::Policy => "policies";
        revision::Revision => "policy revisions";
        transfer::Transfer => "transfers";
        consignment::Consignment => "consignments";
        delivery::Delivery => "deliveries";
        redrive::Redrive => "redrives";
        provenance::ProvenanceEntry => "provenance entries";
    }
    builder
}

/// A request as it came, by whichever method.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) query: String,
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
}

/// Executes a request for a viewer: through the gate, in one view, which is closed at the end.
pub(crate) async fn execute(schema: &ApiSchema, state: &ApiState, viewer: Viewer, asked: Asked) -> Answered {
    let limits = &state.settings.graphql;
    let document = match gate::admit(&asked.query, limits) {
        Ok(document) => document,
        Err(failure) => return Answered::refusal(&failure),
    };
    if asked.reads_only && !is_query(&document, asked.operation_name.as_deref()) {
        let failure = Failure::new(Code::MethodNotAllowed, "GET executes queries only; send a mutation by POST");
        return Answered::refusal(&failure);
    }
    let trace = crate::http::envelope::trace();
    let batches = Batches::default();
    let operator = viewer.role == Role::Operator;
    let asking = Asking::new(viewer, state.clone(), trace.clone(), &batches);
    let view = Arc::clone(&asking.view);
    let mut request = Request::new(asked.query).variables(asked.variables).data(asking);
    request.operation_name = asked.operation_name;
    request.set_parsed_query(document);
    if !state.settings.development && !operator {
        request = request.disable_introspection();
    }
    let mut response = batches.drive(schema.execute(request)).await;
    view.close().await;
    let refused = !response.errors.is_empty() && response.errors.iter().all(|error| error.path.is_empty());
    errors::finish(&mut response.errors, &trace);
    Answered { response, refused }
}

fn is_query(document: &ExecutableDocument, name: Option<&str>) -> bool {
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => name.and_then(|name| operations.get(name)),
    };
    // An operation that does not exist is for the executor to name.
    operation.is_none_or(|operation| operation.node.ty == OperationType::Query)
}
