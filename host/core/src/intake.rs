//! Intake: how a transfer comes in, announced first, then byte by byte, by any node, until it is acknowledged.

mod announce;
mod append;
mod assemble;
mod error;
mod file_name;
mod loss;
mod repeat;

use std::sync::Arc;
use std::time::Duration;

use crate::claim::Aggregate;
use crate::command::Work;
use crate::id::{PartnerId, UploadId};
use crate::payload::Payload;
use crate::ports::{CommitError, PayloadStore, Registry, TransferStore, UploadStore};
use crate::quota::Quota;
use crate::state::{IllegalMove, Stamp, TransferMove, transfer};
use crate::time::Clock;
use crate::trace::{TraceContext, Tracer};
use crate::transfer::{Transfer, TransferState};
use crate::upload::Upload;
use crate::viewer::{Role, Viewer};

use assemble::Places;

pub use announce::{Announced, NewTransfer};
pub use append::{Append, BodyError, BodyStream, Checksum};
pub use error::IntakeError;

/// The installation's terms for intake.
#[derive(Debug, Clone)]
pub struct IntakeSettings {
    /// The largest payload in bytes.
    pub max_size: u64,
    /// How long an upload may stand still before it is given up.
    pub upload_lifetime: Duration,
    /// How many receivers a transfer may name.
    pub max_receivers: usize,
    /// What each partner may hand in and keep that has no terms of its own.
    pub quota: Quota,
    /// How long whoever asks for an offset waits for a writer that is setting down what it has.
    pub settling: Duration,
    /// How many may be assembled on one host.
    pub assemblies: Assemblies,
}

/// How many transfers one host puts together of partial uploads. Each reads from the payload store and writes to it at once.
#[derive(Debug, Clone, Copy)]
pub struct Assemblies {
    /// At the same time.
    pub at_once: usize,
    /// And how many more may wait for it.
    pub waiting: usize,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            max_size: 64 << 30,
            upload_lifetime: Duration::from_secs(24 * 60 * 60),
            max_receivers: 100,
            quota: Quota::default(),
            settling: Duration::from_secs(1),
            assemblies: Assemblies { at_once: 8, waiting: 64 },
        }
    }
}

/// The ports that intake works over.
#[derive(Debug, Clone)]
pub struct IntakePorts {
    /// The truth.
    pub store: Arc<dyn TransferStore>,
    /// How far uploads came.
    pub uploads: Arc<dyn UploadStore>,
    /// Partners and agreements.
    pub registry: Arc<dyn Registry>,
    /// The bytes.
    pub payloads: Arc<dyn PayloadStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The traces.
    pub tracer: Arc<dyn Tracer>,
}

/// The use cases of a sender handing in a transfer.
#[derive(Debug, Clone)]
pub struct Intake {
    ports: IntakePorts,
    settings: IntakeSettings,
    places: Places,
}

impl Intake {
    /// Intake over these ports.
    pub fn new(ports: IntakePorts, settings: IntakeSettings) -> Self {
        let places = Places::new(settings.assemblies);
        Self { ports, settings, places }
    }

    /// The largest payload that the installation takes, in bytes.
    pub const fn max_size(&self) -> u64 {
        self.settings.max_size
    }

    /// What each partner may hand in and keep that has no terms of its own.
    pub const fn quota(&self) -> Quota {
        self.settings.quota
    }

