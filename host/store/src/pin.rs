//! Records which revisions judge a claimed transfer or consignment, once.

use lockgate_core::claim::{Aggregate, Claim};
use lockgate_core::policy::{Revision, RevisionPin, Side};
use lockgate_core::ports::CommitError;
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};

use crate::column::{document, word};
use crate::error::{Failure, commit_error};
use crate::row;
use crate::store::PgStore;

/// The revisions that judge: those kept from an earlier claim, otherwise those active now, which are kept.
pub(crate) async fn pin(store: &PgStore, claim: &Claim, side: Side) -> Result<Vec<Revision>, CommitError> {
    let work = claim.aggregate.work();
    retried!(run(store, claim, side)).map_err(|failure| commit_error(work, failure))
}

async fn run(store: &PgStore, claim: &Claim, side: Side) -> Result<Vec<Revision>, Failure> {
    let mut connection = store.worker.acquire().await?;
    if let Aggregate::Delivery(delivery) = &claim.aggregate {
        return active(&mut connection, delivery.receiver.uuid(), side).await;
    }
    let revisions = active(&mut connection, claim.aggregate.partner().uuid(), side).await?;
    let now: Vec<_> = revisions.iter().map(pin_of).collect();
    let kept = keep(&mut connection, claim, &now).await?;
    if kept == now {
        return Ok(revisions);
    }
    let ids: Vec<_> = kept.iter().map(|pin| pin.revision.uuid()).collect();
    by_id(&mut connection, &ids).await
}

fn pin_of(it: &Revision) -> RevisionPin {
    RevisionPin { owner: it.owner, revision: it.id, number: it.number }
}

/// Keeps these pins, unless an earlier claim kept others, and gives those that hold; a version that moved on is stale.
async fn keep(connection: &mut PgConnection, claim: &Claim, pins: &[RevisionPin]) -> Result<Vec<RevisionPin>, Failure> {
    let (id, version) = (claim.aggregate.work().uuid(), claim.aggregate.version());
    let pins = document(&pins)?;
    let kept = match &claim.aggregate {
        Aggregate::Transfer(_) => {
            sqlx::query_scalar!(
                r#"update transfers set pins = case when pinned then pins else $3 end, pinned = true
                   where id = $1 and version = $2 returning pins as "pins: Json<Vec<RevisionPin>>""#,
                id,
                version,
                pins
            )
            .fetch_optional(connection)
            .await?
        }
        Aggregate::Consignment(_) => {
            sqlx::query_scalar!(
                r#"update consignments set pins = case when pinned then pins else $3 end, pinned = true
                   where id = $1 and version = $2 returning pins as "pins: Json<Vec<RevisionPin>>""#,
                id,
                version,
                pins
            )
            .fetch_optional(connection)
            .await?
        }
        Aggregate::Delivery(_) | Aggregate::Notification(_) => {
            return Err(Failure::broken(format!("{} is not judged", claim.aggregate.work())));
        }
    };
    kept.map(|Json(pins)| pins).ok_or(Failure::Stale)
}

/// The house's first.
async fn active(connection: &mut PgConnection, partner: Uuid, side: Side) -> Result<Vec<Revision>, Failure> {
    let rows = revisions!(
        "select",
        "from policy_revisions t
         where t.rollout = 'active' and t.side = $2 and (t.owner is null or t.owner = $1)
         order by t.owner nulls first",
        partner,
        word(&side)?
    )
    .fetch_all(connection)
    .await?;
    row::all(rows)
}

async fn by_id(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Revision>, Failure> {
    let rows =
        revisions!("select", "from policy_revisions t where t.id = any($1) order by array_position($1, t.id)", ids)
            .fetch_all(connection)
            .await?;
    row::all(rows)
}
