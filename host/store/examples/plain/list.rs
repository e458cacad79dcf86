//! The list: the statements of one GraphQL list in a plain handler with serde.

use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use lockgate_core::id::{PartnerId, TransferId};
use lockgate_core::time::{Timestamp, rfc3339};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::types::{Json as Document, Uuid};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::{Outcome, serve};

/// The pool, and the statements of the list.
struct App {
    pool: PgPool,
    transfers: String,
    partners: String,
    decisions: String,
    consignments: String,
    deliveries: String,
}

pub(super) async fn list(url: &str, connections: u32, folder: &Path) -> Outcome<()> {
    let statements = statements(folder)?;
    let find = |parts: &[&str]| {
        let found = statements.iter().find(|(plain, _)| parts.iter().all(|part| plain.contains(part)));
        found.map(|(_, text)| text.clone()).ok_or_else(|| format!("no statement with {parts:?}"))
    };
    let app = App {
        pool: pool(url, connections)?,
        transfers: find(&["where t.id in (select s.id from transfers s where s.id < $1", "order by t.id desc limit"])?,
        partners: find(&["from partners t where t.id = any($1)"])?,
        decisions: find(&["from decisions t where t.transfer = any($1)"])?,
        consignments: find(&["from consignments t where t.transfer = any($1)"])?,
        deliveries: find(&["from deliveries t where t.consignment = any($1)"])?,
    };
    serve(Router::new().route("/list", get(page)).with_state(Arc::new(app))).await
}

