//! The porter: lets in who comes by a secure URL, and nobody else, and remembers every use.

mod create;
mod error;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use crate::fetching::{Fetchable, behind};
use crate::id::{PartnerId, SecureUrlId, TransferId};
use crate::partner::{Partner, PartnerStatus};
use crate::ports::{Passphrases, SecureUrlStore, TransferStore};
use crate::provenance::{Actor, Entry, EntryKind};
use crate::secure_url::{MAX_FAILURES, Purpose, SecureUrl, Token, UrlState};
use crate::time::Clock;
use crate::trace::TraceContext;
use crate::viewer::{Role, Viewer};

use turns::Turns;

pub use create::{Created, NewPurpose, NewSecureUrl};
pub use error::PorterError;

/// How long a download that a use began may be resumed.
const TICKET_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The ports that the porter works over.
#[derive(Debug, Clone)]
pub struct PorterPorts {
    /// The URLs.
    pub urls: Arc<dyn SecureUrlStore>,
    /// Transfers and partners.
    pub store: Arc<dyn TransferStore>,
    /// The slow hash.
    pub passphrases: Arc<dyn Passphrases>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Makes secure URLs and lets in who comes by them.
#[derive(Debug, Clone)]
pub struct Porter {
    ports: PorterPorts,
    turns: Turns,
}

impl Porter {
    /// A porter over these ports.
    pub fn new(ports: PorterPorts) -> Self {
        Self { ports, turns: Turns::default() }
    }

    /// The URL of a token, in whatever state it is: looking is not using.
    pub async fn look(&self, token: &str) -> Result<SecureUrl, PorterError> {
        let token = Token::parse(token).ok_or(PorterError::NoSuchToken)?;
        self.ports.urls.url_of_token(token.digest()).await?.ok_or(PorterError::NoSuchToken)
    }

    /// Uses a URL to fetch. The ticket fetches the bytes, again and again until they are all there.
    pub async fn fetch(
        &self,
        url: &SecureUrl,
        passphrase: Option<&str>,
        trace: &TraceContext,
    ) -> Result<Token, PorterError> {
        let Purpose::Download { transfer } = url.purpose else {
            return Err(PorterError::Purpose(
                "this URL takes a file and gives none: send it with the page's form, or PUT it",
            ));
        };
        self.enter(url, passphrase).await?;
        let visitor = url.viewer();
        let found = behind(&*self.ports.store, url).await?.ok_or(PorterError::NoSuchToken)?;
        let used = self.entry(EntryKind::UrlUsed, &visitor, url, Some(&found), trace);
        let (now, ticket) = (self.ports.clock.now(), Token::generate());
        let kept = (ticket.digest(), now + TICKET_LIFETIME);
        if !self.ports.urls.use_url(url.id, now, kept, Some((transfer, &used))).await? {
            // Others were faster.
            let url = self.look_again(url).await?;
            return Err(PorterError::Ended { state: url.state(now), expired_at: url.expires_at });
        }
        tracing::info!(url.id = %url.id, partner.id = %url.partner, "A secure URL was used.");
        Ok(ticket)
    }

    /// Lets somebody hand in, and says for whom. The use is counted with the announcement of what is handed in
    /// ([`NewTransfer::by`](crate::intake::NewTransfer)), and given back with it.
    pub async fn hand_in(&self, url: &SecureUrl, passphrase: Option<&str>) -> Result<Vec<PartnerId>, PorterError> {
        let receivers = named(url)?.to_vec();
        self.enter(url, passphrase).await?;
        Ok(receivers)
    }

    /// Whether something could be handed in by a URL now, by whoever has its passphrase. Uses nothing up.
    pub async fn takes(&self, url: &SecureUrl) -> Result<(), PorterError> {
        named(url)?;
        self.open(url).await.map(drop)
    }

    /// What a download that a use began goes on with. A URL that has ended since lets go on what it began; one that was
    /// taken back, or whose partner is suspended, does not.
    pub async fn resume(&self, url: &SecureUrl, ticket: &str) -> Result<(TransferId, Fetchable), PorterError> {
        let ticket = Token::parse(ticket).ok_or(PorterError::NoSuchToken)?;
        let began = self.ports.urls.url_of_ticket(ticket.digest(), self.ports.clock.now()).await?;
        let began = began.filter(|it| it.id == url.id).ok_or(PorterError::NoSuchToken)?;
        if began.revoked_at.is_some() {
            return Err(PorterError::Ended { state: UrlState::Revoked, expired_at: began.expires_at });
        }
        let Purpose::Download { transfer } = began.purpose else { return Err(PorterError::NoSuchToken) };
        self.whose(&began).await?;
        let found = behind(&*self.ports.store, &began).await?.ok_or(PorterError::NoSuchToken)?;
        Ok((transfer, found))
    }

