//! The chain of provenance can be recomputed from what is read.

use lockgate_core::digest::Digest;
use lockgate_core::id::TransferId;
use lockgate_core::ports::{Cursor, PageRequest, TransferStore};
use lockgate_core::provenance::{Actor, ChainedEntry, Entry, EntryKind, link};
use lockgate_core::viewer::Role;

use crate::world::{World, now};

async fn chain(world: &World, of: TransferId, page: &PageRequest) -> Vec<ChainedEntry> {
    let view = world.view(Role::Operator).await;
    let pages = view.provenance_of(&[of], page).await.expect("pages");
    pages.into_iter().flat_map(|(_, page)| page.edges).map(|edge| edge.node).collect()
}

#[tokio::test]
async fn every_link_of_a_whole_line_recomputes_up_to_the_head() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", false).await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let delivery = world.released(&share, &[&inbox]).await.remove(0);
    world.delivered(delivery.id).await;
    let fetched = Entry {
        kind: EntryKind::Fetched,
        consignment: Some(share.id),
        delivery: None,
        actor: Actor::Person("bob's clerk".into()),
        // Out of order, with a number, a nested object and what jsonb cannot hold.
        details: serde_json::json!({ "z": 1.5, "a": { "y": [1, 2], "b": "nul\u{0}" }, "n": 18_446_744_073_709_551_615_u64 }),
        trace_id: None,
        at: now() + std::time::Duration::from_nanos(123),
    };
    world.store.append(share.transfer, &fetched).await.expect("an appended entry");

    let entries = chain(&world, share.transfer, &PageRequest::first(100)).await;
    let kinds: Vec<_> = entries.iter().map(|it| it.entry.kind.name()).collect();
    assert_eq!(
        kinds,
        [
            "announced",
            "received",
            "claimed",
            "judged",
            "accepted",
            "routed",
            "claimed",
            "judged",
            "accepted",
            "claimed",
            "delivered",
            "finished",
            "fetched"
        ]
    );
    let mut head = Digest::default();
    for (place, it) in (1..).zip(&entries) {
        assert_eq!(it.sequence, place);
        head = link(head, place, &it.entry);
        assert_eq!(it.link, head, "entry {place} ({}) does not recompute", it.entry.kind.name());
    }
    let transfer = world.transfer(share.transfer).await;
    assert_eq!((transfer.provenance_length, transfer.provenance_head), (entries.len() as u64, head));
}

#[tokio::test]
async fn many_that_append_at_once_make_one_chain() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let id = world.received(alice, &[bob]).await.id;
    let mut appending = vec![];
    for turn in 0..12 {
        let store = world.store.clone();
        let actor = Actor::Person(format!("reader {turn}"));
        let details = serde_json::json!({ "turn": turn });
        let kind = EntryKind::Fetched;
        let entry = Entry { kind, consignment: None, delivery: None, actor, details, trace_id: None, at: now() };
        appending.push(tokio::spawn(async move { store.append(id, &entry).await.expect("an appended entry") }));
    }
    for it in appending {
        it.await.expect("no panic");
    }
    let entries = chain(&world, id, &PageRequest::first(100)).await;
    let sequences: Vec<_> = entries.iter().map(|it| it.sequence).collect();
    assert_eq!(sequences, (1..=14).collect::<Vec<_>>());
}

#[tokio::test]
async fn provenance_is_paged_from_both_ends() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let sequences = async |page: PageRequest| {
        chain(&world, share.transfer, &page).await.iter().map(|it| it.sequence).collect::<Vec<_>>()
    };
    let after = Some(Cursor::Sequence(2));
    assert_eq!(sequences(PageRequest { after, ..PageRequest::first(2) }).await, [3, 4]);
    assert_eq!(sequences(PageRequest { backward: true, ..PageRequest::first(2) }).await, [5, 6]);
    let before = Some(Cursor::Sequence(5));
    assert_eq!(sequences(PageRequest { before, backward: true, ..PageRequest::first(2) }).await, [3, 4]);
}

#[tokio::test]
async fn what_was_proven_cannot_be_changed_by_a_host() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.accepted(alice, &[bob]).await;
    let proof = [("provenance", "link"), ("decisions", "findings"), ("events", "attributes"), ("attempts", "answer")];
    for (table, column) in proof {
        for verb in [format!("delete from {table}"), format!("update {table} set {column} = {column}")] {
            let mut worker = world.raw().await;
            sqlx::query("set role lockgate_worker").execute(&mut worker).await.expect("a role");
            let done = sqlx::raw_sql(sqlx::AssertSqlSafe(verb.clone())).execute(&mut worker).await;
            let code = done.err().and_then(|error| error.as_database_error()?.code().map(|it| it.into_owned()));
            assert_eq!(code.as_deref(), Some("42501"), "a host may `{verb}`");
        }
    }
}
