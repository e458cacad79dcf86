//! Secure URLs in GraphQL, for the partner whose they are and operators; never what opens them.

use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::secure_url as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::partner::Partner;
use super::transfer::Transfer;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct SecureUrl(pub(super) core::SecureUrl);

/// A way in for somebody without an account: to fetch one transfer's payload, or to hand in a transfer. The URL itself
/// is told once, to whoever makes it.
#[Object]
impl SecureUrl {
    /// Its id, `url_...`; opens nothing.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Whether it opens anything now.
    async fn state(&self, ctx: &Context<'_>) -> UrlState {
        self.0.state(asking(ctx).state.clock.now()).into()
    }

    /// What it is for.
    async fn purpose(&self) -> UrlPurpose {
        match self.0.purpose {
            core::Purpose::Download { .. } => UrlPurpose::Download,
            core::Purpose::Upload { .. } => UrlPurpose::Upload,
        }
    }

    /// On whose behalf it opens.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.partner).await?.map(Partner))
    }

    /// The transfer that it fetches from; absent for one to hand in.
    async fn transfer(&self, ctx: &Context<'_>) -> Result<Option<Transfer>, Failure> {
        match self.0.purpose {
            core::Purpose::Download { transfer } => Ok(asking(ctx).one(transfer).await?.map(Transfer)),
            core::Purpose::Upload { .. } => Ok(None),
        }
    }

    /// Who receives what is handed in; none for one to fetch.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn receivers(&self, ctx: &Context<'_>) -> Result<Vec<Partner>, Failure> {
        match &self.0.purpose {
            core::Purpose::Download { .. } => Ok(vec![]),
            core::Purpose::Upload { receivers } => {
                Ok(asking(ctx).some(receivers).await?.into_iter().map(Partner).collect())
            }
        }
    }

    /// Whether it asks for a passphrase.
    async fn has_passphrase(&self) -> bool {
        self.0.has_passphrase
    }

    /// How many wrong passphrases came in a row; after ten it opens for nobody any more.
    async fn failures(&self) -> u32 {
        self.0.failures
    }

    /// How often it may be used.
    async fn max_uses(&self) -> u32 {
        self.0.max_uses
    }

    /// How often it was used.
    async fn uses(&self) -> u32 {
        self.0.uses
    }

    /// What it is for, in the words of who made it.
    async fn note(&self) -> &str {
        &self.0.note
    }

    /// Who made it.
    async fn author(&self) -> &str {
        &self.0.author
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// From when on it opens nothing.
    async fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// When it was taken back, if it was.
    async fn revoked_at(&self) -> Option<Timestamp> {
        self.0.revoked_at
    }
}

/// What a secure URL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum UrlPurpose {
    /// To fetch a transfer's payload.
    Download,
    /// To hand in a transfer.
    Upload,
}

/// Whether a secure URL opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::UrlState")]
enum UrlState {
    /// It does.
    Active,
    /// It was used as often as it may be.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Too many wrong passphrases came.
    Locked,
    /// It was taken back.
    Revoked,
}
