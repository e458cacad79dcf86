//! The store of secure URLs: found by the digests of their tokens, counted before anything is let through.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::digest::Digest;
use crate::id::{SecureUrlId, TransferId};
use crate::ports::StoreError;
use crate::provenance::Entry;
use crate::secure_url::SecureUrl;
use crate::time::Timestamp;

/// What goes into a transfer's provenance together with a change of a URL; a URL to hand in has no transfer yet.
pub type UrlProof<'a> = Option<(TransferId, &'a Entry)>;

/// Keeps secure URLs.
#[async_trait]
pub trait SecureUrlStore: Send + Sync + Debug {
    /// Keeps a new URL under its token's digest, with the hash of its passphrase if it has one.
    async fn add_url(
        &self,
        url: &SecureUrl,
        token: Digest,
        passphrase: Option<&str>,
        proof: UrlProof<'_>,
    ) -> Result<(), StoreError>;
    /// The URL of that id.
    async fn find_url(&self, id: SecureUrlId) -> Result<Option<SecureUrl>, StoreError>;
    /// The URL of that token, whatever its state.
    async fn url_of_token(&self, token: Digest) -> Result<Option<SecureUrl>, StoreError>;
    /// The URL whose use began the download of that ticket, while the ticket is good.
    async fn url_of_ticket(&self, ticket: Digest, at: Timestamp) -> Result<Option<SecureUrl>, StoreError>;
    /// The hash of the passphrase; nothing when too many wrong ones have come.
    async fn passphrase(&self, id: SecureUrlId) -> Result<Option<String>, StoreError>;
    /// Counts a passphrase that was looked at, and says how many wrong ones have come in a row: none after a right one.
    /// Nothing when there have been too many before it, which not even a right one undoes.
    async fn count_try(&self, id: SecureUrlId, right: bool) -> Result<Option<u32>, StoreError>;
    /// Counts a use for a download, if the URL opens at that moment, and keeps its ticket, good until then; older tickets of
    /// the URL whose time is over are forgotten. A use to hand in is counted with the announcement.
    async fn use_url(
        &self,
        id: SecureUrlId,
        at: Timestamp,
        ticket: (Digest, Timestamp),
        proof: UrlProof<'_>,
    ) -> Result<bool, StoreError>;
    /// Takes a URL back, and says whether it was not taken back before.
    async fn revoke_url(&self, id: SecureUrlId, at: Timestamp, proof: UrlProof<'_>) -> Result<bool, StoreError>;
}

/// Hashes passphrases slowly, away from the threads that serve requests.
#[async_trait]
pub trait Passphrases: Send + Sync + Debug {
    /// The hash to keep, in the PHC string format.
    async fn hash(&self, passphrase: &str) -> Result<String, StoreError>;
    /// Whether the passphrase has that hash.
    async fn fits(&self, passphrase: &str, hash: &str) -> Result<bool, StoreError>;
}
