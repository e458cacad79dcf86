//! Transfers and their uploads, as a viewer sees them.

use lockgate_core::id::{PartnerId, TransferId};
use lockgate_core::ports::{Edge, Page, PageRequest, TransferFilter};
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Transfer;
use lockgate_core::upload::Upload;
use sqlx::types::Uuid;

use super::window::Window;
use super::{PgSnapshot, sight};
use crate::column::{unsigned, word};
use crate::error::Failure;
use crate::row::{TransferRow, all, one};

/// A filter as its arguments.
struct Wanted {
    states: Vec<String>,
    sender: Option<Uuid>,
    receiver: Option<Uuid>,
    file_name: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    dead_lettered: Option<bool>,
}

/// The statement, with the filter wherever ids are selected.
macro_rules! filtered {
    ([$($($head:literal)+),+], $tail:literal, $order:tt, $window:expr, $wanted:expr $(, $partner:expr)?) => {
        transfers!(
            "select",
            "from transfers t where t.id in ("
            $($($head)+
            " and (cardinality($4::text[]) = 0 or s.state = any($4))
              and ($5::uuid is null or s.sender = $5)
              and ($6::uuid is null
                   or exists (select from consignments r where r.transfer = s.id and r.receiver = $6)
                   or (((select viewer_is_operator()) or s.sender = (select viewer_partner())) and $6 = any(s.receivers)))
              and ($7::text is null or s.file_name = $7)
              and ($8::timestamptz is null or s.created_at >= $8)
              and ($9::timestamptz is null or s.created_at < $9)
              and (not $10 or (select d.id from deliveries d
                               where d.transfer = s.id and d.state = 'dead-lettered' limit 1) is null) order by s.id "
            $order " limit $3")+
            $tail
            " order by t.id "
            $order
            " limit $3",
            $window.below,
            $window.above,
            $window.limit,
            &$wanted.states,
            $wanted.sender,
            $wanted.receiver,
            $wanted.file_name,
            $wanted.since,
            $wanted.until,
            $wanted.dead_lettered == Some(false)
            $(, $partner)?
        )
    };
}

/// The list in one direction. A partner's part of it is found by two indexes, what it sent and what it receives;
/// row-level security alone would have to look at every transfer. Whom a transfer was addressed to is its sender's
/// affair, so others are found by their consignment only. Those with dead letters are found by these: for the last of few, the
/// list would be read to its end.
macro_rules! listed {
    ($view:expr, $window:expr, $wanted:expr, $order:tt) => {
        match ($view.partner(), $wanted.dead_lettered == Some(true)) {
            (None, true) => {
                filtered!(
                    [
                        "select s.id from (
                             select distinct d.transfer from deliveries d
                             where d.state = 'dead-lettered' and d.transfer < $1 and d.transfer > $2 order by d.transfer "
                        $order ") f
                         join transfers s on s.id = f.transfer where true"
                    ],
                    ")",
                    $order,
                    $window,
                    $wanted
                )
                .fetch_all(&mut *$view.search().await?)
                .await?
            }
            (Some(partner), true) => {
                filtered!(
                    [
                        "select s.id from (
                             select distinct d.transfer from deliveries d
                             where d.state = 'dead-lettered' and d.receiver = $11 and d.transfer < $1 and d.transfer > $2
                             order by d.transfer "
                        $order ") f
                         join transfers s on s.id = f.transfer where true"
                    ],
                    ")",
                    $order,
                    $window,
                    $wanted,
                    partner
                )
                .fetch_all(&mut *$view.search().await?)
                .await?
            }
            (None, false) => {
                filtered!(["select s.id from transfers s where s.id < $1 and s.id > $2"], ")", $order, $window, $wanted)
                    .fetch_all(&mut *$view.search().await?)
                    .await?
            }
            (Some(partner), false) => {
                filtered!(
                    [
                        "(select s.id from transfers s where s.sender = $11 and s.id < $1 and s.id > $2",
                        ") union all (select c.transfer from consignments c join transfers s on s.id = c.transfer
                         where c.receiver = $11 and c.transfer < $1 and c.transfer > $2"
                    ],
                    "))",
                    $order,
                    $window,
                    $wanted,
                    partner
                )
                .fetch_all(&mut *$view.search().await?)
                .await?
            }
        }
    };
}

pub(super) async fn page(
    view: &PgSnapshot,
    filter: &TransferFilter,
    page: &PageRequest,
) -> Result<Page<Transfer>, Failure> {
    let window = Window::of(page)?;
    let wanted = Wanted {
        states: filter.states.iter().map(word).collect::<Result<_, _>>()?,
        sender: filter.sender.map(PartnerId::uuid),
        receiver: filter.receiver.map(PartnerId::uuid),
        file_name: filter.file_name.clone(),
        since: filter.since,
        until: filter.until,
        dead_lettered: filter.dead_lettered,
    };
    let rows: Vec<TransferRow> =
        if window.ascending { listed!(view, window, wanted, "asc") } else { listed!(view, window, wanted, "desc") };
    let page: Page<Transfer> = window.page(rows, |row| row.id)?;
    let edges = page.edges.into_iter();
    Ok(Page {
        edges: edges.map(|it| Edge { cursor: it.cursor, node: sight::transfer(view.role, it.node) }).collect(),
        ..page
    })
}

pub(super) async fn by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Transfer>, Failure> {
    let rows = transfers!("select", "from transfers t where t.id = any($1)", ids)
        .fetch_all(&mut *view.lookup().await?)
        .await?;
    Ok(all(rows)?.into_iter().map(|it| sight::transfer(view.role, it)).collect())
}

/// How many dead letters each has; one without any is missing.
pub(super) async fn dead_letters_of(view: &PgSnapshot, transfers: &[Uuid]) -> Result<Vec<(TransferId, u64)>, Failure> {
    let rows = sqlx::query!(
        r#"select d.transfer, count(*) as "count!" from deliveries d
           where d.transfer = any($1) and d.state = 'dead-lettered' group by d.transfer"#,
        transfers
    )
    .fetch_all(&mut *view.lookup().await?)
    .await?;
    rows.into_iter().map(|row| Ok((TransferId::from_uuid(row.transfer), unsigned(row.count)?))).collect()
}

pub(super) async fn uploads_of(view: &PgSnapshot, transfers: &[Uuid]) -> Result<Vec<(TransferId, Upload)>, Failure> {
    let rows = uploads!("select", "from uploads t where t.transfer = any($1)", transfers)
        .fetch_all(&mut *view.lookup().await?)
        .await?;
    let uploads: Vec<Upload> = all(rows)?;
    Ok(uploads.into_iter().filter_map(|it| Some((it.transfer?, it))).collect())
}

pub(super) async fn upload(view: &PgSnapshot, id: Uuid) -> Result<Option<Upload>, Failure> {
    one(uploads!("select", "from uploads t where t.id = $1", id).fetch_optional(&mut *view.lookup().await?).await?)
}
