//! The routes that are not GraphQL's own, and what all routes share.

pub(crate) mod body;
pub(crate) mod disposition;
pub(crate) mod envelope;
pub(crate) mod form;
pub(crate) mod graphql;
pub(crate) mod payload;
pub(crate) mod plugins;
pub(crate) mod problem;
pub(crate) mod range;
pub(crate) mod secure_url;
pub(crate) mod socket;
pub(crate) mod standing;
pub(crate) mod transfers;
pub(crate) mod uploads;
