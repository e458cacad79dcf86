//! Announcing transfers.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use lockgate_core::intake::NewTransfer;

use super::done;
use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::scalars::Long;
use crate::graphql::transfer::Transfer;

#[derive(Debug, Default)]
pub(super) struct IntakeMutations;

#[Object]
impl IntakeMutations {
    /// Announces a transfer and says where its bytes go. Repeated under the same idempotency key with the same input, it
    /// answers with the transfer of then.
    async fn create_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be sent, and to whom.")] input: CreateTransferInput,
    ) -> Result<CreateTransferPayload, Failure> {
        let asking = asking(ctx);
        let new = NewTransfer {
            receivers: input.to,
            file_name: input.file_name,
            media_type: input.media_type.unwrap_or_default(),
            size: input.size.map(|it| it.0),
            idempotency_key: input.idempotency_key,
            trace: asking.trace.clone(),
            ..NewTransfer::default()
        };
        let announced = done(asking, asking.state.intake.announce(&asking.viewer, new).await).await?;
        Ok(CreateTransferPayload {
            upload_url: asking.state.settings.url(&format!("uploads/{}", announced.upload.id)),
            transfer: Transfer(announced.transfer),
            repeated: announced.repeated,
        })
    }
}

/// A transfer to announce.
#[derive(Debug, InputObject)]
struct CreateTransferInput {
    /// The receivers, by id or slug; each needs an active agreement.
    to: Vec<String>,
    /// The file's name, without a path.
    file_name: String,
    /// What the bytes are; `application/octet-stream` if nothing is said.
    media_type: Option<String>,
    /// How many bytes will come, if that is known.
    size: Option<Long>,
    /// Names this request, so that repeating it is safe.
    idempotency_key: Option<String>,
}

/// The announced transfer.
#[derive(Debug, SimpleObject)]
struct CreateTransferPayload {
    /// The transfer.
    transfer: Transfer,
    /// Where its bytes go: a tus 1.0 upload resource.
    upload_url: String,
    /// Whether it was announced before, under the same idempotency key.
    repeated: bool,
}