/// As many connections as the gate's for what people read.
fn pool(url: &str, connections: u32) -> Outcome<PgPool> {
    let options = PgConnectOptions::from_str(url)?.options([
        ("plan_cache_mode", "force_custom_plan"),
        ("role", "lockgate_api"),
        ("TimeZone", "UTC"),
    ]);
    let pool = PgPoolOptions::new().max_connections(connections).test_before_acquire(false);
    let pool = pool.before_acquire(|connection, meta| {
        Box::pin(async move {
            if meta.idle_for >= Duration::from_secs(1) {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    Ok(pool.connect_lazy_with(options))
}

/// The gate's statements, each with single blanks to be found by, and as it is.
fn statements(folder: &Path) -> Outcome<Vec<(String, String)>> {
    #[derive(Deserialize)]
    struct Checked {
        query: String,
    }
    let mut found = vec![];
    for entry in std::fs::read_dir(folder)? {
        let checked: Checked = serde_json::from_slice(&std::fs::read(entry?.path())?)?;
        found.push((checked.query.split_whitespace().collect::<Vec<_>>().join(" "), checked.query));
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Wanted {
    first: i64,
}

#[derive(Serialize)]
struct Answer {
    data: Data,
}

#[derive(Serialize)]
struct Data {
    transfers: Transfers,
}

#[derive(Serialize)]
struct Transfers {
    nodes: Vec<Transfer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transfer {
    id: String,
    state: String,
    reason: Option<String>,
    file_name: String,
    media_type: String,
    created_at: String,
    updated_at: String,
    source: Option<Payload>,
    facts: Vec<Fact>,
    sender: Option<Partner>,
    decisions: Vec<Decision>,
    consignments: Vec<Consignment>,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    size: u64,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct Fact {
    name: String,
    value: String,
}

#[derive(Clone, Serialize)]
struct Partner {
    id: String,
    slug: String,
    name: String,
}

#[derive(Deserialize)]
struct Findings {
    items: Vec<IgnoredAny>,
    dropped: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    side: String,
    verdict: String,
    findings_total: u64,
    decided_at: String,
}

#[derive(Serialize)]
struct Consignment {
    state: String,
    deliveries: Vec<Delivery>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    state: String,
    attempt_count: i32,
    last_error: Option<String>,
}

async fn page(State(app): State<Arc<App>>, Query(wanted): Query<Wanted>) -> Result<Json<Answer>, (StatusCode, String)> {
    let failed = |error: sqlx::Error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    let nodes = app.read(wanted.first).await.map_err(failed)?;
    Ok(Json(Answer { data: Data { transfers: Transfers { nodes } } }))
}

impl App {
    async fn read(&self, first: i64) -> Result<Vec<Transfer>, sqlx::Error> {
        let mut view = self.pool.begin_with(BEGIN).await?;
        let rows = sqlx::query(AssertSqlSafe(self.transfers.as_str()))
            .bind(Uuid::max())
            .bind(Uuid::nil())
            .bind(first + 1)
            .bind(Vec::<String>::new())
            .bind(None::<Uuid>)
            .bind(None::<Uuid>)
            .bind(None::<String>)
            .bind(None::<Timestamp>)
            .bind(None::<Timestamp>)
            .bind(false)
            .fetch_all(&mut *view)
            .await?;
        sqlx::raw_sql("set local plan_cache_mode = force_generic_plan").execute(&mut *view).await?;
        let rows = &rows[..rows.len().min(usize::try_from(first).unwrap_or(0))];
        let ids: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect();
        let mut senders: Vec<Uuid> = rows.iter().map(|row| row.get("sender")).collect();
        senders.sort_unstable();
        senders.dedup();
        let found = sqlx::query(AssertSqlSafe(self.partners.as_str())).bind(&senders).fetch_all(&mut *view).await?;
        let partners: HashMap<Uuid, Partner> = found
            .iter()
            .map(|row| {
                let id: Uuid = row.get("id");
                let text = PartnerId::from_uuid(id).to_string();
                (id, Partner { id: text, slug: row.get("slug"), name: row.get("name") })
            })
            .collect();
        let mut decisions: HashMap<Uuid, Vec<Decision>> = HashMap::new();
        let found = sqlx::query(AssertSqlSafe(self.decisions.as_str())).bind(&ids).fetch_all(&mut *view).await?;
        for row in found.iter().rev().filter(|row| row.get::<Option<Uuid>, _>("consignment").is_none()) {
            let Document(findings): Document<Findings> = row.get("findings: crate::doc::Findings");
            decisions.entry(row.get("transfer")).or_default().push(Decision {
                side: shown(row.get("side")),
                verdict: shown(row.get("verdict")),
                findings_total: findings.items.len() as u64 + findings.dropped,
                decided_at: rfc3339(row.get("decided_at")),
            });
        }
        let shares = sqlx::query(AssertSqlSafe(self.consignments.as_str())).bind(&ids).fetch_all(&mut *view).await?;
        let share_ids: Vec<Uuid> = shares.iter().map(|row| row.get("id")).collect();
        let mut deliveries: HashMap<Uuid, Vec<Delivery>> = HashMap::new();
        let found = sqlx::query(AssertSqlSafe(self.deliveries.as_str())).bind(&share_ids).fetch_all(&mut *view).await?;
        for row in &found {
            deliveries.entry(row.get("consignment")).or_default().push(Delivery {
                state: shown(row.get("state")),
                attempt_count: row.get("attempts"),
                last_error: row.get("last_error"),
            });
        }
        view.rollback().await?;
        let mut consignments: HashMap<Uuid, Vec<Consignment>> = HashMap::new();
        for row in &shares {
            let deliveries = deliveries.remove(&row.get("id")).unwrap_or_default();
            let share = Consignment { state: shown(row.get("state")), deliveries };
            consignments.entry(row.get("transfer")).or_default().push(share);
        }
        let transfer = |row: &sqlx::postgres::PgRow| {
            let id: Uuid = row.get("id");
            let source: Option<Document<Payload>> = row.get("source: crate::doc::Payload");
            let Document(facts): Document<Vec<Fact>> = row.get("facts: crate::doc::Facts");
            Transfer {
                id: TransferId::from_uuid(id).to_string(),
                state: shown(row.get("state")),
                reason: row.get("reason"),
                file_name: row.get("file_name"),
                media_type: row.get("media_type"),
                created_at: rfc3339(row.get("created_at")),
                updated_at: rfc3339(row.get("updated_at")),
                source: source.map(|it| it.0),
                facts,
                sender: partners.get(&row.get("sender")).cloned(),
                decisions: decisions.remove(&id).unwrap_or_default(),
                consignments: consignments.remove(&id).unwrap_or_default(),
            }
        };
        Ok(rows.iter().map(transfer).collect())
    }
}

/// An operator's view.
const BEGIN: &str = "begin isolation level repeatable read read only;
    select set_config('lockgate.role', 'operator', true), set_config('lockgate.partner', '', true)";

/// A word as GraphQL has it.
fn shown(word: &str) -> String {
    word.to_ascii_uppercase().replace('-', "_")
}
