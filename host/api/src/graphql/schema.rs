//! The schema twice: one that only says what a document costs and what is wrong with it, and one that executes what the
//! first has passed.
//!
//! Two, because the executor pays for an extension at every field of every row, whatever the extension wants; what a
//! document costs is known before the first.

use async_graphql::connection::Connection;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Response, SDLExportOptions, Schema, SchemaBuilder, ValidationMode, Variables};
use futures::stream::BoxStream;

use super::cost::CostLimit;
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

/// A document that is about to be executed.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) parsed: &'a ExecutableDocument,
    pub(super) operation_name: Option<&'a str>,
    pub(super) variables: &'a Variables,
}

impl ApiSchema {
    pub(crate) fn new(settings: &ApiSettings) -> Self {
        let limits = &settings.graphql;
        let mut checks = types()
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

    /// Says what is wrong with a document, and what it costs; executes nothing.
    pub(super) async fn check(&self, document: Document<'_>) -> Response {
        let mut request = Request::new(String::new()).variables(document.variables.clone());
        request.operation_name = document.operation_name.map(str::to_owned);
        request.set_parsed_query(document.parsed.clone());
        self.checks.execute(request).await
    }

    /// Executes what was checked.
    pub(super) async fn execute(&self, request: Request) -> Response {
        self.runs.execute(request).await
    }

    /// The same with a subscription.
    pub(super) fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.runs.execute_stream(request)
    }
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
