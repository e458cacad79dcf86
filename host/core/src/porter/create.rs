//! Making a secure URL: only for what the partner itself may do, only for a time.

use std::time::Duration;

use super::{Porter, PorterError};
use crate::fetching::fetchable;
use crate::id::{PartnerId, SecureUrlId, TransferId};
use crate::partner::PartnerStatus;
use crate::provenance::EntryKind;
use crate::secure_url::{Purpose, SecureUrl, Token};
use crate::trace::TraceContext;
use crate::viewer::{Role, Viewer};

const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const MOST_USES: u32 = 10_000;
const NOTE: usize = 200;

/// A secure URL to make.
#[derive(Debug, Clone)]
pub struct NewSecureUrl {
    /// What it is for.
    pub purpose: NewPurpose,
    /// For how long.
    pub lifetime: Duration,
    /// How often it may be used.
    pub max_uses: u32,
    /// What whoever comes by it has to say, if anything.
    pub passphrase: Option<String>,
    /// What it is for, in the maker's words.
    pub note: String,
    /// The trace that it belongs to.
    pub trace: TraceContext,
}

/// What it is to be for.
#[derive(Debug, Clone)]
pub enum NewPurpose {
    /// To fetch what the maker's partner sees of a transfer.
    Download(TransferId),
    /// To hand in a transfer for these receivers, by id or slug.
    Upload(Vec<String>),
}

/// A secure URL as it was made.
#[derive(Debug, Clone)]
pub struct Created {
    /// The URL.
    pub url: SecureUrl,
    /// Its token: told now, and never again.
    pub token: Token,
}

impl Porter {
    /// Makes a secure URL.
    pub async fn create(&self, viewer: &Viewer, new: NewSecureUrl) -> Result<Created, PorterError> {
        let Role::Partner(partner) = viewer.role else {
            return Err(PorterError::Forbidden("a secure URL is made by a partner's users, who may use what it opens"));
        };
        check(&new)?;
        let (purpose, found) = match new.purpose {
            NewPurpose::Download(transfer) => {
                let found = fetchable(&*self.ports.store, viewer, transfer).await?;
                (Purpose::Download { transfer }, Some(found.ok_or(PorterError::NoPayload(transfer))?))
            }
            NewPurpose::Upload(receivers) => (self.upload(partner, &receivers).await?, None),
        };
        let (now, token) = (self.ports.clock.now(), Token::generate());
        let url = SecureUrl {
            id: SecureUrlId::generate(now),
            partner,
            purpose,
            has_passphrase: new.passphrase.is_some(),
            failures: 0,
            max_uses: new.max_uses,
            uses: 0,
            note: new.note,
            author: viewer.subject.clone(),
            created_at: now,
            expires_at: now + new.lifetime,
            revoked_at: None,
        };
        let hash = match &new.passphrase {
            Some(passphrase) => Some(self.ports.passphrases.hash(passphrase).await?),
            None => None,
        };
        let proof = match url.purpose {
            Purpose::Download { transfer } => {
                Some((transfer, self.entry(EntryKind::UrlCreated, viewer, &url, found.as_ref(), &new.trace)))
            }
            Purpose::Upload { .. } => None,
        };
        let proof = proof.as_ref().map(|(transfer, entry)| (*transfer, entry));
        self.ports.urls.add_url(&url, token.digest(), hash.as_deref(), proof).await?;
        tracing::info!(url.id = %url.id, partner.id = %partner, "A secure URL was made.");
        Ok(Created { url, token })
    }

    async fn upload(&self, sender: PartnerId, named: &[String]) -> Result<Purpose, PorterError> {
        let own = self.ports.store.partner(sender).await?;
        if own.is_some_and(|it| it.status == PartnerStatus::Suspended) {
            return Err(PorterError::Suspended);
        }
        if named.is_empty() {
            return Err(PorterError::Invalid("name at least one receiver".to_owned()));
        }
        let agreed = self.ports.store.agreed_receivers(sender).await?;
        let mut receivers = Vec::with_capacity(named.len());
        for name in named {
            let found = agreed.iter().find(|it| it.slug == *name || it.id.to_string() == *name);
            let stranger = || PorterError::NoAgreement { receiver: name.chars().take(80).collect() };
            let receiver = found.ok_or_else(stranger)?.id;
            if !receivers.contains(&receiver) {
                receivers.push(receiver);
            }
        }
        Ok(Purpose::Upload { receivers })
    }
}

fn check(new: &NewSecureUrl) -> Result<(), PorterError> {
    let refuse = |why: String| Err(PorterError::Invalid(why));
    if !(SHORTEST..=LONGEST).contains(&new.lifetime) {
        return refuse("a secure URL lives from one minute to 90 days".to_owned());
    }
    if !(1..=MOST_USES).contains(&new.max_uses) {
        return refuse(format!("`maxUses` is {}; give 1 to {MOST_USES}", new.max_uses));
    }
    if let Some(passphrase) = &new.passphrase
        && !(8..=200).contains(&passphrase.chars().count())
    {
        return refuse("a passphrase has 8 to 200 characters".to_owned());
    }
    if new.note.chars().count() > NOTE {
        return refuse(format!("a note has at most {NOTE} characters"));
    }
    Ok(())
}
