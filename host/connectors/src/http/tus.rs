//! tus 1.0 as its client: the upload's URL is kept, so that another attempt asks how far it came and goes on from there.

mod wire;

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::{HeaderMap, Method, StatusCode};
use lockgate_core::delivery::{Answer, Cause, Delivery};
use lockgate_core::destination::{Endpoint, HttpOptions, HttpTus};
use lockgate_core::id::PassageId;
use lockgate_core::midstate;
use lockgate_core::passage::{Passage, Place, Reached};
use lockgate_core::ports::{ByteStream, Consigned, Handover, PassageError};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use url::Url;

use super::{HttpConnector, Named};
use crate::answer::{failed, of_status, ours, refused};
use wire::{Wire, number, shown};

/// So many bytes are sent in one request and held in memory, and so many are sent again at most.
const CHUNK: usize = 8 * 1024 * 1024;

/// An upload as it stands at the receiver.
#[derive(Debug)]
struct Upload {
    passage: Passage,
    url: Url,
    offset: u64,
}

/// What an earlier attempt left.
#[derive(Debug)]
enum Left {
    /// An upload to go on with.
    Upload(Box<Upload>),
    /// One that the receiver does not have any more.
    Lost,
    /// None of these bytes at this place.
    Nothing,
}

impl HttpConnector {
    /// One attempt: goes on with what an earlier one left if it carries these bytes to this place, or begins anew.
    pub(super) async fn carry(
        &self,
        consigned: &Consigned,
        url: Url,
        named: Named<'_>,
        options: &HttpOptions,
        tus: &HttpTus,
    ) -> Result<Handover, Answer> {
        let partner = consigned.destination.partner;
        let bearer = self.bearer(partner, named.bearer).await?;
        let client = self.client(partner, options).await?;
        let mut wire = Wire::new(&self.egress, client, bearer, url);
        wire.discover(consigned.payload.size).await?;
        let (upload, from_offset) = match self.left(&wire, consigned).await? {
            Left::Upload(upload) => {
                let from = upload.offset;
                (*upload, Some(from))
            }
            left => {
                let used = matches!(left, Left::Lost) || may_be_used(&consigned.delivery);
                let created = self.create(&wire, consigned, named, tus).await;
                let upload = created.map_err(|answer| if used { of_the_key(answer) } else { answer })?;
                let from = (upload.offset > 0).then_some(upload.offset);
                (upload, from)
            }
        };
        let receipt = format!("204 location={}", shown(&upload.url));
        let id = upload.passage.id;
        let answer = match self.send_rest(&wire, consigned, upload).await {
            Ok(()) => {
                self.forget(consigned, id).await;
                Answer::Taken { receipt }
            }
            Err(answer) => answer,
        };
        Ok(Handover { answer, from_offset })
    }

    /// Removes an unfinished upload. A finished one stays: the receiver has it, whatever we heard of it.
    pub(crate) async fn abandon(&self, passage: &Passage) -> Result<Answer, Answer> {
        let (Endpoint::Http { url, bearer_secret, options, .. }, Place::Tus { url: upload }) =
            (&passage.endpoint, &passage.place)
        else {
            return Err(refused("the passage does not lead to a tus server"));
        };
        let bearer = self.bearer(passage.receiver, bearer_secret.as_deref()).await?;
        let client = self.client(passage.receiver, options).await?;
        let wire = Wire::new(&self.egress, client, bearer, self.egress.url(url)?);
        let upload = wire.place(upload)?;
        let gone = |status: StatusCode| matches!(status.as_u16(), 404 | 405 | 410 | 501);
        let (status, headers) = wire.ask(wire.request(Method::HEAD, &upload)).await?;
        let whole = number(&headers, "upload-offset") == Some(passage.size);
        if gone(status) || (status.is_success() && whole) {
            return Ok(Answer::Taken { receipt: status.as_u16().to_string() });
        }
        let (status, headers) = wire.ask(wire.request(Method::DELETE, &upload)).await?;
        match gone(status) {
            true => Ok(Answer::Taken { receipt: status.as_u16().to_string() }),
            false => Ok(of_status(status, &headers, OffsetDateTime::now_utc())),
        }
    }

