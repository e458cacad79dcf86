//! Which objects nobody needs. The sweeper acts on rows only, so it never meets an object that is about to be needed.

use std::time::Duration;

use lockgate_core::id::PayloadId;
use lockgate_core::ports::Sweepable;

use crate::column::limit;
use crate::error::Failure;
use crate::store::PgStore;

/// Rows of a partial upload that ended, expired, or is complete with another object; discarded rows; and `writing` rows that no change can promote any more.
///
/// While its transfer is announced, an unfinished upload may need every row of it, a complete one only that of the
/// sealed payload. Later a row belongs to the claim under whose version it is written: once that version moved on or
/// is not claimed, no change can promote it. (A share's version may by chance equal its transfer's: then the row stays
/// a little longer.)
pub(super) async fn sweepable(store: &PgStore, room: usize, again_after: Duration) -> Result<Vec<Sweepable>, Failure> {
    let rows = sqlx::query!(
        "with loose as (
         select o.id from payload_objects o left join transfers t on t.id = o.transfer
         where o.state <> 'live' and (o.sweep_after is null or o.sweep_after <= now())
           and (o.state = 'discarded'
                or (o.transfer is null
                    and not exists (select from uploads u
                                    where u.id = o.upload and not u.ended and u.expires_at > now()
                                      and (not u.complete
                                           or u.payload ->> 'id' = 'pay_' || replace(o.id::text, '-', ''))))
                or (o.transfer is not null
                    and not (t.state = 'announced'
                         and exists (select from uploads u
                                     where u.transfer = t.id and not u.ended
                                       and (not u.complete
                                            or u.payload ->> 'id' = 'pay_' || replace(o.id::text, '-', ''))))
                    and not (t.version = o.version and t.claimed_by is not null)
                    and not exists (select from consignments c
                                    where c.transfer = o.transfer and c.version = o.version
                                      and c.claimed_by is not null)
                    and not exists (select from deliveries d
                                    where d.transfer = o.transfer and d.version = o.version and d.judges
                                      and d.claimed_by is not null)))
         order by o.created_at limit $1 for update of o skip locked)
         update payload_objects p set sweep_after = now() + make_interval(secs => $2)
         from loose where p.id = loose.id returning p.id, p.key, p.multipart",
        limit(room),
        again_after.as_secs_f64()
    )
    .fetch_all(&store.worker)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Sweepable { id: PayloadId::from_uuid(row.id), key: row.key, multipart: row.multipart })
        .collect())
}

/// Forgets a swept row, unless its object landed after it was given out; a live one is never forgotten. An upload that was
/// sealed with it holds nothing from then on.
pub(super) async fn swept(store: &PgStore, id: PayloadId) -> Result<(), Failure> {
    sqlx::query!(
        "with gone as (delete from payload_objects
                       where id = $1 and state <> 'live' and sweep_after is not null returning transfer, upload)
         update uploads u set released = true from gone
         where (u.transfer = gone.transfer or u.id = gone.upload) and u.payload ->> 'id' = $2",
        id.uuid(),
        id.to_string()
    )
    .execute(&store.worker)
    .await?;
    Ok(())
}
