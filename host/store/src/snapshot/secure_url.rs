//! Secure URLs, as a viewer sees them.

use lockgate_core::id::TransferId;
use lockgate_core::ports::{Page, PageRequest};
use lockgate_core::secure_url::SecureUrl;
use sqlx::types::Uuid;

use super::PgSnapshot;
use crate::error::Failure;
use crate::row::all;

pub(super) async fn page(
    view: &PgSnapshot,
    of: Option<TransferId>,
    page: &PageRequest,
) -> Result<Page<SecureUrl>, Failure> {
    page!(
        view,
        page,
        secure_urls[],
        "where ($4::uuid is null or t.partner = $4) and ($5::uuid is null or t.transfer = $5)",
        view.partner(),
        of.map(|id| id.uuid())
    )
}

pub(super) async fn by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<SecureUrl>, Failure> {
    all(secure_urls!("where t.id = any($1)", ids).fetch_all(&mut *view.lookup().await?).await?)
}
