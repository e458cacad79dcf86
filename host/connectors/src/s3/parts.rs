//! Writes a large object in parts, two of them under way while the next is filled, and goes on where an earlier attempt
//! stopped.

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream as Body;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use lockgate_core::id::PassageId;
use lockgate_core::midstate;
use lockgate_core::passage::{Part, Passage, Place, Reached};
use lockgate_core::ports::{ByteStream, Consigned, PassageError, PassageStore, PayloadStore};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use super::failure::Failure;
use super::object::{Object, PART, metadata};
use crate::answer::{failed, ours};

const UNDER_WAY: usize = 2;
const PARTS: u64 = 10_000;

/// Carries one payload to one object in parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier<'a> {
    pub(super) object: &'a Object,
    pub(super) consigned: &'a Consigned,
    pub(super) payloads: &'a dyn PayloadStore,
    pub(super) passages: &'a dyn PassageStore,
}

/// What came of carrying it.
#[derive(Debug)]
pub(super) struct Carried {
    /// Where it went on, if an earlier attempt had begun.
    pub(super) from: Option<u64>,
    pub(super) receipt: Result<String, Failure>,
}

impl Carrier<'_> {
    /// Goes on with what an earlier attempt left if it carries these bytes to this place, and begins anew otherwise.
    pub(super) async fn carry(&self) -> Carried {
        match self.left().await {
            Ok(Some(passage)) => {
                let from = Some(passage.reached.offset);
                match self.go_on(&passage).await {
                    // It was completed without our hearing of it, or the receiver's bucket tidied it away.
                    Err(Failure::Missing(_)) => match self.object.seen(&self.consigned.payload).await {
                        Ok(Some(_)) => Carried { from, receipt: Err(Failure::Taken) },
                        Ok(None) => self.anew(Some(passage.id)).await,
                        Err(failure) => Carried { from, receipt: Err(failure) },
                    },
                    receipt => Carried { from, receipt },
                }
            }
            Ok(None) => self.anew(None).await,
            Err(failure) => Carried { from: None, receipt: Err(failure) },
        }
    }

    async fn left(&self) -> Result<Option<Passage>, Failure> {
        let Consigned { delivery, destination, payload, .. } = self.consigned;
        let left = self.passages.passage(delivery.id).await.map_err(|error| Failure::Other(ours(error.to_string())))?;
        let fits = |it: &Passage| {
            let same_key = matches!(&it.place, Place::Multipart { key, .. } if *key == self.object.key);
            same_key && it.carries(payload, delivery, &destination.endpoint)
        };
        Ok(left.filter(fits))
    }

    async fn anew(&self, gone: Option<PassageId>) -> Carried {
        if let Some(gone) = gone {
            self.forget(gone).await;
        }
        let receipt = async {
            let passage = self.begin().await?;
            match self.go_on(&passage).await {
                // A repeat after a lost answer finds the upload gone: whether it was completed, the object tells, to whom
                // it may.
                Err(gone @ Failure::Missing(_)) => {
                    let seen = self.object.seen(&self.consigned.payload).await?;
                    Err(if seen.is_some() { Failure::Taken } else { gone })
                }
                receipt => receipt,
            }
        };
        Carried { from: None, receipt: receipt.await }
    }

    async fn begin(&self) -> Result<Passage, Failure> {
        let (object, Consigned { delivery, destination, payload, at, .. }) = (self.object, self.consigned);
        let mut creating = object.client.create_multipart_upload().bucket(&object.bucket).key(&object.key);
        creating = creating.content_type(&payload.media_type);
        for (name, value) in metadata(self.consigned) {
            creating = creating.metadata(name, value);
        }
        let (encryption, kms) = object.encryption();
        creating = creating.set_tagging(object.tagging()).set_server_side_encryption(encryption).set_ssekms_key_id(kms);
        let created = creating.send().await.map_err(|error| Failure::of("CreateMultipartUpload", &error))?;
        let Some(upload) = created.upload_id else { return Err(lost("S3 gave no upload id")) };
        let part_size = payload.size.div_ceil(PARTS).max(PART as u64);
        let passage = Passage {
            id: PassageId::generate(*at),
            delivery: delivery.id,
            generation: delivery.generation,
            receiver: delivery.receiver,
            endpoint: destination.endpoint.clone(),
            digest: payload.digest,
            size: payload.size,
            place: Place::Multipart { key: object.key.clone(), upload, part_size },
            reached: Reached::default(),
        };
        match self.passages.begin_passage(delivery, &passage).await {
            Ok(()) => Ok(passage),
            Err(error) => {
                // Nobody would find it again.
                if let Place::Multipart { upload, .. } = &passage.place {
                    let aborted = object.abort(upload).await;
                    tracing::debug!(delivery.id = %delivery.id, ?aborted, "A multipart upload that could not be kept.");
                }
                Err(kept(error))
            }
        }
    }

    async fn go_on(&self, passage: &Passage) -> Result<String, Failure> {
        let Consigned { delivery, payload, .. } = self.consigned;
        let Place::Multipart { upload, part_size, .. } = &passage.place else { return Err(lost("another kind")) };
        let Some(hash) = midstate::take_up(&passage.reached.midstate) else {
            let given_up = self.passages.give_up_passage(delivery, passage.id).await;
            return Err(given_up.err().map_or_else(|| lost("how far it came cannot be read"), kept));
        };
        let from = passage.reached.offset;
        let bytes: ByteStream = match from < payload.size {
            true => {
                let reading = self.payloads.read(payload, from..payload.size).await;
                reading.map_err(|error| Failure::Other(ours(error.to_string())))?
            }
            false => Box::pin(futures::stream::empty()),
        };
        let part_size = usize::try_from(*part_size).map_err(|_| lost("a part is too large"))?;
        let mut log = Log::new(self, passage);
        let hash = self.fill(upload, part_size, hash, bytes, &mut log).await?;
        // A read that does not begin at the beginning checks no digest on its way.
        let digest = midstate::finish(hash);
        if digest != payload.digest {
            let given_up = self.passages.give_up_passage(delivery, passage.id).await;
            let why = format!("payload {} is corrupt: its digest is {digest}", payload.id);
            return Err(given_up.err().map_or_else(|| Failure::Other(ours(why)), kept));
        }
        let receipt = self.object.complete(upload, log.parts).await?;
        self.forget(passage.id).await;
        Ok(receipt)
    }

    /// Sends the rest in parts; gives the hash over everything.
    async fn fill(
        &self,
        upload: &str,
        part_size: usize,
        mut hash: Sha256,
        mut bytes: ByteStream,
        log: &mut Log<'_>,
    ) -> Result<Sha256, Failure> {
        let mut buffer = BytesMut::with_capacity(part_size);
        let (mut number, mut offset) = (log.confirmed, log.offset);
        let mut under_way = JoinSet::new();
        loop {
            let next = bytes.next().await.transpose().map_err(|error| Failure::Other(ours(error.to_string())))?;
            let ended = next.is_none();
            let mut next = next.unwrap_or_default();
            while !next.is_empty() || (ended && !buffer.is_empty()) {
                let room = part_size - buffer.len();
                buffer.extend_from_slice(&next.split_to(next.len().min(room)));
                if buffer.len() == part_size || ended {
                    number += 1;
                    if under_way.len() >= UNDER_WAY {
                        log.landed(landed(&mut under_way).await?).await?;
                    }
                    hash.update(&buffer);
                    offset += buffer.len() as u64;
                    log.sent(number, offset, midstate::put_aside(&hash));
                    let body =
                        std::mem::replace(&mut buffer, BytesMut::with_capacity(if ended { 0 } else { part_size }));
                    under_way.spawn(send(self.object.clone(), upload.to_owned(), number, body.freeze()));
                }
            }
            if ended {
                break;
            }
        }
        while !under_way.is_empty() {
            log.landed(landed(&mut under_way).await?).await?;
        }
        Ok(hash)
    }

    /// What cannot be forgotten now is cleared once the delivery ended.
    async fn forget(&self, id: PassageId) {
        if let Err(error) = self.passages.forget_passage(id).await {
            tracing::debug!(delivery.id = %self.consigned.delivery.id, %error, "A passage could not be forgotten yet.");
        }
    }
}

