//! Relay connections: arguments to page requests, pages to connections, cursors that only their own list takes.

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Enum, OutputType};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockgate_core::code::Code;
use lockgate_core::ports::{Cursor, Page, PageRequest};
use uuid::Uuid;

use crate::failure::Failure;

/// Items on a page when nobody says how many.
const USUAL: usize = 25;
/// The most items on a page.
const MOST: usize = 100;

/// Relay's four arguments, and the order.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<String>,
    pub(super) order: Option<ListOrder>,
}

/// In which order a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum ListOrder {
    /// By age, the newest first.
    NewestFirst,
    /// By age, the oldest first.
    OldestFirst,
}

impl Window {
    /// What to ask the store for, in a list of that name.
    pub(super) fn request(&self, list: &str) -> Result<PageRequest, Failure> {
        let (wanted, backward) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(Failure::new(Code::InvalidInput, "give `first` or `last`, not both")),
            (first, None) => (first, false),
            (None, last) => (last, true),
        };
        let limit = wanted.map_or(Ok(USUAL), usize::try_from);
        let limit = limit.map_err(|_| Failure::new(Code::InvalidInput, "a page cannot have fewer than 0 items"))?;
        check(limit)?;
        let read = |text: &Option<String>| text.as_deref().map(|text| decode(list, text)).transpose();
        Ok(PageRequest {
            limit,
            after: read(&self.after)?,
            before: read(&self.before)?,
            backward,
            oldest_first: self.order == Some(ListOrder::OldestFirst),
        })
    }
}

/// Whether so many items may be asked for at once.
pub(super) fn check(wanted: usize) -> Result<(), Failure> {
    if wanted <= MOST {
        return Ok(());
    }
    Err(Failure::new(Code::PageTooLarge, format!("{wanted} items were asked for; a page has {MOST}")))
}

/// How many items a page may turn out to have, for complexity.
pub(super) fn weight(first: Option<i32>, last: Option<i32>) -> usize {
    first.or(last).map_or(USUAL, |wanted| usize::try_from(wanted).unwrap_or(0)).clamp(1, 10 * MOST)
}

/// A page as a connection of the list of that name.
pub(super) fn connection<T, N: OutputType>(list: &str, page: Page<T>, wrap: impl Fn(T) -> N) -> Connection<String, N> {
    let mut connection = Connection::new(page.has_previous, page.has_next);
    connection.edges.extend(page.edges.into_iter().map(|edge| Edge::new(encode(list, edge.cursor), wrap(edge.node))));
    connection
}

/// The page of a list without items.
pub(super) const fn empty<T>() -> Page<T> {
    Page { edges: Vec::new(), has_previous: false, has_next: false }
}

fn encode(list: &str, cursor: Cursor) -> String {
    URL_SAFE_NO_PAD.encode(match cursor {
        Cursor::Id(id) => format!("{list}:id:{}", id.simple()),
        Cursor::Sequence(sequence) => format!("{list}:seq:{sequence}"),
    })
}

fn decode(list: &str, text: &str) -> Result<Cursor, Failure> {
    let wrong = || Failure::new(Code::InvalidCursor, "the cursor is not one of this list; use one that it gave out");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let plain = String::from_utf8(bytes).map_err(|_| wrong())?;
    let parts: Vec<_> = plain.split(':').collect();
    match parts[..] {
        [name, "id", id] if name == list => Uuid::try_parse(id).map(Cursor::Id).map_err(|_| wrong()),
        [name, "seq", number] if name == list => number.parse().map(Cursor::Sequence).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}
