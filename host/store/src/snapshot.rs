//! What people read: one consistent, read-only view per request, as one viewer.
//!
//! The transaction runs as `lockgate_api` and says who asks; from then on row-level security decides what is there.
//! No query here names the viewer as its only guard: where one does, it is to find the right index.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use lockgate_core::agreement::Agreement;
use lockgate_core::breaker::Breaker;
use lockgate_core::consignment::Consignment;
use lockgate_core::decision::Decision;
use lockgate_core::delivery::{Attempt, Delivery};
use lockgate_core::destination::Destination;
use lockgate_core::id::{
    AgreementId, ChannelId, ConsignmentId, DeliveryId, DestinationId, PartnerId, PolicyId, RedriveId, RevisionId,
    SecureUrlId, TransferId, UploadId,
};
use lockgate_core::notification::{Channel, Notification};
use lockgate_core::partner::Partner;
use lockgate_core::plugin::{PluginDigest, PluginVersion};
use lockgate_core::policy::{Policy, Revision};
use lockgate_core::ports::{
    ConsignmentFilter, DeliveryFilter, Page, PageRequest, PartnerFilter, PolicyFilter, Snapshot, StoreError,
    TransferFilter,
};
use lockgate_core::provenance::ChainedEntry;
use lockgate_core::quota::Standing;
use lockgate_core::redrive::{Group, Lane, Redrive, RedriveFilter};
use lockgate_core::secure_url::SecureUrl;
use lockgate_core::transfer::Transfer;
use lockgate_core::upload::Upload;
use lockgate_core::viewer::{Role, Viewer};
use sqlx::types::Uuid;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use self::plan::Plan;
use crate::begin::begin;
use crate::error::Failure;
use crate::store::PgStore;

#[macro_use]
mod window;

mod consigned;
mod delivered;
mod partner;
mod plan;
mod policy;
mod proof;
mod redriven;
mod secure_url;
mod sight;
mod transfer;

/// A view as one viewer, at one moment: that of its first statement.
#[derive(Debug)]
pub(crate) struct PgSnapshot {
    pool: PgPool,
    begun: Mutex<Option<Begun>>,
    role: Role,
    statements: Arc<AtomicU64>,
}

/// The transaction of a view that was read.
#[derive(Debug)]
struct Begun {
    transaction: Transaction<'static, Postgres>,
    plan: Plan,
}

impl PgSnapshot {
    /// A view that nobody has read yet.
    pub(crate) fn of(store: &PgStore, viewer: &Viewer) -> Self {
        let (pool, statements) = (store.api.clone(), Arc::clone(&store.statements));
        Self { pool, begun: Mutex::default(), role: viewer.role, statements }
    }

    /// The connection, for one statement that looks up by keys.
    async fn lookup(&self) -> Result<MappedMutexGuard<'_, PgConnection>, Failure> {
        self.statement(Plan::Once).await
    }

    /// The connection, for one statement with filters.
    async fn search(&self) -> Result<MappedMutexGuard<'_, PgConnection>, Failure> {
        self.statement(Plan::Anew).await
    }

    async fn statement(&self, plan: Plan) -> Result<MappedMutexGuard<'_, PgConnection>, Failure> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let mut guard = self.begun.lock().await;
        match &mut *guard {
            None => *guard = Some(Begun { transaction: self.begin(plan).await?, plan }),
            Some(begun) if begun.plan != plan => {
                self.statements.fetch_add(1, Ordering::Relaxed);
                sqlx::raw_sql(plan.turn()).execute(&mut *begun.transaction).await?;
                begun.plan = plan;
            }
            Some(_) => {}
        }
        let connection = MutexGuard::try_map(guard, |begun| begun.as_mut().map(|it| &mut *it.transaction));
        connection.map_err(|_| Failure::broken("a view has ended before it began"))
    }

    /// One way to the database for all that a view begins with. No text is anybody's: they are words of ours, and a UUID's
    /// digits.
    async fn begin(&self, plan: Plan) -> Result<Transaction<'static, Postgres>, Failure> {
        let partner = self.partner().map_or_else(String::new, |id| id.to_string());
        let (role, mode) = (self.role.name(), plan.mode());
        let beginning = format!(
            "begin isolation level repeatable read read only;
             select set_config('lockgate.role', '{role}', true), set_config('lockgate.partner', '{partner}', true),
                    set_config('plan_cache_mode', '{mode}', true)"
        );
        begin(self.pool.clone(), beginning).await
    }

    /// The viewer's partner, to find the right index; null for operators.
    fn partner(&self) -> Option<Uuid> {
        self.role.partner().map(PartnerId::uuid)
    }
}

