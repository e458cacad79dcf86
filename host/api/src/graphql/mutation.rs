//! The mutation root, merged from one object per concern.
//!
//! Every mutation takes one `input` and answers with a payload object of its own, so that both can grow. What a person
//! did wrong is a GraphQL error with a code in its extensions and not a union: clients have one place to look.

mod desk;
mod endpoint_input;
mod endpoints;
mod intake;
mod partners;
mod policies;
mod redrives;
mod secrets;
mod secure_urls;

use async_graphql::MergedObject;

use super::asking::Asking;
use crate::failure::Failure;

/// Everything that can be done.
#[derive(Debug, Default, MergedObject)]
pub(crate) struct Mutation(
    intake::IntakeMutations,
    desk::DeskMutations,
    redrives::RedriveMutations,
    secure_urls::SecureUrlMutations,
    partners::PartnerMutations,
    endpoints::EndpointMutations,
    secrets::SecretMutations,
    policies::PolicyMutations,
);

/// What a use case did, with the view of before it closed: the payload's fields are read as things are now.
async fn done<T, E: Into<Failure>>(asking: &Asking, outcome: Result<T, E>) -> Result<T, Failure> {
    asking.view.close().await;
    outcome.map_err(Into::into)
}
