//! Records which revisions judge a claimed transfer or consignment, once.

use lockgate_core::claim::{Aggregate, Claim};
use lockgate_core::command::Work;
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
    let mut transaction = store.worker.begin().await?;
    let revisions = if let Aggregate::Delivery(delivery) = &claim.aggregate {
        active(&mut transaction, delivery.receiver.uuid(), side).await?
    } else if let Some(pins) = kept(&mut transaction, claim).await? {
        let ids: Vec<_> = pins.iter().map(|pin| pin.revision.uuid()).collect();
        by_id(&mut transaction, &ids).await?
    } else {
        let revisions = active(&mut transaction, claim.aggregate.partner().uuid(), side).await?;
        let pins: Vec<_> =
            revisions.iter().map(|it| RevisionPin { owner: it.owner, revision: it.id, number: it.number }).collect();
        keep(&mut transaction, claim.aggregate.work(), &pins).await?;
        revisions
    };
    transaction.commit().await?;
    Ok(revisions)
}

/// The pins of an earlier claim, if there was one. Locks the row; a version that moved on is stale.
async fn kept(connection: &mut PgConnection, claim: &Claim) -> Result<Option<Vec<RevisionPin>>, Failure> {
    let (id, version) = (claim.aggregate.work().uuid(), claim.aggregate.version());
    let (pinned, Json(pins)) = match &claim.aggregate {
        Aggregate::Transfer(_) => {
            let row = sqlx::query!(
                r#"select pinned, pins as "pins: Json<Vec<RevisionPin>>" from transfers
                   where id = $1 and version = $2 for update"#,
                id,
                version
            )
            .fetch_optional(connection)
            .await?
            .ok_or(Failure::Stale)?;
            (row.pinned, row.pins)
        }
        Aggregate::Consignment(_) => {
            let row = sqlx::query!(
                r#"select pinned, pins as "pins: Json<Vec<RevisionPin>>" from consignments
                   where id = $1 and version = $2 for update"#,
                id,
                version
            )
            .fetch_optional(connection)
            .await?
            .ok_or(Failure::Stale)?;
            (row.pinned, row.pins)
        }
        Aggregate::Delivery(_) | Aggregate::Notification(_) => {
            return Err(Failure::broken(format!("{} is not judged", claim.aggregate.work())));
        }
    };
    Ok(pinned.then_some(pins))
}

async fn keep(connection: &mut PgConnection, work: Work, pins: &[RevisionPin]) -> Result<(), Failure> {
    let pins = document(&pins)?;
    match work {
        Work::Transfer(id) => {
            sqlx::query!("update transfers set pins = $2, pinned = true where id = $1", id.uuid(), pins)
                .execute(connection)
                .await?
        }
        other => {
            sqlx::query!("update consignments set pins = $2, pinned = true where id = $1", other.uuid(), pins)
                .execute(connection)
                .await?
        }
    };
    Ok(())
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
