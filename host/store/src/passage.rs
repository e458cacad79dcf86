//! Passages in their tables: moved under a claim that holds, taken to be cleared by one host at a time.

use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::delivery::Delivery;
use lockgate_core::destination::Endpoint;
use lockgate_core::id::{DeliveryId, PartnerId, PassageId};
use lockgate_core::passage::{Part, Passage, Place, Reached};
use lockgate_core::ports::{PassageError, PassageStore, StoreError, Unneeded};
use sqlx::types::{Json, Uuid};

use crate::column::{bigint, digest, document, integer, limit, small, unsigned};
use crate::error::Failure;
use crate::store::PgStore;

/// The columns of a passage.
#[derive(Debug)]
struct PassageRow {
    id: Uuid,
    delivery: Uuid,
    generation: i32,
    receiver: Uuid,
    endpoint: Json<Endpoint>,
    digest: Vec<u8>,
    size: i64,
    place: Json<Place>,
    reached: i64,
    midstate: Vec<u8>,
    tries: i32,
    numbers: Vec<i32>,
    tags: Vec<String>,
}

macro_rules! passages {
    ($head:literal, $tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            PassageRow,
            $head
                + r#" t.id, t.delivery, t.generation, t.receiver, t.digest, t.size, t.reached, t.midstate, t.tries,
                t.endpoint as "endpoint: crate::doc::Endpoint", t.place as "place: crate::doc::Place",
                array(select p.number from passage_parts p where p.passage = t.id order by p.number) as "numbers!",
                array(select p.tag from passage_parts p where p.passage = t.id order by p.number) as "tags!" "#
                + $tail
            $(, $argument)*
        )
    };
}

impl TryFrom<PassageRow> for Unneeded {
    type Error = Failure;

    fn try_from(row: PassageRow) -> Result<Self, Failure> {
        let parts = row.numbers.into_iter().zip(row.tags).map(|(number, tag)| Part { number, tag }).collect();
        let passage = Passage {
            id: PassageId::from_uuid(row.id),
            delivery: DeliveryId::from_uuid(row.delivery),
            generation: small(row.generation)?,
            receiver: PartnerId::from_uuid(row.receiver),
            endpoint: row.endpoint.0,
            digest: digest(&row.digest)?,
            size: unsigned(row.size)?,
            place: row.place.0,
            reached: Reached { offset: unsigned(row.reached)?, midstate: row.midstate, parts },
        };
        Ok(Self { passage, tries: small(row.tries)? })
    }
}

#[async_trait]
impl PassageStore for PgStore {
    async fn passage(&self, delivery: DeliveryId) -> Result<Option<Passage>, StoreError> {
        Ok(find(self, delivery).await?)
    }

    async fn begin_passage(&self, claimed: &Delivery, passage: &Passage) -> Result<(), PassageError> {
        told(claimed, retried!(begin(self, claimed, passage)))
    }

    async fn advance_passage(&self, claimed: &Delivery, id: PassageId, step: &Reached) -> Result<(), PassageError> {
        told(claimed, retried!(advance(self, claimed, id, step)))
    }

    async fn give_up_passage(&self, claimed: &Delivery, id: PassageId) -> Result<(), PassageError> {
        told(claimed, retried!(give_up(self, claimed, id)))
    }

    async fn forget_passage(&self, id: PassageId) -> Result<(), StoreError> {
        Ok(retried!(forget(self, id))?)
    }

    async fn unneeded_passages(&self, room: usize, pause: Duration) -> Result<Vec<Unneeded>, StoreError> {
        Ok(retried!(unneeded(self, room, pause))?)
    }
}

fn told(claimed: &Delivery, moved: Result<(), Failure>) -> Result<(), PassageError> {
    moved.map_err(|failure| match failure {
        Failure::Stale => PassageError::Stale(claimed.id),
        other => PassageError::Store(other.into()),
    })
}

async fn find(store: &PgStore, delivery: DeliveryId) -> Result<Option<Passage>, Failure> {
    let row = passages!("select", "from passages t where t.delivery = $1 and not t.unneeded", delivery.uuid())
        .fetch_optional(&store.worker)
        .await?;
    Ok(row.map(Unneeded::try_from).transpose()?.map(|it| it.passage))
}