/// Which parts landed, and what of it the store knows: from the first part on without a gap.
#[derive(Debug)]
struct Log<'a> {
    carrier: &'a Carrier<'a>,
    id: PassageId,
    /// The last part before the first gap, and the byte after it.
    confirmed: i32,
    offset: u64,
    /// Parts that were sent, with the byte after them and the hash up to there.
    sent: BTreeMap<i32, (u64, Vec<u8>)>,
    /// Parts that landed beyond the gap.
    beyond: BTreeMap<i32, Part>,
    /// All parts up to the gap.
    parts: Vec<Part>,
    /// How many of them the store knows.
    known: usize,
}

impl<'a> Log<'a> {
    fn new(carrier: &'a Carrier<'a>, passage: &Passage) -> Self {
        let Reached { offset, parts, .. } = &passage.reached;
        let confirmed = parts.last().map_or(0, |part| part.number);
        let (sent, beyond) = (BTreeMap::new(), BTreeMap::new());
        Self {
            carrier,
            id: passage.id,
            confirmed,
            offset: *offset,
            sent,
            beyond,
            parts: parts.clone(),
            known: parts.len(),
        }
    }

    fn sent(&mut self, number: i32, offset: u64, midstate: Vec<u8>) {
        self.sent.insert(number, (offset, midstate));
    }