    /// How far an upload has come. If all bytes came but the host died before it acknowledged the transfer, that is
    /// finished first: an upload that looks complete never lacks its transfer.
    ///
    /// A client whose connection broke asks at once, often before the host that it spoke to has set down the last bytes:
    /// a moment's patience saves sending them again.
    pub async fn find(&self, viewer: &Viewer, id: UploadId) -> Result<Upload, IntakeError> {
        let mut upload = self.seen(viewer, id).await?;
        if upload.progress.open && !upload.complete {
            let rested = self.ports.uploads.at_rest(id, self.settings.settling).await?;
            upload = rested.ok_or(IntakeError::Unknown(id))?;
        }
        let Some(transfer) = self.transfer(&upload).await? else { return self.find_partial(upload).await };
        match transfer.state {
            TransferState::Announced => {}
            TransferState::Expired => return Err(IntakeError::Expired(id)),
            TransferState::Cancelled if !upload.complete || upload.once => return Err(IntakeError::Unknown(id)),
            _ => return Ok(upload),
        }
        if upload.complete || upload.length == Some(upload.offset) {
            return self.complete(viewer, upload, Some(transfer)).await;
        }
        if upload.expires_at <= self.ports.clock.now() {
            return Err(IntakeError::Expired(id));
        }
        Ok(upload)
    }

    /// Ends an upload that was not received and takes its transfer back. One that is whole is not ended but finished, unless
    /// it came [once](NewTransfer::once); of its end and a receipt that is still on its way, one is written.
    pub async fn terminate(&self, viewer: &Viewer, id: UploadId, trace: &TraceContext) -> Result<(), IntakeError> {
        let upload = self.own(viewer, id).await?;
        let Some(transfer) = self.transfer(&upload).await? else {
            return Ok(self.ports.uploads.terminate(id).await?);
        };
        match transfer.state {
            TransferState::Announced if !upload.complete || upload.once => {}
            TransferState::Expired => return Err(IntakeError::Expired(id)),
            TransferState::Cancelled if !upload.complete || upload.once => return Err(IntakeError::Unknown(id)),
            _ => return Err(IntakeError::Complete(id)),
        }
        let cancel = TransferMove::Cancel { reason: "its sender ended the upload".to_owned() };
        let change = transfer::apply(&transfer, cancel, &self.stamp(viewer, trace))?;
        self.ports.store.commit(&change).await.map_err(|error| error::busy(error, id))?;
        self.ports.uploads.terminate(id).await?;
        tracing::info!(upload.id = %id, transfer.id = %transfer.id, "An upload was ended by its sender.");
        Ok(())
    }

    /// The upload, if the viewer may see it: its sender's people and operators.
    async fn seen(&self, viewer: &Viewer, id: UploadId) -> Result<Upload, IntakeError> {
        let upload = self.ports.uploads.upload(id).await?.ok_or(IntakeError::Unknown(id))?;
        match viewer.role {
            Role::Operator => Ok(upload),
            Role::Partner(partner) | Role::Integrator(partner) if partner == upload.sender => Ok(upload),
            Role::Partner(_) | Role::Integrator(_) => Err(IntakeError::Unknown(id)),
        }
    }

    /// The upload, if the viewer may continue it: its sender.
    async fn own(&self, viewer: &Viewer, id: UploadId) -> Result<Upload, IntakeError> {
        let upload = self.seen(viewer, id).await?;
        sender(viewer).map(|_| upload)
    }

    /// The upload's transfer; a partial upload has none.
    async fn transfer(&self, upload: &Upload) -> Result<Option<Transfer>, IntakeError> {
        let Some(id) = upload.transfer else { return Ok(None) };
        match self.ports.store.load(Work::Transfer(id)).await? {
            Some(Aggregate::Transfer(transfer)) => Ok(Some(transfer)),
            _ => Err(IntakeError::Unknown(upload.id)),
        }
    }

    /// Seals what came, if that is still to be done, and acknowledges the transfer. Every step may be repeated.
    async fn complete(
        &self,
        viewer: &Viewer,
        upload: Upload,
        transfer: Option<Transfer>,
    ) -> Result<Upload, IntakeError> {
        let payload = match self.ports.uploads.sealed_payload(upload.id).await? {
            Some(payload) => payload,
            None => self.seal(&upload, transfer.as_ref()).await?,
        };
        self.acknowledge(viewer, upload, transfer, payload).await
    }

