//! Pages by key: a window between two ids, taken from its beginning or its end.

use lockgate_core::ports::{Cursor, Edge, Page, PageRequest};
use sqlx::types::Uuid;

use crate::column::limit;
use crate::error::Failure;

/// A part of a list that is ordered by age.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Only ids below this one.
    pub(super) below: Uuid,
    /// Only ids above this one.
    pub(super) above: Uuid,
    /// One more than wanted, to know whether there is more.
    pub(super) limit: i64,
    /// Fetched with growing ids; presented in the order of the list in any case.
    pub(super) ascending: bool,
    request: PageRequest,
}

impl Window {
    /// The window of a request whose cursors are ids.
    pub(super) fn of(request: &PageRequest) -> Result<Self, Failure> {
        let (older, newer) = match request.oldest_first {
            false => (request.before, request.after),
            true => (request.after, request.before),
        };
        Ok(Self {
            below: id(newer)?.unwrap_or(Uuid::max()),
            above: id(older)?.unwrap_or(Uuid::nil()),
            limit: limit(request.limit.saturating_add(1)),
            ascending: request.backward != request.oldest_first,
            request: *request,
        })
    }

    /// The page of what was found, with the cursor of each.
    pub(super) fn page<R, T: TryFrom<R, Error = Failure>>(
        &self,
        rows: Vec<R>,
        id: impl Fn(&R) -> Uuid,
    ) -> Result<Page<T>, Failure> {
        paged(&self.request, rows, |row| Cursor::Id(id(row)))
    }
}

/// A page of rows that were fetched in the direction of the request, one more than wanted.
pub(super) fn paged<R, T: TryFrom<R, Error = Failure>>(
    request: &PageRequest,
    mut rows: Vec<R>,
    cursor: impl Fn(&R) -> Cursor,
) -> Result<Page<T>, Failure> {
    let more = rows.len() > request.limit;
    rows.truncate(request.limit);
    if request.backward {
        rows.reverse();
    }
    let edges = rows
        .into_iter()
        .map(|row| Ok(Edge { cursor: cursor(&row), node: row.try_into()? }))
        .collect::<Result<_, Failure>>()?;
    // In the other direction lies at least the item that the cursor named.
    Ok(if request.backward {
        Page { edges, has_previous: more, has_next: request.before.is_some() }
    } else {
        Page { edges, has_previous: request.after.is_some(), has_next: more }
    })
}

fn id(cursor: Option<Cursor>) -> Result<Option<Uuid>, Failure> {
    match cursor {
        None => Ok(None),
        Some(Cursor::Id(id)) => Ok(Some(id)),
        Some(Cursor::Sequence(_)) => Err(Failure::broken("a list by age was asked with a provenance cursor")),
    }
}

/// The statement for a page in either direction: `$1` to `$3` are the window, further arguments follow.
macro_rules! page {
    ($snapshot:expr, $request:expr, $rows:ident [$($head:literal)?], $from:literal $(, $argument:expr)* $(,)?) => {{
        let window = $crate::snapshot::window::Window::of($request)?;
        let rows = if window.ascending {
            $rows!(
                $($head,)? $from " and t.id < $1 and t.id > $2 order by t.id asc limit $3",
                window.below, window.above, window.limit $(, $argument)*
            )
            .fetch_all(&mut *$snapshot.search().await?)
            .await?
        } else {
            $rows!(
                $($head,)? $from " and t.id < $1 and t.id > $2 order by t.id desc limit $3",
                window.below, window.above, window.limit $(, $argument)*
            )
            .fetch_all(&mut *$snapshot.search().await?)
            .await?
        };
        window.page(rows, |row| row.id)
    }};
}