/// Ids as their column has them.
macro_rules! uuids {
    ($ids:expr) => {
        &$ids.iter().map(|id| id.uuid()).collect::<Vec<_>>()
    };
}
#[async_trait]
impl Snapshot for PgSnapshot {
    async fn partners(&self, filter: &PartnerFilter, page: &PageRequest) -> Result<Page<Partner>, StoreError> {
        Ok(partner::page(self, filter, page).await?)
    }

    async fn partners_by_id(&self, ids: &[PartnerId]) -> Result<Vec<Partner>, StoreError> {
        Ok(partner::by_id(self, uuids!(ids)).await?)
    }

    async fn partner_by_slug(&self, slug: &str) -> Result<Option<Partner>, StoreError> {
        Ok(partner::by_slug(self, slug).await?)
    }

    async fn agreements_by_id(&self, ids: &[AgreementId]) -> Result<Vec<Agreement>, StoreError> {
        Ok(partner::agreements_by_id(self, uuids!(ids)).await?)
    }

    async fn agreements(&self, of: Option<PartnerId>, page: &PageRequest) -> Result<Page<Agreement>, StoreError> {
        Ok(partner::agreements(self, of.map(PartnerId::uuid), page).await?)
    }

    async fn destinations_of(&self, partners: &[PartnerId]) -> Result<Vec<Destination>, StoreError> {
        Ok(partner::destinations_of(self, uuids!(partners)).await?)
    }

    async fn destinations_by_id(&self, ids: &[DestinationId]) -> Result<Vec<Destination>, StoreError> {
        Ok(partner::destinations_by_id(self, uuids!(ids)).await?)
    }

    async fn standings_of(&self, partners: &[PartnerId]) -> Result<Vec<Standing>, StoreError> {
        Ok(crate::usage::standings(&mut *self.lookup().await?, uuids!(partners)).await?)
    }

    async fn channels_of(&self, partners: &[PartnerId]) -> Result<Vec<Channel>, StoreError> {
        Ok(partner::channels_of(self, uuids!(partners)).await?)
    }

    async fn channels_by_id(&self, ids: &[ChannelId]) -> Result<Vec<Channel>, StoreError> {
        Ok(partner::channels_by_id(self, uuids!(ids)).await?)
    }

    async fn plugins(&self, page: &PageRequest) -> Result<Page<PluginVersion>, StoreError> {
        Ok(policy::plugins(self, page).await?)
    }

    async fn plugins_by_digest(&self, digests: &[PluginDigest]) -> Result<Vec<PluginVersion>, StoreError> {
        Ok(policy::plugins_by_digest(self, digests).await?)
    }

    async fn policies(&self, filter: &PolicyFilter, page: &PageRequest) -> Result<Page<Policy>, StoreError> {
        Ok(policy::page(self, filter, page).await?)
    }

    async fn policies_by_id(&self, ids: &[PolicyId]) -> Result<Vec<Policy>, StoreError> {
        Ok(policy::by_id(self, uuids!(ids)).await?)
    }

    async fn revisions_of(
        &self,
        policies: &[PolicyId],
        page: &PageRequest,
    ) -> Result<Vec<(PolicyId, Page<Revision>)>, StoreError> {
        Ok(policy::revisions_of(self, policies, page).await?)
    }

    async fn revisions_by_id(&self, ids: &[RevisionId]) -> Result<Vec<Revision>, StoreError> {
        Ok(policy::revisions_by_id(self, uuids!(ids)).await?)
    }

    async fn transfers(&self, filter: &TransferFilter, page: &PageRequest) -> Result<Page<Transfer>, StoreError> {
        Ok(transfer::page(self, filter, page).await?)
    }

    async fn transfers_by_id(&self, ids: &[TransferId]) -> Result<Vec<Transfer>, StoreError> {
        Ok(transfer::by_id(self, uuids!(ids)).await?)
    }

    async fn dead_letters_of(&self, transfers: &[TransferId]) -> Result<Vec<(TransferId, u64)>, StoreError> {
        Ok(transfer::dead_letters_of(self, uuids!(transfers)).await?)
    }

    async fn uploads_of(&self, transfers: &[TransferId]) -> Result<Vec<(TransferId, Upload)>, StoreError> {
        Ok(transfer::uploads_of(self, uuids!(transfers)).await?)
    }

