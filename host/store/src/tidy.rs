//! Removes rows that nobody asks for any more: tickets of downloads whose day is over, and partial uploads that ended or
//! expired. Any number of hosts may.

use lockgate_core::ports::StoreError;

use crate::column::limit;
use crate::error::Failure;
use crate::store::PgStore;

impl PgStore {
    /// Removes at most `room` rows of each kind and says how many are gone. A partial upload stays until its objects are
    /// swept, and a day longer, so that whoever asks for it late hears that it expired.
    pub async fn tidy(&self, room: usize) -> Result<u64, StoreError> {
        let tickets = retried!(tickets(self, room))?;
        Ok(tickets + retried!(partials(self, room))?)
    }
}

async fn tickets(store: &PgStore, room: usize) -> Result<u64, Failure> {
    let gone = sqlx::query!(
        "delete from secure_url_tickets where ticket in (
             select ticket from secure_url_tickets where expires_at <= now() order by expires_at limit $1)",
        limit(room)
    )
    .execute(&store.worker)
    .await?;
    Ok(gone.rows_affected())
}

async fn partials(store: &PgStore, room: usize) -> Result<u64, Failure> {
    let gone = sqlx::query!(
        "delete from uploads where id in (
             select u.id from uploads u
             where u.transfer is null and u.expires_at <= now() - interval '1 day'
               and not exists (select from payload_objects o where o.upload = u.id)
             order by u.expires_at limit $1 for update skip locked)",
        limit(room)
    )
    .execute(&store.worker)
    .await?;
    Ok(gone.rows_affected())
}
