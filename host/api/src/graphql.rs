//! GraphQL: the schema over core's types, and how a request is executed within limits and one consistent view.

mod agreement;
mod asking;
mod attempt;
mod batches;
mod binding_input;
mod breaker;
mod channel;
mod consignment;
mod cost;
mod dead_letter;
mod decision;
mod delivery;
mod destination;
mod errors;
mod execution;
mod fact;
mod finding;
mod gate;
mod hold;
mod kafka_security;
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
mod quota;
mod redrive;
mod revision;
mod scalars;
mod secure_url;
mod sight;
mod subscription;
mod transfer;
mod upload;
pub(crate) mod view;

use async_graphql::connection::Connection;
use async_graphql::{Schema, SchemaBuilder};

pub(crate) use self::execution::{Answered, Asked, execute, subscribe};
use crate::settings::ApiSettings;

/// The schema.
pub(crate) type ApiSchema = Schema<query::Query, mutation::Mutation, subscription::Subscription>;

/// The schema under the settings' limits.
pub(crate) fn schema(settings: &ApiSettings) -> ApiSchema {
    let limits = &settings.graphql;
    let mut builder = types()
        .limit_depth(limits.depth)
        .limit_recursive_depth(limits.nesting)
        .limit_directives(limits.directives)
        .extension(cost::CostLimit(limits.complexity));
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
fn types() -> SchemaBuilder<query::Query, mutation::Mutation, subscription::Subscription> {
    let mut builder = Schema::build(query::Query::default(), mutation::Mutation::default(), subscription::Subscription);
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
