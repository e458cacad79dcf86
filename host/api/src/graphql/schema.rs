//! The schema twice: one that only says what a document costs and what is wrong with it, and one that executes what the
//! first has passed.
//!
//! Two, because the executor pays for an extension at every field of every row, whatever the extension wants; what a
//! document costs is known before the first.

use std::any::Any;
use std::collections::BTreeMap;

use async_graphql::connection::Connection;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Response, SDLExportOptions, Schema, SchemaBuilder, ValidationMode, Value, Variables};
use futures::stream::BoxStream;

use super::cost::CostLimit;
use super::inputs::Strict;
use super::mutation::Mutation;
use super::query::Query;
use super::subscription::Subscription;
use super::{
    agreement, consignment, delivery, partner, plugin, policy, provenance, redrive, revision, secure_url, transfer,
};
use crate::settings::ApiSettings;

type Types = Schema<Query, Mutation, Subscription>;

/// The schema under the settings' limits.
#[derive(Clone)]
pub(crate) struct ApiSchema {
    checks: Types,
    runs: Types,
}

/// A document with all that is needed to check it.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) parsed: ExecutableDocument,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Variables,
}

/// A document with which nothing is wrong. Nothing else is ever executed.
pub(super) struct Checked {
    request: Request,
    /// What the check has to say in the answer.
    extensions: BTreeMap<String, Value>,
}

impl Checked {
    /// The same with what resolvers are to reach.
    pub(super) fn with(mut self, data: impl Any + Send + Sync, introspects: bool) -> Self {
        self.request = self.request.data(data);
        if !introspects {
            self.request = self.request.disable_introspection();
        }
        self
    }
}

impl ApiSchema {
    pub(crate) fn new(settings: &ApiSettings) -> Self {
        let limits = &settings.graphql;
        let mut checks = types()
            .register_input_type::<Strict>()
            .limit_depth(limits.depth)
            .limit_recursive_depth(limits.nesting)
            .limit_directives(limits.directives)
            .extension(CostLimit(limits.complexity));
        if !settings.development {
            checks = checks.disable_suggestions();
        }
        // What was checked need not be again.
        let runs = types().validation_mode(ValidationMode::Fast).limit_recursive_depth(limits.nesting);
        Self { checks: checks.finish(), runs: runs.finish() }
    }

    /// Says what is wrong with a document, or what it costs; executes nothing.
    pub(super) async fn check(&self, document: Document) -> Result<Checked, Box<Response>> {
        let response = self.checks.execute(request(document.clone())).await;
        if response.is_err() {
            return Err(Box::new(response));
        }
        Ok(Checked { request: request(document), extensions: response.extensions })
    }

    /// Executes what was checked.
    pub(super) async fn execute(&self, checked: Checked) -> Response {
        let mut response = self.runs.execute(checked.request).await;
        response.extensions.extend(checked.extensions);
        response
    }

    /// The same with a subscription.
    pub(super) fn subscribe(&self, checked: Checked) -> BoxStream<'static, Response> {
        self.runs.execute_stream(checked.request)
    }
}

fn request(document: Document) -> Request {
    let Document { parsed, operation_name, variables } = document;
    let mut request = Request::new(String::new()).variables(variables);
    request.operation_name = operation_name;
    request.set_parsed_query(parsed);
    request
}

/// The schema as SDL, for `graphql/schema.graphql`.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    types().finish().sdl_with_options(options)
}

/// The types, with descriptions for those that a macro makes.
fn types() -> SchemaBuilder<Query, Mutation, Subscription> {
    let mut builder = Schema::build(Query::default(), Mutation::default(), Subscription);
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
        secure_url::SecureUrl => "secureUrls";
        provenance::ProvenanceEntry => "provenance entries";
    }
    builder
}
