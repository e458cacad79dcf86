//! Adoption: work of dead hosts, work that is due, and work that nobody rang for. By it even a wiped Kafka loses
//! nothing.
//!
//! Partners take turns: of each only the oldest come first, so that one partner's flood does not hide the others.

use std::sync::atomic::Ordering;
use std::time::Duration;

use lockgate_core::claim::{Claim, ClaimOrigin, Room};
use lockgate_core::id::HostId;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::claim::Claimed;
use crate::column::limit;
use crate::error::Failure;
use crate::store::PgStore;

mod dead;
mod due;

/// The kinds of work, in the order in which they take turns.
const KINDS: [Kind; 4] = [Kind::Deliveries, Kind::Consignments, Kind::Transfers, Kind::Notifications];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Deliveries,
    Consignments,
    Transfers,
    Notifications,
}

/// Whom to adopt for, how many, and from when on rung work counts as forgotten.
#[derive(Clone, Copy)]
struct Wish {
    host: Uuid,
    room: i64,
    overdue_seconds: f64,
}

/// What was adopted in one look, and what more may be.
struct Look {
    host: HostId,
    overdue: Duration,
    most: usize,
    room: Room,
    claims: Vec<Claim>,
}

/// Claims up to `most` things, of each kind what there is room for, that need work and have no living host.
pub(crate) async fn adopt(
    store: &PgStore,
    host: HostId,
    most: usize,
    room: Room,
    overdue: Duration,
) -> Result<Vec<Claim>, Failure> {
    if most == 0 || room.is_none() {
        return Ok(vec![]);
    }
    let turn = store.turn.fetch_add(1, Ordering::Relaxed);
    retried!(run(store, Look { host, overdue, most, room, claims: vec![] }, turn))
}

async fn run(store: &PgStore, mut look: Look, turn: usize) -> Result<Vec<Claim>, Failure> {
    let mut transaction = store.begin().await?;
    // What was left by the dead comes first, whatever it is; then each kind gets its share of the room.
    let dead = dead::hosts(&mut transaction).await?;
    for kind in KINDS.into_iter().filter(|_| !dead.is_empty()) {
        look.for_dead(&mut transaction, kind, &dead).await?;
    }
    // Who filled its share may have more; what the others left over is given to them.
    let mut hungry = vec![];
    for step in 0..KINDS.len() {
        let kind = KINDS[(turn + step) % KINDS.len()];
        let share = look.left().div_ceil(KINDS.len() - step);
        if look.for_due(&mut transaction, kind, share).await? == share {
            hungry.push(kind);
        }
    }
    for kind in hungry {
        let left = look.left();
        look.for_due(&mut transaction, kind, left).await?;
    }
    transaction.commit().await?;
    Ok(look.claims)
}

impl Look {
    fn left(&self) -> usize {
        self.most - self.claims.len()
    }

    /// For up to so many of a kind, if there is room for them.
    fn wish(&self, kind: Kind, most: usize) -> Wish {
        let left = self.room.without(&self.claims);
        let room = match kind {
            Kind::Transfers | Kind::Consignments => left.judging,
            Kind::Deliveries => left.deliveries,
            Kind::Notifications => left.messages,
        };
        Wish { host: self.host.uuid(), room: limit(room.min(most)), overdue_seconds: self.overdue.as_secs_f64() }
    }

    async fn for_dead(&mut self, connection: &mut PgConnection, kind: Kind, hosts: &[Uuid]) -> Result<(), Failure> {
        let wish = self.wish(kind, self.left());
        let adopted = match kind {
            _ if wish.room == 0 => vec![],
            Kind::Transfers => dead::transfers(connection, wish, hosts).await?,
            Kind::Consignments => dead::consignments(connection, wish, hosts).await?,
            Kind::Deliveries => dead::deliveries(connection, wish, hosts).await?,
            Kind::Notifications => dead::notifications(connection, wish, hosts).await?,
        };
        self.take(ClaimOrigin::Adopted, adopted);
        Ok(())
    }

    /// How many were found.
    async fn for_due(&mut self, connection: &mut PgConnection, kind: Kind, most: usize) -> Result<usize, Failure> {
        let wish = self.wish(kind, most);
        let polled = match kind {
            _ if wish.room == 0 => vec![],
            Kind::Transfers => due::transfers(connection, wish).await?,
            Kind::Consignments => due::consignments(connection, wish).await?,
            Kind::Deliveries => due::deliveries(connection, wish).await?,
            Kind::Notifications => due::notifications(connection, wish).await?,
        };
        let found = polled.len();
        self.take(ClaimOrigin::Polled, polled);
        Ok(found)
    }

    fn take(&mut self, origin: ClaimOrigin, found: Vec<Claimed>) {
        let host = self.host;
        let claim = |(aggregate, at)| Claim { aggregate, host, origin: origin.clone(), at };
        self.claims.extend(found.into_iter().map(claim));
    }
}
