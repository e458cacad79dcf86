//! Finds what announcements are checked against: their senders, and the named receivers with their agreements.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use lockgate_core::id::PartnerId;
use lockgate_core::ports::{Addressing, StoreError};
use sqlx::types::Uuid;

use crate::column::text;
use crate::error::Failure;
use crate::row::{AgreementRow, PartnerRow};
use crate::store::PgStore;
use crate::usage;

/// A sender, and whom it names: ids or slugs.
pub(crate) type Named = (PartnerId, Vec<String>);

/// A sender with those among the named to whom it has an active agreement.
pub(crate) async fn find(
    store: &PgStore,
    sender: PartnerId,
    named: &[String],
) -> Result<Option<Addressing>, StoreError> {
    let is_about = |asked: &Named, (of, _): &(Named, Addressing)| asked == of;
    let found = store.asked.addressed.row(store, (sender, named.to_vec()), agreed, is_about).await?;
    Ok(found.map(|(_, addressing)| addressing))
}

/// The answer to each question whose sender there is: one statement for all.
async fn agreed(store: PgStore, asked: Vec<Named>) -> Result<Vec<(Named, Addressing)>, Failure> {
    let senders: Vec<_> = asked.iter().map(|(sender, _)| sender.uuid()).collect();
    let (mut of, mut by, mut slugs, mut ids) = (vec![], vec![], vec![], vec![]);
    // Places as Postgres counts them.
    for (place, (sender, named)) in (1_i64..).zip(&asked) {
        for name in named {
            of.push(place);
            by.push(sender.uuid());
            slugs.push(text(name));
            ids.push(name.parse::<PartnerId>().ok().map(PartnerId::uuid));
        }
    }
    let rows = sqlx::query!(
        r#"select k.place as "place!", s.id as sender, s.slug as sender_slug, s.name as sender_name,
                s.status as sender_status, s.duplicates as sender_duplicates, s.created_at as sender_created_at,
                q.transfers_per_day as "transfers_per_day?", q.bytes_per_day as "bytes_per_day?",
                q.stored_bytes as "stored_bytes?",
                n.receiver as "receiver?", n.slug as "slug?", n.name as "name?", n.status as "status?",
                n.duplicates as "duplicates?", n.created_at as "created_at?", n.agreement as "agreement?",
                n.media_types as "media_types?", n.max_size as "max_size?", n.agreement_status as "agreement_status?",
                n.agreed_at as "agreed_at?"
         from unnest($1::uuid[]) with ordinality k(sender, place) join partners s on s.id = k.sender
              left join partner_quotas q on q.partner = s.id
              left join (
                select m.of, r.id as receiver, r.slug, r.name, r.status, r.duplicates, r.created_at,
                       a.id as agreement, a.media_types, a.max_size, a.status as agreement_status,
                       a.created_at as agreed_at
                from unnest($2::bigint[], $3::uuid[], $4::text[], $5::uuid[]) m(of, sender, slug, id)
                     join partners r on r.slug = m.slug or r.id = m.id
                     join agreements a on a.sender = m.sender and a.receiver = r.id and a.status = 'active'
              ) n on n.of = k.place"#,
        &senders,
        &of,
        &by,
        &slugs,
        &ids as &[Option<Uuid>]
    )
    .fetch_all(&store.worker)
    .await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let sender = PartnerRow {
            id: row.sender,
            slug: row.sender_slug,
            name: row.sender_name,
            status: row.sender_status,
            duplicates: row.sender_duplicates,
            created_at: row.sender_created_at,
        };
        let terms = usage::quota(row.transfers_per_day, row.bytes_per_day, row.stored_bytes)?;
        let addressing = match found.entry(row.place) {
            Entry::Occupied(it) => it.into_mut(),
            Entry::Vacant(it) => it.insert(Addressing { sender: sender.try_into()?, terms, agreed: vec![] }),
        };
        let receiver = (row.receiver, row.slug, row.name, row.status, row.duplicates, row.created_at);
        let agreement = (row.agreement, row.media_types, row.agreement_status, row.agreed_at);
        let (Some(id), Some(slug), Some(name), Some(status), Some(duplicates), Some(created_at)) = receiver else {
            continue;
        };
        let (Some(agreement), Some(media_types), Some(agreement_status), Some(agreed_at)) = agreement else { continue };
        let receiver = PartnerRow { id, slug, name, status, duplicates, created_at };
        let agreement = AgreementRow {
            id: agreement,
            sender: row.sender,
            receiver: id,
            media_types,
            max_size: row.max_size,
            status: agreement_status,
            created_at: agreed_at,
        };
        addressing.agreed.push((receiver.try_into()?, agreement.try_into()?));
    }
    let answer = |(asked, place)| found.remove(&place).map(|addressing| (asked, addressing));
    Ok(asked.into_iter().zip(1..).filter_map(answer).collect())
}