/// The claim's row stays as it is until the passage is written: whoever adopts the delivery comes after it.
async fn begin(store: &PgStore, claimed: &Delivery, it: &Passage) -> Result<(), Failure> {
    let mut transaction = store.begin().await?;
    sqlx::query!(
        "update passages set unneeded = true, due_at = now() where delivery = $1 and not unneeded
           and exists (select from deliveries where id = $1 and version = $2 and state = 'scheduled')",
        claimed.id.uuid(),
        claimed.version
    )
    .execute(&mut *transaction)
    .await?;
    let begun = sqlx::query!(
        "with held as (select id from deliveries where id = $2 and version = $10 and state = 'scheduled' for share)
         insert into passages (id, delivery, generation, receiver, endpoint, digest, size, place, reached, midstate)
         select $1, held.id, $3, $4, $5, $6, $7, $8, 0, $9 from held",
        it.id.uuid(),
        it.delivery.uuid(),
        integer(it.generation)?,
        it.receiver.uuid(),
        document(&it.endpoint)?,
        &it.digest.0[..],
        bigint(it.size)?,
        document(&it.place)?,
        it.reached.midstate,
        claimed.version,
    )
    .execute(&mut *transaction)
    .await?;
    if begun.rows_affected() == 0 {
        return Err(Failure::Stale);
    }
    transaction.commit().await?;
    Ok(())
}

async fn advance(store: &PgStore, claimed: &Delivery, id: PassageId, step: &Reached) -> Result<(), Failure> {
    let (numbers, tags): (Vec<i32>, Vec<String>) =
        step.parts.iter().map(|part| (part.number, part.tag.clone())).unzip();
    let moved = sqlx::query_scalar!(
        r#"with held as (select id from deliveries where id = $2 and version = $3 and state = 'scheduled' for share),
              moved as (
                  update passages p set reached = $4, midstate = $5 from held
                  where p.id = $1 and p.delivery = held.id and not p.unneeded returning p.id),
              kept as (
                  insert into passage_parts (passage, number, tag)
                  select moved.id, k.number, k.tag from moved, unnest($6::integer[], $7::text[]) k(number, tag)
                  on conflict (passage, number) do update set tag = excluded.tag)
         select count(*) as "count!" from moved"#,
        id.uuid(),
        claimed.id.uuid(),
        claimed.version,
        bigint(step.offset)?,
        step.midstate,
        &numbers,
        &tags
    )
    .fetch_one(&store.worker)
    .await?;
    if moved == 0 { Err(Failure::Stale) } else { Ok(()) }
}

async fn give_up(store: &PgStore, claimed: &Delivery, id: PassageId) -> Result<(), Failure> {
    let given_up = sqlx::query!(
        "with held as (select id from deliveries where id = $2 and version = $3 and state = 'scheduled' for share)
         update passages p set unneeded = true, due_at = now() from held where p.id = $1 and p.delivery = held.id",
        id.uuid(),
        claimed.id.uuid(),
        claimed.version
    )
    .execute(&store.worker)
    .await?;
    if given_up.rows_affected() == 0 { Err(Failure::Stale) } else { Ok(()) }
}

async fn forget(store: &PgStore, id: PassageId) -> Result<(), Failure> {
    let mut transaction = store.begin().await?;
    sqlx::query!("delete from passage_parts where passage = $1", id.uuid()).execute(&mut *transaction).await?;
    sqlx::query!("delete from passages where id = $1", id.uuid()).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn unneeded(store: &PgStore, room: usize, pause: Duration) -> Result<Vec<Unneeded>, Failure> {
    let rows = passages!(
        "update passages t set unneeded = true, tries = t.tries + 1,
             due_at = now() + make_interval(secs => $2 * power(2, t.tries))
         where t.id in (
             select p.id from passages p join deliveries d on d.id = p.delivery
             where p.due_at <= now() and (p.unneeded or d.state <> 'scheduled' or d.generation <> p.generation)
             order by p.due_at limit $1 for update of p skip locked)
         returning",
        "",
        limit(room),
        pause.as_secs_f64()
    )
    .fetch_all(&store.worker)
    .await?;
    rows.into_iter().map(Unneeded::try_from).collect()
}
