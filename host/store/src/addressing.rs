//! Finds what an announcement is checked against: its sender, and the named receivers with their agreements.

use lockgate_core::id::PartnerId;
use lockgate_core::ports::Addressing;
use lockgate_core::quota::Quota;

use crate::error::Failure;
use crate::load;
use crate::row::{AgreementRow, PartnerRow};
use crate::store::PgStore;
use crate::usage;

/// A sender with those among the named to whom it has an active agreement, in one statement where there are any.
pub(crate) async fn find(store: &PgStore, sender: PartnerId, named: &[String]) -> Result<Option<Addressing>, Failure> {
    let ids: Vec<_> = named.iter().filter_map(|it| it.parse::<PartnerId>().ok()).map(PartnerId::uuid).collect();
    let rows = sqlx::query!(
        r#"select s.slug as sender_slug, s.name as sender_name, s.status as sender_status,
                s.duplicates as sender_duplicates, s.created_at as sender_created_at,
                r.id, r.slug, r.name, r.status, r.duplicates, r.created_at,
                q.transfers_per_day as "transfers_per_day?", q.bytes_per_day as "bytes_per_day?",
                q.stored_bytes as "stored_bytes?",
                a.id as agreement, a.media_types, a.max_size, a.status as agreement_status, a.created_at as agreed_at
         from agreements a join partners s on s.id = a.sender join partners r on r.id = a.receiver
              left join partner_quotas q on q.partner = a.sender
         where a.sender = $1 and a.status = 'active' and (r.slug = any($2) or r.id = any($3))"#,
        sender.uuid(),
        named,
        &ids
    )
    .fetch_all(&store.worker)
    .await?;
    let (mut found, mut terms, mut agreed) = (None, Quota::default(), Vec::with_capacity(rows.len()));
    for row in rows {
        terms = usage::quota(row.transfers_per_day, row.bytes_per_day, row.stored_bytes)?;
        found.get_or_insert(PartnerRow {
            id: sender.uuid(),
            slug: row.sender_slug,
            name: row.sender_name,
            status: row.sender_status,
            duplicates: row.sender_duplicates,
            created_at: row.sender_created_at,
        });
        let receiver = PartnerRow {
            id: row.id,
            slug: row.slug,
            name: row.name,
            status: row.status,
            duplicates: row.duplicates,
            created_at: row.created_at,
        };
        let agreement = AgreementRow {
            id: row.agreement,
            sender: sender.uuid(),
            receiver: row.id,
            media_types: row.media_types,
            max_size: row.max_size,
            status: row.agreement_status,
            created_at: row.agreed_at,
        };
        agreed.push((receiver.try_into()?, agreement.try_into()?));
    }
    let sender = match found {
        Some(row) => Some(row.try_into()?),
        None => {
            terms = usage::terms(store, sender).await?;
            load::partner(store, sender).await?
        }
    };
    Ok(sender.map(|sender| Addressing { sender, terms, agreed }))
}