    /// It opens, and the passphrase fits, if there is one.
    async fn enter(&self, url: &SecureUrl, passphrase: Option<&str>) -> Result<(), PorterError> {
        self.open(url).await?;
        if url.has_passphrase { self.challenge(url, passphrase).await } else { Ok(()) }
    }

    /// Takes a URL back: from now on it opens nothing, and what it began ends with the answers that are under way.
    pub async fn revoke(
        &self,
        viewer: &Viewer,
        id: SecureUrlId,
        trace: &TraceContext,
    ) -> Result<SecureUrl, PorterError> {
        let url = self.ports.urls.find_url(id).await?.ok_or(PorterError::Unknown(id))?;
        match viewer.role {
            Role::Operator => {}
            Role::Partner(own) if own == url.partner => {}
            Role::Integrator(own) if own == url.partner => {
                return Err(PorterError::Forbidden("a secure URL is taken back by the partner's users or an operator"));
            }
            Role::Partner(_) | Role::Integrator(_) => return Err(PorterError::Unknown(id)),
        }
        let proof = match url.purpose {
            Purpose::Download { transfer } => {
                let found = behind(&*self.ports.store, &url).await?;
                Some((transfer, self.entry(EntryKind::UrlRevoked, viewer, &url, found.as_ref(), trace)))
            }
            Purpose::Upload { .. } => None,
        };
        let now = self.ports.clock.now();
        self.ports.urls.revoke_url(id, now, proof.as_ref().map(|(transfer, entry)| (*transfer, entry))).await?;
        tracing::info!(url.id = %id, partner.id = %url.partner, "A secure URL was taken back.");
        self.ports.urls.find_url(id).await?.ok_or(PorterError::Unknown(id))
    }

    /// Says whose URL it is, if it opens something now. Uses nothing up.
    pub async fn open(&self, url: &SecureUrl) -> Result<Partner, PorterError> {
        self.lasts(url)?;
        self.whose(url).await
    }

    /// The partner of a URL, if it may take part.
    async fn whose(&self, url: &SecureUrl) -> Result<Partner, PorterError> {
        match self.ports.store.partner(url.partner).await? {
            Some(it) if it.status == PartnerStatus::Active => Ok(it),
            Some(_) => Err(PorterError::Closed),
            None => Err(PorterError::NoSuchToken),
        }
    }

    fn lasts(&self, url: &SecureUrl) -> Result<(), PorterError> {
        match url.state(self.ports.clock.now()) {
            UrlState::Active => Ok(()),
            state => Err(PorterError::Ended { state, expired_at: url.expires_at }),
        }
    }

    /// A try is counted together with what came of it, in whatever order the store counts: tries at once, on whichever hosts,
    /// are as good as one after the other, and only wrong ones stand against a right one.
    async fn challenge(&self, url: &SecureUrl, passphrase: Option<&str>) -> Result<(), PorterError> {
        let passphrase = passphrase.filter(|it| !it.is_empty()).ok_or(PorterError::PassphraseRequired)?;
        let _turn = self.turns.of(url.id).await;
        let locked = || PorterError::Ended { state: UrlState::Locked, expired_at: url.expires_at };
        let hash = self.ports.urls.passphrase(url.id).await?.ok_or_else(locked)?;
        let right = self.ports.passphrases.fits(passphrase, &hash).await?;
        let failures = self.ports.urls.count_try(url.id, right).await?.ok_or_else(locked)?;
        if right {
            return Ok(());
        }
        tracing::warn!(url.id = %url.id, url.failures = failures, "A wrong passphrase came to a secure URL.");
        match MAX_FAILURES.saturating_sub(failures) {
            0 => Err(locked()),
            left => Err(PorterError::PassphraseWrong { left }),
        }
    }

    async fn look_again(&self, url: &SecureUrl) -> Result<SecureUrl, PorterError> {
        self.ports.urls.find_url(url.id).await?.ok_or(PorterError::Unknown(url.id))
    }

    /// What provenance keeps of a URL's making, use and end, seen by the side whose it is.
    fn entry(
        &self,
        kind: EntryKind,
        viewer: &Viewer,
        url: &SecureUrl,
        found: Option<&Fetchable>,
        trace: &TraceContext,
    ) -> Entry {
        Entry {
            kind,
            consignment: found.and_then(|it| it.consignment),
            delivery: None,
            actor: Actor::Person(viewer.subject.clone()),
            details: serde_json::json!({
                "url": url.id, "expires_at": crate::time::rfc3339(url.expires_at), "max_uses": url.max_uses,
                "passphrase": url.has_passphrase,
            }),
            trace_id: trace.trace_id().map(str::to_owned),
            at: self.ports.clock.now(),
        }
    }
}

/// For whom something is handed in by a URL.
fn named(url: &SecureUrl) -> Result<&[PartnerId], PorterError> {
    match &url.purpose {
        Purpose::Upload { receivers } => Ok(receivers),
        Purpose::Download { .. } => Err(PorterError::Purpose("this URL gives a file and takes none")),
    }
}
