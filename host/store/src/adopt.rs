//! Adoption: work of dead hosts, work that is due, and work that nobody rang for. By it even a wiped Kafka loses
//! nothing.
//!
//! Partners take turns: of each only the oldest come first, so that one partner's flood does not hide the others.

use std::sync::atomic::Ordering;
use std::time::Duration;

use lockgate_core::claim::{Claim, ClaimOrigin};
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
const KINDS: usize = 4;

/// Whom to adopt for, how many, and from when on rung work counts as forgotten.
#[derive(Clone, Copy)]
struct Wish {
    host: Uuid,
    room: i64,
    overdue_seconds: f64,
}

/// Claims up to `room` things that need work and have no living host.
pub(crate) async fn adopt(
    store: &PgStore,
    host: HostId,
    room: usize,
    overdue: Duration,
) -> Result<Vec<Claim>, Failure> {
    if room == 0 {
        return Ok(vec![]);
    }
    let turn = store.turn.fetch_add(1, Ordering::Relaxed);
    retried!(run(store, host, room, overdue, turn))
}

async fn run(
    store: &PgStore,
    host: HostId,
    room: usize,
    overdue: Duration,
    turn: usize,
) -> Result<Vec<Claim>, Failure> {
    let mut transaction = store.begin().await?;
    let mut claims = vec![];
    // What was left by the dead comes first, whatever it is; then each kind gets its share of the room.
    for kind in 0..KINDS {
        let wish = wish(host, room - claims.len(), overdue);
        let adopted = dead_of(&mut transaction, kind, wish).await?;
        claims.extend(adopted.into_iter().map(|it| claim(host, ClaimOrigin::Adopted, it)));
    }
    // Who filled its share may have more; what the others left over is given to them.
    let mut hungry = vec![];
    for step in 0..KINDS {
        let kind = (turn + step) % KINDS;
        let share = (room - claims.len()).div_ceil(KINDS - step);
        let polled = due_of(&mut transaction, kind, wish(host, share, overdue)).await?;
        if polled.len() == share {
            hungry.push(kind);
        }
        claims.extend(polled.into_iter().map(|it| claim(host, ClaimOrigin::Polled, it)));
    }
    for kind in hungry {
        let polled = due_of(&mut transaction, kind, wish(host, room - claims.len(), overdue)).await?;
        claims.extend(polled.into_iter().map(|it| claim(host, ClaimOrigin::Polled, it)));
    }
    transaction.commit().await?;
    Ok(claims)
}

fn wish(host: HostId, room: usize, overdue: Duration) -> Wish {
    Wish { host: host.uuid(), room: limit(room), overdue_seconds: overdue.as_secs_f64() }
}

fn claim(host: HostId, origin: ClaimOrigin, (aggregate, at): Claimed) -> Claim {
    Claim { aggregate, host, origin, at }
}

async fn dead_of(connection: &mut PgConnection, kind: usize, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    match kind {
        _ if wish.room == 0 => Ok(vec![]),
        0 => dead::transfers(connection, wish).await,
        1 => dead::consignments(connection, wish).await,
        2 => dead::deliveries(connection, wish).await,
        _ => dead::notifications(connection, wish).await,
    }
}

async fn due_of(connection: &mut PgConnection, kind: usize, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    match kind {
        _ if wish.room == 0 => Ok(vec![]),
        0 => due::deliveries(connection, wish).await,
        1 => due::consignments(connection, wish).await,
        2 => due::transfers(connection, wish).await,
        _ => due::notifications(connection, wish).await,
    }
}
