//! Finds what announcements are checked against: their senders, and the named receivers with their agreements.

use lockgate_core::id::PartnerId;
use lockgate_core::ports::{Addressing, StoreError};
use sqlx::types::Uuid;

use crate::column::text;
use crate::error::Failure;
use crate::load;
use crate::row::{AgreementRow, PartnerRow};
use crate::store::PgStore;
use crate::together::{Together, broke_off};
use crate::usage;

/// Questions of whom a sender may send to.
pub(crate) type Addressed = Together<Named, Result<Option<Addressing>, StoreError>>;

/// A sender, and whom it names: ids or slugs.
#[derive(Debug)]
pub(crate) struct Named {
    sender: PartnerId,
    named: Vec<String>,
}

/// A sender with those among the named to whom it has an active agreement.
pub(crate) async fn find(
    store: &PgStore,
    sender: PartnerId,
    named: &[String],
) -> Result<Option<Addressing>, StoreError> {
    let own = store.clone();
    let round = move |asked| find_all(own.clone(), asked);
    let asked = Named { sender, named: named.to_vec() };
    store.asked.addressed.ask(asked, round).await.unwrap_or_else(|| Err(broke_off()))
}

async fn find_all(store: PgStore, asked: Vec<Named>) -> Vec<Result<Option<Addressing>, StoreError>> {
    let mut found = match agreed(&store, &asked).await.map_err(StoreError::from) {
        Ok(found) => found,
        Err(error) => return asked.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut answers = Vec::with_capacity(asked.len());
    for (Named { sender, .. }, found) in asked.iter().zip(&mut found) {
        answers.push(match found.take() {
            Some(addressing) => Ok(Some(addressing)),
            None => without_agreement(&store, *sender).await,
        });
    }
    answers
}

/// A sender that has no agreement with any of the named.
async fn without_agreement(store: &PgStore, sender: PartnerId) -> Result<Option<Addressing>, StoreError> {
    let terms = usage::terms(store, sender).await?;
    Ok(load::partner(store, sender).await?.map(|sender| Addressing { sender, terms, agreed: vec![] }))
}

/// For each question, the sender with its agreements, where there are any: one statement for all.
async fn agreed(store: &PgStore, asked: &[Named]) -> Result<Vec<Option<Addressing>>, Failure> {
    let (mut places, mut senders, mut slugs, mut ids) = (vec![], vec![], vec![], vec![]);
    for (place, Named { sender, named }) in (0_i32..).zip(asked) {
        for name in named {
            places.push(place);
            senders.push(sender.uuid());
            slugs.push(text(name));
            ids.push(name.parse::<PartnerId>().ok().map(PartnerId::uuid));
        }
    }
    let rows = sqlx::query!(
        r#"select k.place as "place!", s.id as sender, s.slug as sender_slug, s.name as sender_name,
                s.status as sender_status, s.duplicates as sender_duplicates, s.created_at as sender_created_at,
                r.id, r.slug, r.name, r.status, r.duplicates, r.created_at,
                q.transfers_per_day as "transfers_per_day?", q.bytes_per_day as "bytes_per_day?",
                q.stored_bytes as "stored_bytes?",
                a.id as agreement, a.media_types, a.max_size, a.status as agreement_status, a.created_at as agreed_at
         from unnest($1::integer[], $2::uuid[], $3::text[], $4::uuid[]) k(place, sender, slug, id)
              join partners s on s.id = k.sender join partners r on r.slug = k.slug or r.id = k.id
              join agreements a on a.sender = s.id and a.receiver = r.id and a.status = 'active'
              left join partner_quotas q on q.partner = s.id"#,
        &places,
        &senders,
        &slugs,
        &ids as &[Option<Uuid>]
    )
    .fetch_all(&store.worker)
    .await?;
    let mut found: Vec<Option<Addressing>> = asked.iter().map(|_| None).collect();
    for row in rows {
        let sender = PartnerRow {
            id: row.sender,
            slug: row.sender_slug,
            name: row.sender_name,
            status: row.sender_status,
            duplicates: row.sender_duplicates,
            created_at: row.sender_created_at,
        };
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
            sender: row.sender,
            receiver: row.id,
            media_types: row.media_types,
            max_size: row.max_size,
            status: row.agreement_status,
            created_at: row.agreed_at,
        };
        let terms = usage::quota(row.transfers_per_day, row.bytes_per_day, row.stored_bytes)?;
        let place = usize::try_from(row.place).ok().and_then(|place| found.get_mut(place));
        let place = place.ok_or_else(|| Failure::broken("an agreement that nobody asked for"))?;
        let addressing = match place {
            Some(addressing) => addressing,
            None => place.insert(Addressing { sender: sender.try_into()?, terms, agreed: vec![] }),
        };
        addressing.agreed.push((receiver.try_into()?, agreement.try_into()?));
    }
    Ok(found)
}