    async fn upload(&self, id: UploadId) -> Result<Option<Upload>, StoreError> {
        Ok(transfer::upload(self, id.uuid()).await?)
    }

    async fn consignments_of(&self, transfers: &[TransferId]) -> Result<Vec<Consignment>, StoreError> {
        Ok(consigned::of_transfers(self, uuids!(transfers)).await?)
    }

    async fn consignments_by_id(&self, ids: &[ConsignmentId]) -> Result<Vec<Consignment>, StoreError> {
        Ok(consigned::by_id(self, uuids!(ids)).await?)
    }

    async fn consignments(
        &self,
        filter: &ConsignmentFilter,
        page: &PageRequest,
    ) -> Result<Page<Consignment>, StoreError> {
        Ok(consigned::page(self, filter, page).await?)
    }

    async fn decisions_of(&self, transfers: &[TransferId]) -> Result<Vec<Decision>, StoreError> {
        Ok(proof::decisions_of(self, uuids!(transfers)).await?)
    }

    async fn deliveries_of(&self, consignments: &[ConsignmentId]) -> Result<Vec<Delivery>, StoreError> {
        Ok(delivered::of_consignments(self, uuids!(consignments)).await?)
    }

    async fn deliveries_by_id(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>, StoreError> {
        Ok(delivered::by_id(self, uuids!(ids)).await?)
    }

    async fn deliveries(&self, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<Delivery>, StoreError> {
        Ok(delivered::page(self, filter, page).await?)
    }

    async fn dead_letter_groups(&self, filter: &RedriveFilter) -> Result<Vec<Group>, StoreError> {
        Ok(redriven::dead_groups(self, filter).await?)
    }

    async fn replay_groups(&self, filter: &RedriveFilter) -> Result<Vec<Group>, StoreError> {
        Ok(redriven::replay_groups(self, filter).await?)
    }

    async fn dead_letters(&self, filter: &RedriveFilter, page: &PageRequest) -> Result<Page<Delivery>, StoreError> {
        Ok(redriven::dead_letters(self, filter, page).await?)
    }

    async fn redrives(&self, page: &PageRequest) -> Result<Page<Redrive>, StoreError> {
        Ok(redriven::page(self, page).await?)
    }

    async fn redrives_by_id(&self, ids: &[RedriveId]) -> Result<Vec<Redrive>, StoreError> {
        Ok(redriven::by_id(self, uuids!(ids)).await?)
    }

    async fn lanes_of(&self, redrives: &[RedriveId]) -> Result<Vec<Lane>, StoreError> {
        Ok(redriven::lanes_of(self, uuids!(redrives)).await?)
    }

    async fn secure_urls(&self, of: Option<TransferId>, page: &PageRequest) -> Result<Page<SecureUrl>, StoreError> {
        Ok(secure_url::page(self, of, page).await?)
    }

    async fn secure_urls_by_id(&self, ids: &[SecureUrlId]) -> Result<Vec<SecureUrl>, StoreError> {
        Ok(secure_url::by_id(self, uuids!(ids)).await?)
    }

    async fn breakers_of(&self, destinations: &[DestinationId]) -> Result<Vec<(DestinationId, Breaker)>, StoreError> {
        Ok(redriven::breakers_of(self, uuids!(destinations)).await?)
    }

    async fn attempts_of(&self, deliveries: &[DeliveryId]) -> Result<Vec<(DeliveryId, Attempt)>, StoreError> {
        Ok(delivered::attempts_of(self, uuids!(deliveries)).await?)
    }

    async fn notifications_of(&self, transfers: &[TransferId]) -> Result<Vec<Notification>, StoreError> {
        Ok(delivered::notifications_of(self, uuids!(transfers)).await?)
    }

    async fn provenance_of(
        &self,
        transfers: &[TransferId],
        page: &PageRequest,
    ) -> Result<Vec<(TransferId, Page<ChainedEntry>)>, StoreError> {
        Ok(proof::provenance_of(self, transfers, page).await?)
    }

    async fn close(self: Box<Self>) {
        let Some(begun) = self.begun.into_inner() else { return };
        // Nothing was written: an answer that does not come changes nothing, and dropping rolls back as well.
        if let Err(error) = begun.transaction.rollback().await {
            tracing::debug!(%error, "A view could not be closed in order.");
        }
    }
}
