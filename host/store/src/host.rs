//! Hosts: who is alive, and claims given back.

use std::time::Duration;

use lockgate_core::claim::Claim;
use lockgate_core::command::Work;
use lockgate_core::id::HostId;
use lockgate_core::ports::Blame;
use lockgate_core::transfer::Version;

use crate::error::Failure;
use crate::store::PgStore;

/// Says that the host is alive for the given time from now. Hosts that are dead for a day are forgotten; whatever they
/// still hold is a dead host's all the same.
pub(crate) async fn heartbeat(store: &PgStore, host: HostId, alive_for: Duration) -> Result<(), Failure> {
    sqlx::query!(
        "insert into hosts (id, alive_until) values ($1, now() + make_interval(secs => $2))
         on conflict (id) do update set alive_until = excluded.alive_until",
        host.uuid(),
        alive_for.as_secs_f64()
    )
    .execute(&store.worker)
    .await?;
    sqlx::query!("delete from hosts where alive_until < now() - interval '1 day' and id <> $1", host.uuid())
        .execute(&store.worker)
        .await?;
    Ok(())
}

/// Gives a claim back. The version moves on, so that whatever still runs under the claim cannot commit. A claim that
/// is not held any more is not an error: somebody else has the work.
pub(crate) async fn relinquish(store: &PgStore, claim: &Claim, after: Duration, blame: Blame) -> Result<(), Failure> {
    let (id, version, host) = (claim.aggregate.work().uuid(), claim.aggregate.version(), claim.host.uuid());
    let (seconds, adoptions) = (after.as_secs_f64(), i32::from(blame == Blame::Work));
    // Later than `updated_at`, so that it is polled when due although nobody rings.
    match claim.aggregate.work() {
        Work::Transfer(_) => sqlx::query!(
            "update transfers set version = version + 1, claimed_by = null, claimed_at = null, adoptions = adoptions + $5,
                 due_at = greatest(now() + make_interval(secs => $4), updated_at + interval '1 microsecond')
             where id = $1 and version = $2 and claimed_by = $3",
            id,
            version,
            host,
            seconds,
            adoptions
        ),
        Work::Consignment(_) => sqlx::query!(
            "update consignments set version = version + 1, claimed_by = null, claimed_at = null, adoptions = adoptions + $5,
                 due_at = greatest(now() + make_interval(secs => $4), updated_at + interval '1 microsecond')
             where id = $1 and version = $2 and claimed_by = $3",
            id,
            version,
            host,
            seconds,
            adoptions
        ),
        Work::Delivery(_) => sqlx::query!(
            "update deliveries set version = version + 1, claimed_by = null, claimed_at = null, adoptions = adoptions + $5, attempting = false,
                 due_at = greatest(now() + make_interval(secs => $4), updated_at + interval '1 microsecond')
             where id = $1 and version = $2 and claimed_by = $3",
            id,
            version,
            host,
            seconds,
            adoptions
        ),
        Work::Notification(_) => sqlx::query!(
            "update notifications set version = version + 1, claimed_by = null, claimed_at = null, adoptions = adoptions + $5,
                 due_at = greatest(now() + make_interval(secs => $4), updated_at + interval '1 microsecond')
             where id = $1 and version = $2 and claimed_by = $3",
            id,
            version,
            host,
            seconds,
            adoptions
        ),
    }
    .execute(&store.worker)
    .await?;
    Ok(())
}

/// Gives back what the host holds for longer than `settled` without knowing of it.
pub(crate) async fn disown(
    store: &PgStore,
    host: HostId,
    known: &[(Work, Version)],
    settled: Duration,
) -> Result<usize, Failure> {
    let (host, seconds) = (host.uuid(), settled.as_secs_f64());
    let (ids, versions): (Vec<_>, Vec<_>) = known.iter().map(|(work, version)| (work.uuid(), *version)).unzip();
    let mut count = 0;
    count += sqlx::query!(
        "update transfers t set version = version + 1, claimed_by = null, claimed_at = null,
             due_at = greatest(now(), updated_at + interval '1 microsecond')
         where claimed_by = $1 and claimed_at < now() - make_interval(secs => $2)
           and not exists (select from unnest($3::uuid[], $4::bigint[]) k(id, version)
                           where k.id = t.id and k.version = t.version)",
        host,
        seconds,
        &ids,
        &versions
    )
    .execute(&store.worker)
    .await?
    .rows_affected();
    count += sqlx::query!(
        "update consignments t set version = version + 1, claimed_by = null, claimed_at = null,
             due_at = greatest(now(), updated_at + interval '1 microsecond')
         where claimed_by = $1 and claimed_at < now() - make_interval(secs => $2)
           and not exists (select from unnest($3::uuid[], $4::bigint[]) k(id, version)
                           where k.id = t.id and k.version = t.version)",
        host,
        seconds,
        &ids,
        &versions
    )
    .execute(&store.worker)
    .await?
    .rows_affected();
    count += sqlx::query!(
        "update deliveries t set version = version + 1, claimed_by = null, claimed_at = null, attempting = false,
             due_at = greatest(now(), updated_at + interval '1 microsecond')
         where claimed_by = $1 and claimed_at < now() - make_interval(secs => $2)
           and not exists (select from unnest($3::uuid[], $4::bigint[]) k(id, version)
                           where k.id = t.id and k.version = t.version)",
        host,
        seconds,
        &ids,
        &versions
    )
    .execute(&store.worker)
    .await?
    .rows_affected();
    count += sqlx::query!(
        "update notifications t set version = version + 1, claimed_by = null, claimed_at = null,
             due_at = greatest(now(), updated_at + interval '1 microsecond')
         where claimed_by = $1 and claimed_at < now() - make_interval(secs => $2)
           and not exists (select from unnest($3::uuid[], $4::bigint[]) k(id, version)
                           where k.id = t.id and k.version = t.version)",
        host,
        seconds,
        &ids,
        &versions
    )
    .execute(&store.worker)
    .await?
    .rows_affected();
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
