//! The query root, merged from one object per entity.

mod deliveries;
mod partners;
mod policies;
mod redrives;
mod secure_urls;
mod transfers;
mod viewer;

use async_graphql::MergedObject;

/// Everything that can be asked.
#[derive(Debug, Default, MergedObject)]
pub(crate) struct Query(
    viewer::ViewerQueries,
    partners::PartnerQueries,
    policies::PolicyQueries,
    transfers::TransferQueries,
    deliveries::DeliveryQueries,
    redrives::RedriveQueries,
    secure_urls::SecureUrlQueries,
);
