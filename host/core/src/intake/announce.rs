//! Announcing: a sender says what is to come and for whom, before the first byte.

use std::collections::HashSet;

use crate::agreement::Agreement;
use crate::digest::Digest;
use crate::id::{PartnerId, SecureUrlId, UploadId};
use crate::intake::{Intake, IntakeError, file_name, sender};
use crate::partner::{LONGEST_SLUG, Partner, PartnerStatus};
use crate::ports::{Addressing, AnnounceOutcome, Announcement, Earlier};
use crate::quota::Quota;
use crate::state::transfer;
use crate::trace::TraceContext;
use crate::transfer::{Transfer, TransferState};
use crate::upload::Upload;
use crate::viewer::Viewer;

/// What a sender announces.
#[derive(Debug, Clone, Default)]
pub struct NewTransfer {
    /// The receivers' ids or slugs.
    pub receivers: Vec<String>,
    /// The file's name.
    pub file_name: String,
    /// What the bytes are; `application/octet-stream` when empty.
    pub media_type: String,
    /// How many bytes will come, if that is known.
    pub size: Option<u64>,
    /// Names the request: the same key and input give the same transfer.
    pub idempotency_key: Option<String>,
    /// The complete partial uploads that its bytes come from, in order; empty if the sender sends them.
    pub assembles: Vec<UploadId>,
    /// What its client said of it, as it was sent.
    pub metadata: Option<String>,
    /// Whether it comes in one request that nobody can repeat or go on with.
    pub once: bool,
    /// The secure URL by which it is handed in, if by one: a use of it is counted.
    pub by: Option<SecureUrlId>,
    /// The trace that the transfer will belong to.
    pub trace: TraceContext,
}

/// What became of it.
#[derive(Debug, Clone)]
pub struct Announced {
    /// The transfer.
    pub transfer: Transfer,
    /// Where its bytes are to go.
    pub upload: Upload,
    /// The same was announced before, under the same idempotency key.
    pub repeated: bool,
}

impl Intake {
    /// Announces a transfer: checked against agreements and limits, nothing kept if anything is wrong.
    pub async fn announce(&self, viewer: &Viewer, new: NewTransfer) -> Result<Announced, IntakeError> {
        let sender = sender(viewer)?;
        let media_type = media_type(&new.media_type)?;
        if let Some(why) = file_name::refuse(&new.file_name) {
            return Err(IntakeError::FileName(why));
        }
        if new.idempotency_key.as_deref().is_some_and(|key| !is_key(key)) {
            return Err(IntakeError::IdempotencyKey);
        }
        self.named(&new.receivers)?;
        let (receivers, terms) = match self.addressed(sender, &new, &media_type).await {
            Ok(addressed) => addressed,
            Err(refused) => {
                let earlier = self.earlier(sender, &new, &media_type).await?.ok_or(refused)?;
                let upload = self.mended(viewer, earlier.upload, &earlier.transfer).await?;
                return Ok(Announced { transfer: earlier.transfer, upload, repeated: true });
            }
        };
        let announcement = self.announcement(viewer, sender, receivers, terms, media_type, new);
        match self.ports.store.announce(&announcement).await? {
            AnnounceOutcome::Created => {
                let Announcement { transfer, upload, .. } = announcement;
                tracing::info!(transfer.id = %transfer.id, partner.id = %sender, "A transfer was announced.");
                Ok(Announced { transfer, upload, repeated: false })
            }
            AnnounceOutcome::Repeated { transfer, upload } => {
                let upload = self.mended(viewer, *upload, &transfer).await?;
                Ok(Announced { transfer: *transfer, upload, repeated: true })
            }
            AnnounceOutcome::Conflict { transfer } => Err(IntakeError::IdempotencyConflict { transfer }),
            AnnounceOutcome::UrlEnded => Err(IntakeError::UrlEnded),
            AnnounceOutcome::OverQuota(over) => Err(IntakeError::OverQuota(over)),
        }
    }

