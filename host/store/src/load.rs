//! Loads what use cases and the pipeline look at, without regard to who may see it.

use futures::future::try_join_all;
use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::destination::Destination;
use lockgate_core::digest::Digest;
use lockgate_core::id::{ChannelId, DestinationId, PartnerId, RevisionId, TransferId};
use lockgate_core::notification::Channel;
use lockgate_core::partner::Partner;
use lockgate_core::policy::Revision;
use lockgate_core::ports::StoreError;
use lockgate_core::transfer::Transfer;

use crate::column::{limit, text};
use crate::error::Failure;
use crate::row::{all, one};
use crate::store::PgStore;

/// One aggregate.
pub(crate) async fn aggregate(store: &PgStore, work: Work) -> Result<Option<Aggregate>, Failure> {
    let pool = &store.worker;
    Ok(match work {
        Work::Transfer(id) => {
            one(transfers!("select", "from transfers t where t.id = $1", id.uuid()).fetch_optional(pool).await?)?
                .map(Aggregate::Transfer)
        }
        Work::Consignment(id) => {
            one(consignments!("select", "from consignments t where t.id = $1", id.uuid()).fetch_optional(pool).await?)?
                .map(Aggregate::Consignment)
        }
        Work::Delivery(id) => {
            one(deliveries!("select", "from deliveries t where t.id = $1", id.uuid()).fetch_optional(pool).await?)?
                .map(Aggregate::Delivery)
        }
        Work::Notification(id) => one(notifications!(
            "select",
            "from notifications t join events e on e.id = t.event where t.id = $1",
            id.uuid()
        )
        .fetch_optional(pool)
        .await?)?
        .map(Aggregate::Notification),
    })
}

/// Held things whose hold expired, and announced transfers whose bytes never came, or came by a secure URL and nobody was
/// left to finish them.
pub(crate) async fn expired(store: &PgStore, room: usize) -> Result<Vec<Aggregate>, Failure> {
    let held = transfers!(
        "select",
        "from transfers t where t.state = 'held' and t.hold_expires_at <= now() order by t.hold_expires_at limit $1",
        limit(room)
    )
    .fetch_all(&store.worker)
    .await?;
    let mut expired: Vec<_> = all(held)?.into_iter().map(Aggregate::Transfer).collect();
    let shares = consignments!(
        "select",
        "from consignments t where t.state = 'held' and t.hold_expires_at <= now() order by t.hold_expires_at limit $1",
        limit(room - expired.len())
    )
    .fetch_all(&store.worker)
    .await?;
    expired.extend(all(shares)?.into_iter().map(Aggregate::Consignment));
    let announced = transfers!(
        "select",
        "from transfers t join uploads u on u.transfer = t.id
         where t.state = 'announced' and (not u.complete or u.once or u.secure_url is not null) and u.expires_at <= now()
         order by u.expires_at limit $1",
        limit(room - expired.len())
    )
    .fetch_all(&store.worker)
    .await?;
    expired.extend(all(announced)?.into_iter().map(Aggregate::Transfer));
    Ok(expired)
}

/// A transfer of the sender with that name and digest that was received earlier, whenever it was announced, and was not
/// rejected or cancelled: the newest.
pub(crate) async fn twin(store: &PgStore, of: &Transfer, digest: &Digest) -> Result<Option<TransferId>, Failure> {
    let id = sqlx::query_scalar!(
        "select id from transfers
         where sender = $1 and file_name = $2 and source_digest = $3
           and receipt < (select receipt from transfers where id = $4)
           and state not in ('rejected', 'cancelled', 'expired')
         order by receipt desc limit 1",
        of.sender.uuid(),
        of.file_name,
        digest.to_string(),
        of.id.uuid()
    )
    .fetch_optional(&store.worker)
    .await?;
    Ok(id.map(TransferId::from_uuid))
}

/// A revision with its bindings: whoever composes asks for it, ten at a time where it has ten bindings.
pub(crate) async fn revision(store: &PgStore, id: RevisionId) -> Result<Option<Revision>, StoreError> {
    store.asked.revisions.row(store, id, revisions, |id, it| it.id == *id).await
}

async fn revisions(store: PgStore, ids: Vec<RevisionId>) -> Result<Vec<Revision>, Failure> {
    let ids: Vec<_> = ids.into_iter().map(RevisionId::uuid).collect();
    all(revisions!("select", "from policy_revisions t where t.id = any($1)", &ids).fetch_all(&store.worker).await?)
}

/// A partner.
pub(crate) async fn partner(store: &PgStore, id: PartnerId) -> Result<Option<Partner>, StoreError> {
    store.asked.partners.row(store, id, partners, |id, it| it.id == *id).await
}

async fn partners(store: PgStore, ids: Vec<PartnerId>) -> Result<Vec<Partner>, Failure> {
    let ids: Vec<_> = ids.into_iter().map(PartnerId::uuid).collect();
    all(partners!("where t.id = any($1)", &ids).fetch_all(&store.worker).await?)
}

/// A partner's active destinations.
pub(crate) async fn destinations(store: &PgStore, of: PartnerId) -> Result<Vec<Destination>, Failure> {
    all(destinations!("where t.partner = $1 order by t.id", of.uuid()).fetch_all(&store.worker).await?)
}

/// A destination, active or not.
pub(crate) async fn destination(store: &PgStore, id: DestinationId) -> Result<Option<Destination>, Failure> {
    one(destinations!("where t.id = $1", id.uuid()).fetch_optional(&store.worker).await?)
}

/// The lowest position of an ordered destination whose delivery is not settled, or that a running redrive has yet to send.
pub(crate) async fn first_unfinished(store: &PgStore, of: DestinationId) -> Result<Option<i64>, Failure> {
    Ok(sqlx::query_scalar!("select first_in_line($1)", of.uuid()).fetch_one(&store.worker).await?)
}

/// A channel.
pub(crate) async fn channel_by_id(store: &PgStore, id: ChannelId) -> Result<Option<Channel>, Failure> {
    one(channels!("where t.id = $1", id.uuid()).fetch_optional(&store.worker).await?)
}

/// A partner's channel by name: every message asks for its own.
pub(crate) async fn channel(store: &PgStore, of: PartnerId, name: &str) -> Result<Option<Channel>, StoreError> {
    let named = |(of, name): &(PartnerId, String), it: &Channel| it.partner == *of && it.name == *name;
    store.asked.channels.row(store, (of, text(name)), named_channels, named).await
}

async fn named_channels(store: PgStore, named: Vec<(PartnerId, String)>) -> Result<Vec<Channel>, Failure> {
    let (of, names): (Vec<_>, Vec<_>) = named.into_iter().map(|(of, name)| (of.uuid(), name)).unzip();
    let rows = channels!("where (t.partner, t.name) in (select * from unnest($1::uuid[], $2::text[]))", &of, &names);
    all(rows.fetch_all(&store.worker).await?)
}

/// A partner's channels of these names.
pub(crate) async fn channels(store: &PgStore, of: PartnerId, names: &[String]) -> Result<Vec<Channel>, StoreError> {
    let found = try_join_all(names.iter().map(|name| channel(store, of, name))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The receivers to whom the sender has an active agreement.
pub(crate) async fn agreed_receivers(store: &PgStore, sender: PartnerId) -> Result<Vec<Partner>, Failure> {
    all(partners!(
        "where exists (select from agreements a where a.sender = $1 and a.receiver = t.id and a.status = 'active')
         order by t.id",
        sender.uuid()
    )
    .fetch_all(&store.worker)
    .await?)
}