    /// Notes a part. Whoever lost the claim meanwhile stops here; where the store does not answer, a later note says it.
    async fn landed(&mut self, part: Part) -> Result<(), Failure> {
        self.beyond.insert(part.number, part);
        let mut midstate = None;
        while let Some(part) = self.beyond.remove(&(self.confirmed + 1)) {
            self.confirmed += 1;
            if let Some((offset, hash)) = self.sent.remove(&self.confirmed) {
                self.offset = offset;
                midstate = Some(hash);
            }
            self.parts.push(part);
        }
        let Some(midstate) = midstate else { return Ok(()) };
        let step = Reached { offset: self.offset, midstate, parts: self.parts[self.known..].to_vec() };
        let delivery = &self.carrier.consigned.delivery;
        match self.carrier.passages.advance_passage(delivery, self.id, &step).await {
            Ok(()) => self.known = self.parts.len(),
            Err(PassageError::Store(error)) => {
                tracing::debug!(delivery.id = %delivery.id, %error, "How far a passage came could not be kept yet.");
            }
            Err(stale @ PassageError::Stale(_)) => return Err(kept(stale)),
        }
        Ok(())
    }
}

impl Object {
    async fn complete(&self, upload: &str, parts: Vec<Part>) -> Result<String, Failure> {
        let done = |part: Part| CompletedPart::builder().part_number(part.number).e_tag(part.tag).build();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.into_iter().map(done).collect())).build();
        let joining = self.client.complete_multipart_upload().bucket(&self.bucket).key(&self.key);
        let joined = joining.upload_id(upload).multipart_upload(parts).if_none_match("*").send().await;
        let joined = joined.map_err(|error| Failure::of("CompleteMultipartUpload", &error))?;
        Ok(self.receipt(joined.e_tag.as_deref()))
    }

    /// Removes an unfinished upload.
    pub(super) async fn abort(&self, upload: &str) -> Result<(), Failure> {
        let aborting = self.client.abort_multipart_upload().bucket(&self.bucket).key(&self.key);
        let aborted = aborting.upload_id(upload).send().await;
        aborted.map(drop).map_err(|error| Failure::of("AbortMultipartUpload", &error))
    }
}

async fn landed(under_way: &mut JoinSet<Result<Part, Failure>>) -> Result<Part, Failure> {
    match under_way.join_next().await {
        Some(Ok(part)) => part,
        Some(Err(error)) => Err(lost(&error.to_string())),
        None => Err(lost("no part is under way")),
    }
}

async fn send(object: Object, upload: String, number: i32, body: Bytes) -> Result<Part, Failure> {
    let sending = object.client.upload_part().bucket(&object.bucket).key(&object.key).upload_id(upload);
    let sent = sending.part_number(number).body(Body::from(body)).send().await;
    let sent = sent.map_err(|error| Failure::of("UploadPart", &error))?;
    let tag = sent.e_tag.ok_or_else(|| lost("S3 gave no ETag for a part"))?;
    Ok(Part { number, tag })
}

fn kept(error: PassageError) -> Failure {
    match error {
        PassageError::Stale(_) => Failure::Other(failed(error.to_string())),
        PassageError::Store(error) => Failure::Other(ours(error.to_string())),
    }
}

fn lost(what: &str) -> Failure {
    Failure::Other(failed(format!("writing in parts: {what}")))
}