    /// The same announcement of before, where its key was used: a request that is repeated is answered as it was then,
    /// though by now it would be refused.
    async fn earlier(
        &self,
        sender: PartnerId,
        new: &NewTransfer,
        media_type: &str,
    ) -> Result<Option<Earlier>, IntakeError> {
        let Some(key) = &new.idempotency_key else { return Ok(None) };
        let Some(earlier) = self.ports.store.announced_under(sender, key).await? else { return Ok(None) };
        let mut known = vec![];
        for receiver in &earlier.transfer.receivers {
            known.extend(self.ports.store.partner(*receiver).await?);
        }
        let named: Option<Vec<_>> =
            new.receivers.iter().map(|named| find(&known, |it| it, named).map(|it| it.id)).collect();
        let same = named.is_some_and(|it| earlier.fingerprint == fingerprint(&once(it), media_type, new));
        Ok(same.then_some(earlier))
    }

    /// What a request that is repeated finds: an upload that looks complete never lacks its transfer.
    async fn mended(&self, viewer: &Viewer, upload: Upload, transfer: &Transfer) -> Result<Upload, IntakeError> {
        match transfer.state {
            TransferState::Announced if upload.complete => self.complete(viewer, upload, Some(transfer.clone())).await,
            TransferState::Expired => Err(IntakeError::Expired(upload.id)),
            _ => Ok(upload),
        }
    }

    /// What the sender may hand in and keep, if it may send at all.
    pub(super) async fn terms(&self, sender: PartnerId) -> Result<Quota, IntakeError> {
        self.addressing(sender, &[]).await.map(|it| it.terms.over(self.settings.quota))
    }

    /// The sender, if it may send at all, and those among the named to whom it may.
    async fn addressing(&self, sender: PartnerId, named: &[String]) -> Result<Addressing, IntakeError> {
        let found = self.ports.store.addressing(sender, named).await?.ok_or(FOREIGN)?;
        active(&found.sender).map(|()| found)
    }

    /// Refuses what a sender goes on with that was suspended since it announced.
    pub(super) async fn may_go_on(&self, sender: PartnerId) -> Result<(), IntakeError> {
        active(&self.ports.store.partner(sender).await?.ok_or(FOREIGN)?)
    }

    /// Nobody is looked up for a list that is too long, or by what is too long to name anybody.
    fn named(&self, receivers: &[String]) -> Result<(), IntakeError> {
        let (given, limit) = (receivers.len(), self.settings.max_receivers);
        if given > limit {
            return Err(IntakeError::TooManyReceivers { given, limit });
        }
        receivers.iter().find(|named| named.len() > LONGEST_SLUG).map_or(Ok(()), |named| Err(stranger(named)))
    }

    /// The addressed receivers, each once, in the order given, each under an agreement that admits the payload of a
    /// sender who may take part; with them the sender's own terms.
    async fn addressed(
        &self,
        sender: PartnerId,
        new: &NewTransfer,
        media_type: &str,
    ) -> Result<(Vec<PartnerId>, Quota), IntakeError> {
        let Addressing { agreed, terms, .. } = self.addressing(sender, &new.receivers).await?;
        if new.receivers.is_empty() {
            return Err(IntakeError::NoReceivers);
        }
        let mut receivers = Vec::with_capacity(new.receivers.len());
        for named in &new.receivers {
            let found = find(&agreed, |(partner, _)| partner, named);
            let (receiver, agreement) = found.ok_or_else(|| stranger(named))?;
            self.admit(agreement, named, media_type, new.size)?;
            receivers.push(receiver.id);
        }
        Ok((once(receivers), terms))
    }

    fn admit(
        &self,
        agreement: &Agreement,
        named: &str,
        media_type: &str,
        size: Option<u64>,
    ) -> Result<(), IntakeError> {
        let limit = agreement.max_size.unwrap_or(u64::MAX).min(self.settings.max_size);
        if let Some(size) = size.filter(|size| *size > limit) {
            return Err(IntakeError::TooLarge { size, limit });
        }
        if agreement.admits(media_type, size) {
            return Ok(());
        }
        Err(IntakeError::MediaType {
            receiver: named.to_owned(),
            media_type: media_type.to_owned(),
            admitted: agreement.media_types.join(", "),
        })
    }