    /// What an earlier attempt left, if the receiver still has it.
    async fn left(&self, wire: &Wire<'_>, consigned: &Consigned) -> Result<Left, Answer> {
        let Consigned { delivery, destination, payload, .. } = consigned;
        let left = self.passages.passage(delivery.id).await.map_err(|error| ours(error.to_string()))?;
        let Some(passage) = left.filter(|it| it.carries(payload, delivery, &destination.endpoint)) else {
            return Ok(Left::Nothing);
        };
        let Place::Tus { url } = &passage.place else { return Ok(Left::Nothing) };
        let url = wire.place(url)?;
        let (status, headers) = wire.ask(wire.request(Method::HEAD, &url)).await?;
        let length = number(&headers, "upload-length");
        match (status.is_success(), number(&headers, "upload-offset")) {
            (true, Some(offset)) if offset <= payload.size && length.is_none_or(|length| length == payload.size) => {
                Ok(Left::Upload(Box::new(Upload { passage, url, offset })))
            }
            // Not the upload that we know, or none: nothing to go on with.
            (true, _) => {
                self.give_up(consigned, passage.id).await?;
                Ok(Left::Lost)
            }
            (false, _) if is_gone(status) => {
                self.forget(consigned, passage.id).await;
                Ok(Left::Lost)
            }
            (false, _) => Err(explain(status, &headers)),
        }
    }

    async fn create(
        &self,
        wire: &Wire<'_>,
        consigned: &Consigned,
        named: Named<'_>,
        tus: &HttpTus,
    ) -> Result<Upload, Answer> {
        let Consigned { delivery, destination, payload, at, .. } = consigned;
        let request = super::described(wire.request(Method::POST, wire.creation()), consigned);
        let request = request.header("upload-length", payload.size);
        let request = request.header("upload-metadata", wire::metadata(consigned, tus));
        let request = self.signed(request, consigned, named.signing).await?;
        let (status, headers) = wire.ask(request).await?;
        if !status.is_success() {
            return Err(of_status(status, &headers, OffsetDateTime::now_utc()));
        }
        let location = headers.get("location").and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| {
            refused(format!("the receiver answered {status} and named no upload: does it speak tus?"))
        })?;
        let url = wire.place(location)?;
        let passage = Passage {
            id: PassageId::generate(*at),
            delivery: delivery.id,
            generation: delivery.generation,
            receiver: delivery.receiver,
            endpoint: destination.endpoint.clone(),
            digest: payload.digest,
            size: payload.size,
            place: Place::Tus { url: url.to_string() },
            reached: Reached::default(),
        };
        self.passages.begin_passage(delivery, &passage).await.map_err(kept)?;
        // Who repeats a creation under the same key may be led back to what came before.
        let offset = number(&headers, "upload-offset").unwrap_or(0);
        Ok(Upload { passage, url, offset: offset.min(payload.size) })
    }

    /// Sends what is missing, request by request. The last leaves only after the digest over everything was compared.
    async fn send_rest(&self, wire: &Wire<'_>, consigned: &Consigned, upload: Upload) -> Result<(), Answer> {
        let Consigned { delivery, payload, .. } = consigned;
        let Upload { passage, url, mut offset } = upload;
        if offset == payload.size {
            return Ok(());
        }
        // The hash goes on from where it was noted; what came after that is read once more, and not sent.
        let noted = Some(&passage.reached).filter(|it| it.offset <= offset);
        let noted = noted.and_then(|it| Some((it.offset, midstate::take_up(&it.midstate)?)));
        let (start, mut hash) = noted.unwrap_or_else(|| (0, Sha256::new()));
        let reading = self.payloads.read(payload, start..payload.size).await;
        let mut rest = Rest { bytes: reading.map_err(|error| ours(error.to_string()))?, over: Bytes::new() };
        let mut skipped = start;
        while skipped < offset {
            let before = rest.next(usize::try_from(offset - skipped).unwrap_or(CHUNK).min(CHUNK)).await?;
            if before.is_empty() {
                return Err(ours(format!("payload {} is shorter than it should be", payload.id)));
            }
            hash.update(&before);
            skipped += before.len() as u64;
        }
        while offset < payload.size {
            let chunk = rest.next(CHUNK).await?;
            let end = offset + chunk.len() as u64;
            hash.update(&chunk);
            let sound = end < payload.size || midstate::finish(hash.clone()) == payload.digest;
            if chunk.is_empty() || !sound {
                self.give_up(consigned, passage.id).await?;
                return Err(ours(format!("payload {} is corrupt: its digest is another", payload.id)));
            }
            let (status, headers) = wire.patch(&url, offset, chunk).await?;
            if is_gone(status) {
                self.forget(consigned, passage.id).await;
                return Err(failed(format!(
                    "the receiver gave the upload up ({status}); the next attempt begins anew"
                )));
            }
            if !status.is_success() {
                return Err(explain(status, &headers));
            }
            match number(&headers, "upload-offset") {
                Some(at) if at == end => offset = end,
                at => return Err(failed(format!("the receiver took bytes up to {at:?} instead of {end}"))),
            }
            let step = Reached { offset, midstate: midstate::put_aside(&hash), parts: vec![] };
            match self.passages.advance_passage(delivery, passage.id, &step).await {
                Ok(()) => {}
                // The next attempt asks the receiver anyway.
                Err(PassageError::Store(error)) => {
                    tracing::debug!(delivery.id = %delivery.id, %error, "Not noted yet.");
                }
                Err(stale @ PassageError::Stale(_)) => return Err(kept(stale)),
            }
        }
        Ok(())
    }

    async fn give_up(&self, consigned: &Consigned, id: PassageId) -> Result<(), Answer> {
        self.passages.give_up_passage(&consigned.delivery, id).await.map_err(kept)
    }

    /// What cannot be forgotten now is looked after once the delivery ended.
    async fn forget(&self, consigned: &Consigned, id: PassageId) {
        if let Err(error) = self.passages.forget_passage(id).await {
            tracing::debug!(delivery.id = %consigned.delivery.id, %error, "A passage could not be forgotten yet.");
        }
    }
}