    /// Seals a partial upload whose bytes all came.
    async fn seal_partial(&self, upload: Upload) -> Result<Upload, IntakeError> {
        self.may_go_on(upload.sender).await?;
        let payload = self.seal(&upload, None).await?;
        Ok(self.ports.uploads.sealed(upload.id, upload.version, &payload).await?)
    }

    /// Makes one object of what came.
    async fn seal(&self, upload: &Upload, transfer: Option<&Transfer>) -> Result<Payload, IntakeError> {
        let sealed = async {
            let (owner, progress) = (upload.owner(), upload.progress.clone());
            let writer = self.ports.payloads.upload(owner, media_type_of(transfer), progress).await?;
            writer.seal().await
        };
        match sealed.await {
            Ok(sealed) => Ok(sealed.payload),
            Err(error) => Err(self.loss(upload.id, upload.offset, error.into()).await),
        }
    }

    /// Marks the upload complete and makes its transfer, if it has one, `Received`: from here on it is never lost. A sender
    /// that was suspended while its last bytes came has not handed it in. Where it is too late to be received, so was the
    /// object: the sweeper hears of it once more.
    async fn acknowledge(
        &self,
        viewer: &Viewer,
        upload: Upload,
        transfer: Option<Transfer>,
        payload: Payload,
    ) -> Result<Upload, IntakeError> {
        let (owner, id, key) = (upload.owner(), payload.id, payload.key.clone());
        let received = self.receive(viewer, upload, transfer, payload).await;
        if received.is_err()
            && let Err(error) = self.ports.uploads.landed(id, owner, &key, 0).await
        {
            tracing::warn!(payload.id = %id, object.key = key, %error, "An object that came too late may stay behind.");
        }
        received
    }

    async fn receive(
        &self,
        viewer: &Viewer,
        upload: Upload,
        transfer: Option<Transfer>,
        payload: Payload,
    ) -> Result<Upload, IntakeError> {
        let id = upload.id;
        self.may_go_on(upload.sender).await?;
        let upload = match upload.complete {
            true => upload,
            false => self.ports.uploads.sealed(id, upload.version, &payload).await?,
        };
        let Some(transfer) = transfer else { return Ok(upload) };
        let stamp = self.stamp(viewer, &transfer.trace);
        let change = transfer::apply(&transfer, TransferMove::Receive(payload), &stamp)?;
        match self.ports.uploads.receive(id, &change).await {
            Ok(()) => {
                tracing::info!(upload.id = %id, transfer.id = %transfer.id, "A transfer was received.");
                Ok(upload)
            }
            // Another request finished the same commit: what was to be done is done.
            Err(CommitError::Stale(_)) => self.settled(upload).await,
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    async fn settled(&self, upload: Upload) -> Result<Upload, IntakeError> {
        let Some(transfer) = self.transfer(&upload).await? else { return Ok(upload) };
        if transfer.state == TransferState::Announced {
            return Err(IntakeError::Busy(upload.id));
        }
        if matches!(transfer.state, TransferState::Cancelled | TransferState::Expired) {
            let state = transfer::name(transfer.state);
            return Err(IllegalMove { work: Work::Transfer(transfer.id), state, wanted: "received" }.into());
        }
        Ok(upload)
    }

    fn stamp(&self, viewer: &Viewer, trace: &TraceContext) -> Stamp {
        Stamp::of_person(&viewer.subject, self.ports.clock.now(), trace.trace_id().map(str::to_owned))
    }
}

/// What the bytes are called; those of a partial upload are nothing yet.
fn media_type_of(transfer: Option<&Transfer>) -> &str {
    transfer.map_or("application/octet-stream", |it| &it.media_type)
}

/// The partner that sends, if the viewer's role may.
fn sender(viewer: &Viewer) -> Result<PartnerId, IntakeError> {
    match viewer.role {
        Role::Partner(partner) => Ok(partner),
        Role::Integrator(_) | Role::Operator => Err(IntakeError::Forbidden(viewer.role.name())),
    }
}
