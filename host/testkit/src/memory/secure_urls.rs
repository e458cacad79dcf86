//! Secure URLs in memory, counted by the same rules as the store's.

use async_trait::async_trait;
use lockgate_core::digest::Digest;
use lockgate_core::id::{SecureUrlId, TransferId};
use lockgate_core::ports::{Passphrases, SecureUrlStore, StoreError, UrlProof};
use lockgate_core::secure_url::{MAX_FAILURES, Purpose, SecureUrl};
use lockgate_core::time::Timestamp;

use super::MemoryStore;
use super::snapshot::MemorySnapshot;
use super::world::State;

/// A URL with what opens it.
#[derive(Debug, Clone)]
pub(super) struct KeptUrl {
    pub(super) url: SecureUrl,
    token: Digest,
    passphrase: Option<String>,
    tickets: Vec<(Digest, Timestamp)>,
}

impl State {
    fn kept(&mut self, id: SecureUrlId) -> Option<&mut KeptUrl> {
        self.secure_urls.iter_mut().find(|it| it.url.id == id)
    }

    /// Counts a use, if the URL opens at that moment.
    pub(super) fn count_use(&mut self, id: SecureUrlId, at: Timestamp) -> Option<&mut KeptUrl> {
        let open =
            |it: &&mut KeptUrl| it.url.revoked_at.is_none() && it.url.expires_at > at && it.url.uses < it.url.max_uses;
        let kept = self.kept(id).filter(open)?;
        kept.url.uses += 1;
        Some(kept)
    }

    /// Gives back the use by which a transfer was to come in.
    pub(super) fn give_back(&mut self, transfer: TransferId) {
        let by = self.handed_in.remove(&transfer);
        by.and_then(|id| self.kept(id)).into_iter().for_each(|it| it.url.uses -= 1);
    }

    fn prove(&mut self, proof: UrlProof<'_>) {
        if let Some((transfer, entry)) = proof {
            self.chain(transfer, entry);
        }
    }
}

#[async_trait]
impl SecureUrlStore for MemoryStore {
    async fn add_url(
        &self,
        url: &SecureUrl,
        token: Digest,
        passphrase: Option<&str>,
        proof: UrlProof<'_>,
    ) -> Result<(), StoreError> {
        let passphrase = passphrase.map(str::to_owned);
        let mut state = self.state();
        state.secure_urls.push(KeptUrl { url: url.clone(), token, passphrase, tickets: vec![] });
        state.prove(proof);
        Ok(())
    }

    async fn find_url(&self, id: SecureUrlId) -> Result<Option<SecureUrl>, StoreError> {
        Ok(self.state().kept(id).map(|it| it.url.clone()))
    }

    async fn url_of_token(&self, token: Digest) -> Result<Option<SecureUrl>, StoreError> {
        Ok(self.state().secure_urls.iter().find(|it| it.token == token).map(|it| it.url.clone()))
    }

    async fn url_of_ticket(&self, ticket: Digest, at: Timestamp) -> Result<Option<SecureUrl>, StoreError> {
        let state = self.state();
        let has = |it: &&KeptUrl| it.tickets.iter().any(|(known, until)| *known == ticket && *until > at);
        Ok(state.secure_urls.iter().find(has).map(|it| it.url.clone()))
    }

    async fn passphrase(&self, id: SecureUrlId) -> Result<Option<String>, StoreError> {
        let mut state = self.state();
        Ok(state.kept(id).filter(|it| it.url.failures < MAX_FAILURES).and_then(|it| it.passphrase.clone()))
    }

    async fn count_try(&self, id: SecureUrlId, right: bool) -> Result<Option<u32>, StoreError> {
        let mut state = self.state();
        let Some(kept) = state.kept(id).filter(|it| it.url.failures < MAX_FAILURES) else { return Ok(None) };
        kept.url.failures = if right { 0 } else { kept.url.failures + 1 };
        Ok(Some(kept.url.failures))
    }

    async fn use_url(
        &self,
        id: SecureUrlId,
        at: Timestamp,
        ticket: (Digest, Timestamp),
        proof: UrlProof<'_>,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(kept) = state.count_use(id, at) else { return Ok(false) };
        kept.tickets.retain(|(_, until)| *until > at);
        kept.tickets.push(ticket);
        state.prove(proof);
        Ok(true)
    }

    async fn revoke_url(&self, id: SecureUrlId, at: Timestamp, proof: UrlProof<'_>) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(kept) = state.kept(id).filter(|it| it.url.revoked_at.is_none()) else { return Ok(false) };
        kept.url.revoked_at = Some(at);
        state.prove(proof);
        Ok(true)
    }
}

impl MemorySnapshot {
    /// The URLs that the viewer may see; of one transfer only, if one is named.
    pub(super) fn urls(&self, of: Option<TransferId>) -> Vec<SecureUrl> {
        let wanted = |it: &&SecureUrl| {
            self.is_any_of(&[it.partner])
                && of.is_none_or(|of| matches!(it.purpose, Purpose::Download { transfer } if transfer == of))
        };
        self.read().secure_urls.iter().map(|it| &it.url).filter(wanted).cloned().collect()
    }
}

/// A hash that costs nothing, but lets others go on in the meantime: tests are about who is let in, not about how long that
/// takes.
#[derive(Debug, Default)]
pub struct QuickPassphrases;

#[async_trait]
impl Passphrases for QuickPassphrases {
    async fn hash(&self, passphrase: &str) -> Result<String, StoreError> {
        Ok(Digest::of(passphrase.as_bytes()).hex())
    }

    async fn fits(&self, passphrase: &str, hash: &str) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        Ok(Digest::of(passphrase.as_bytes()).hex() == hash)
    }
}