    /// The most bytes that a transfer whose length was deferred may still turn out to have.
    pub(super) async fn limit(&self, transfer: Option<&Transfer>) -> Result<u64, IntakeError> {
        let mut limit = self.settings.max_size;
        let Some(transfer) = transfer else { return Ok(limit) };
        for receiver in &transfer.receivers {
            let agreement = self.ports.registry.agreement(transfer.sender, *receiver).await?;
            limit = limit.min(agreement.and_then(|it| it.max_size).unwrap_or(u64::MAX));
        }
        Ok(limit)
    }

    fn announcement(
        &self,
        viewer: &Viewer,
        sender: PartnerId,
        receivers: Vec<PartnerId>,
        terms: Quota,
        media_type: String,
        new: NewTransfer,
    ) -> Announcement {
        let at = self.ports.clock.now();
        let fingerprint = fingerprint(&receivers, &media_type, &new);
        let transfer = Transfer {
            trace: new.trace.clone(),
            idempotency_key: new.idempotency_key,
            ..Transfer::announced(sender, receivers, new.file_name, media_type, at)
        };
        let upload = Upload {
            transfer: Some(transfer.id),
            assembles: new.assembles,
            metadata: new.metadata,
            once: new.once,
            ..Upload::begun(sender, new.size, at, self.settings.upload_lifetime)
        };
        let entry = transfer::announced(&transfer, &self.stamp(viewer, &new.trace));
        let quota = terms.over(self.settings.quota);
        Announcement { transfer, upload, fingerprint, entry, quota, by: new.by, commands: vec![] }
    }
}

const FOREIGN: IntakeError = IntakeError::Forbidden("partner of another installation");

/// Refuses a sender that may not take part.
fn active(sender: &Partner) -> Result<(), IntakeError> {
    match sender.status {
        PartnerStatus::Active => Ok(()),
        PartnerStatus::Suspended => Err(IntakeError::Suspended),
    }
}

/// The same answer for who is unknown and for whom nothing is agreed with.
fn stranger(named: &str) -> IntakeError {
    IntakeError::NoAgreement { receiver: named.chars().take(80).collect() }
}

/// The partner that a text means: an id, or a slug.
fn find<'a, T>(among: &'a [T], partner: impl Fn(&T) -> &Partner, named: &str) -> Option<&'a T> {
    let id = named.parse::<PartnerId>().ok();
    among.iter().find(|it| Some(partner(it).id) == id || partner(it).slug == named)
}

/// Each once, in the order of their first mention.
fn once(mut receivers: Vec<PartnerId>) -> Vec<PartnerId> {
    let mut seen = HashSet::with_capacity(receivers.len());
    receivers.retain(|it| seen.insert(*it));
    receivers
}

/// The media type in lower case, if it is one: `type/subtype` with optional parameters, in printable ASCII.
fn media_type(given: &str) -> Result<String, IntakeError> {
    if given.is_empty() {
        return Ok("application/octet-stream".to_owned());
    }
    let essence = given.split(';').next().unwrap_or_default().trim();
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b));
    let well_formed = essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    if given.len() > 200 || !well_formed || !given.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return Err(IntakeError::InvalidMediaType(given.chars().take(80).collect()));
    }
    let parameters = &given[given.find(';').unwrap_or(given.len())..];
    Ok(format!("{}{parameters}", essence.to_ascii_lowercase()))
}

fn is_key(key: &str) -> bool {
    (1..=200).contains(&key.len()) && key.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
}

/// Digest over all that makes two announcements the same.
fn fingerprint(receivers: &[PartnerId], media_type: &str, new: &NewTransfer) -> Digest {
    let mut input = serde_json::json!([receivers, new.file_name, media_type, new.size]);
    if let (false, Some(input)) = (new.assembles.is_empty(), input.as_array_mut()) {
        input.extend(new.assembles.iter().map(|id| id.to_string().into()));
    }
    Digest::of(input.to_string().as_bytes())
}

#[cfg(test)]
mod tests;
