//! Pages in memory, by the same rules as the store's: a list has one order, a window only moves over it.

use lockgate_core::ports::{Cursor, Edge, Page, PageRequest};
use lockgate_core::provenance::ChainedEntry;
use uuid::Uuid;

/// A page of a list that shows the newest first, or the oldest if asked to.
pub(super) fn by_id<T>(mut items: Vec<T>, request: &PageRequest, id: impl Fn(&T) -> Uuid) -> Page<T> {
    items.sort_by_key(|it| std::cmp::Reverse(id(it)));
    if request.oldest_first {
        items.reverse();
    }
    page(items, request, |it| Cursor::Id(id(it)))
}

/// A page of a chain, from its beginning.
pub(super) fn by_sequence(mut items: Vec<ChainedEntry>, request: &PageRequest) -> Page<ChainedEntry> {
    items.sort_by_key(|it| it.sequence);
    page(items, request, |it| Cursor::Sequence(it.sequence))
}

fn page<T>(items: Vec<T>, request: &PageRequest, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
    let place = |wanted: Cursor| items.iter().position(|it| cursor(it) == wanted);
    let start = request.after.and_then(place).map_or(0, |at| at + 1);
    let end = request.before.and_then(place).unwrap_or(items.len()).max(start);
    let (start, end) = match request.backward {
        true => (start.max(end.saturating_sub(request.limit)), end),
        false => (start, end.min(start + request.limit)),
    };
    let (has_previous, has_next) = (start > 0, end < items.len());
    let window = items.into_iter().skip(start).take(end - start);
    let edges = window.map(|node| Edge { cursor: cursor(&node), node }).collect();
    Page { edges, has_previous, has_next }
}
