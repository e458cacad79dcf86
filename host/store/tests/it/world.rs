//! A world to test in: a fresh database, a living host, partners, and short ways to bring a transfer to any state.

use std::time::Duration;

use lockgate_core::claim::{Aggregate, Claim, Room};
use lockgate_core::command::{Command, Ring, RungCommand, Work};
use lockgate_core::id::{HostId, PartnerId};
use lockgate_core::partner::{DuplicateRule, Partner, PartnerStatus};
use lockgate_core::ports::{Registry, Snapshot, TransferStore};
use lockgate_core::state::Stamp;
use lockgate_core::time::Timestamp;
use lockgate_core::viewer::{Role, Viewer};
use lockgate_store::{PgStore, SecretsKey, StoreConfig, copy_of_template};
use lockgate_testkit::services::services;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

mod intake;
mod line;
mod policy;
mod telling;

pub(crate) use intake::partial;
pub(crate) use line::{endpoint, payload};
pub(crate) use policy::binding;
pub(crate) use telling::message_to;

/// A database of its own with a living host.
pub(crate) struct World {
    /// The store under test.
    pub(crate) store: PgStore,
    /// Superuser URL of its database.
    pub(crate) url: String,
    /// A living host.
    pub(crate) host: HostId,
}

/// The present moment, as the database keeps it.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now_utc();
    now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).expect("fewer nanoseconds are still fewer")
}

/// The key of every test's secrets.
pub(crate) fn key() -> SecretsKey {
    SecretsKey::new(vec![7; 32]).expect("32 bytes")
}

impl World {
    /// A new one.
    pub(crate) async fn new() -> Self {
        let url = copy_of_template(&services().await.postgres_url).await.expect("a copy of the template");
        let store = PgStore::connect(&StoreConfig { worker_connections: 8, ..StoreConfig::new(url.clone(), key()) })
            .await
            .expect("a store");
        let host = HostId::generate(now());
        store.heartbeat(host, Duration::from_secs(3600)).await.expect("a heartbeat");
        Self { store, url, host }
    }

    /// Another host, alive for that long.
    pub(crate) async fn host(&self, alive_for: Duration) -> HostId {
        let host = HostId::generate(now());
        self.store.heartbeat(host, alive_for).await.expect("a heartbeat");
        host
    }

    /// A partner of that slug.
    pub(crate) async fn partner(&self, slug: &str) -> PartnerId {
        let partner = Partner {
            id: PartnerId::generate(now()),
            slug: slug.to_owned(),
            name: slug.to_uppercase(),
            status: PartnerStatus::Active,
            duplicates: DuplicateRule::Note,
            created_at: now(),
        };
        self.store.add_partner(&partner).await.expect("a partner");
        partner.id
    }

    /// The stamp of a move that the world's host makes without a claim.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp::of_host(self.host, now())
    }

    /// A raw superuser connection, for what only a test may do.
    pub(crate) async fn raw(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("a connection")
    }

    /// Runs a statement as superuser.
    pub(crate) async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.raw().await).await.expect(sql);
    }

    /// A single number, as superuser.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.raw().await).await.expect(sql)
    }

    /// What stands in the store now.
    pub(crate) async fn load(&self, work: Work) -> Aggregate {
        self.store.load(work).await.expect("an answer").expect("an aggregate")
    }

    /// The command that rings for an aggregate as it stands now.
    pub(crate) async fn rung(&self, work: Work) -> RungCommand {
        let aggregate = self.load(work).await;
        let (version, partner) = (aggregate.version(), aggregate.partner());
        let command = Command { work, version, partner, trace: aggregate.trace().clone() };
        RungCommand { command, ring: Ring { topic: "test.commands".into(), partition: 3, offset: 42 } }
    }

    /// Claims one thing as it stands now.
    pub(crate) async fn claim(&self, work: Work) -> Claim {
        let claims = self.store.claim(self.host, &[self.rung(work).await]).await.expect("an answer");
        claims.into_iter().next().expect("a claim")
    }

    /// Adopts up to so many for a host that has room for all of them.
    pub(crate) async fn adopt(&self, host: HostId, most: usize, overdue: Duration) -> Vec<Claim> {
        self.store.adopt(host, most, Room::of_each(most), overdue).await.expect("an answer")
    }

    /// A view as that role.
    pub(crate) async fn view(&self, role: Role) -> Box<dyn Snapshot> {
        self.store.snapshot(&Viewer { subject: "test".into(), role }).await.expect("a view")
    }
}
