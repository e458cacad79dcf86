//! Hosts' claims on lanes, fenced by the lane's version; those of dead hosts are taken over.

use lockgate_core::breaker::BreakerState;
use lockgate_core::id::{DestinationId, HostId};
use lockgate_core::ports::{ClaimedLane, Left};
use lockgate_core::redrive::Lane;

use crate::column::{from_word, unsigned};
use crate::commit;
use crate::error::Failure;
use crate::load;
use crate::row::LaneRow;
use crate::store::PgStore;

/// The lane that is due longest. A host works on one at a time, so what it still holds was forgotten.
pub(super) async fn claim(store: &PgStore, host: HostId) -> Result<Option<ClaimedLane>, Failure> {
    let row = sqlx::query_as!(
        LaneRow,
        "with ready as (
            select l.redrive, l.destination from redrive_lanes l join redrives r on r.id = l.redrive
            where not l.done and r.state = 'running' and l.due_at <= now()
              and (l.claimed_by is null or l.claimed_by = $1
                   or not exists (select from hosts h where h.id = l.claimed_by and h.alive_until >= now()))
            order by l.due_at limit 1 for update of l skip locked)
         update redrive_lanes l set version = l.version + 1, claimed_by = $1, claimed_at = now()
         from ready where l.redrive = ready.redrive and l.destination = ready.destination
         returning l.redrive, l.destination, l.receiver, l.version, l.cursor_position, l.cursor_delivery, l.total,
                   l.moved, l.skipped, l.done",
        host.uuid()
    )
    .fetch_optional(&store.worker)
    .await?;
    let Some(lane) = row.map(Lane::try_from).transpose()? else { return Ok(None) };
    let gone = |what: &str| Failure::broken(format!("a lane of {} has no {what}", lane.redrive));
    let redrive = super::find(store, lane.redrive).await?.ok_or_else(|| gone("redrive"))?;
    let destination = load::destination(store, lane.destination).await?.ok_or_else(|| gone("destination"))?;
    let under_way = sqlx::query_scalar!(
        r#"select count(*) as "count!" from deliveries
           where redrive = $1 and destination = $2 and state = 'scheduled' and redrive is not null"#,
        lane.redrive.uuid(),
        lane.destination.uuid()
    )
    .fetch_one(&store.worker)
    .await?;
    let tripped = tripped(store, lane.destination).await?;
    Ok(Some(ClaimedLane { lane, redrive, destination, under_way: unsigned(under_way)?, tripped }))
}

async fn tripped(store: &PgStore, of: DestinationId) -> Result<bool, Failure> {
    let state = sqlx::query_scalar!("select state from breakers where destination = $1", of.uuid())
        .fetch_optional(&store.worker)
        .await?;
    let state: Option<BreakerState> = state.map(|it| from_word("breaker state", &it)).transpose()?;
    Ok(state.is_some_and(|it| it != BreakerState::Closed))
}

/// Gives a lane back. The redrive is finished with its last lane, also while it is paused. Who waited in an ordered
/// destination's line until the redrive had passed is rung for.
pub(super) async fn leave(store: &PgStore, claimed: &ClaimedLane, left: Left) -> Result<(), Failure> {
    let lane = &claimed.lane;
    let (redrive, destination) = (lane.redrive.uuid(), lane.destination.uuid());
    let mut transaction = store.begin().await?;
    sqlx::query!("select id from redrives where id = $1 for update", redrive).fetch_optional(&mut *transaction).await?;
    let (after, done) = match left {
        Left::For(after) => (after.as_secs_f64(), false),
        Left::Done => (0.0, true),
    };
    let given = sqlx::query!(
        "update redrive_lanes set claimed_by = null, claimed_at = null, done = $4, due_at = now() + make_interval(secs => $5)
         where redrive = $1 and destination = $2 and version = $3",
        redrive,
        destination,
        lane.version,
        done,
        after
    )
    .execute(&mut *transaction)
    .await?;
    if done && given.rows_affected() == 1 {
        sqlx::query!(
            "update redrives r set state = 'finished', version = version + 1, updated_at = now()
             where id = $1 and state in ('running', 'paused')
               and not exists (select from redrive_lanes l where l.redrive = r.id and not l.done)",
            redrive
        )
        .execute(&mut *transaction)
        .await?;
        let next = commit::first_in_line(&mut transaction, lane.destination).await?;
        commit::ring(&mut transaction, next.as_slice(), &[]).await?;
    }
    transaction.commit().await?;
    if done {
        store.wake.notify_one();
    }
    Ok(())
}