/// The payload in pieces as large as they are wanted.
struct Rest {
    bytes: ByteStream,
    over: Bytes,
}

impl Rest {
    /// That many bytes, or fewer at the end.
    async fn next(&mut self, wanted: usize) -> Result<Bytes, Answer> {
        let mut buffer = BytesMut::with_capacity(wanted);
        loop {
            let some = self.over.split_to(self.over.len().min(wanted - buffer.len()));
            buffer.extend_from_slice(&some);
            if buffer.len() == wanted {
                return Ok(buffer.freeze());
            }
            match self.bytes.next().await {
                Some(next) => self.over = next.map_err(|error| ours(error.to_string()))?,
                None => return Ok(buffer.freeze()),
            }
        }
    }
}

/// The upload is not there any more; the destination may well be.
fn is_gone(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE)
}

/// Whether the receiver may know the delivery's key: of an attempt that failed, maybe before a redrive, or whose host died.
fn may_be_used(delivery: &Delivery) -> bool {
    delivery.attempts > 0 || delivery.adoptions > 0 || delivery.last_error.is_some()
}

/// Under a key that was used before, a 410 speaks of the upload that was, as another gate's does once that expired. Whether
/// the destination is gone, a delivery with a fresh key will hear.
fn of_the_key(answer: Answer) -> Answer {
    match answer {
        Answer::Refused { disable: true, response, .. } => {
            let error =
                "the receiver takes nothing more under this delivery's key (410): an upload under it may have expired";
            Answer::Refused { cause: Cause::Refused, error: error.to_owned(), disable: false, response }
        }
        answer => answer,
    }
}

/// Why an upload does not go on: what another attempt may repair is worth one.
fn explain(status: StatusCode, headers: &HeaderMap) -> Answer {
    match status.as_u16() {
        409 | 423 => Answer::failed(Cause::Conflict, format!("the upload is elsewhere or in other hands ({status})")),
        460 => failed("the bytes did not arrive as they were sent (460)"),
        412 => refused("the receiver does not speak tus 1.0 (412)"),
        _ => of_status(status, headers, OffsetDateTime::now_utc()),
    }
}

fn kept(error: PassageError) -> Answer {
    match error {
        PassageError::Stale(_) => failed(error.to_string()),
        PassageError::Store(error) => ours(error.to_string()),
    }
}
