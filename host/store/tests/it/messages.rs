//! What becomes of messages is written together, and each is answered for itself.

use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::digest::Digest;
use lockgate_core::hook::Hook;
use lockgate_core::id::{NotificationId, TransferId};
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{CommitError, PageRequest, TransferStore};
use lockgate_core::provenance::link;
use lockgate_core::state::NotificationMove;
use lockgate_core::viewer::Role;

use crate::world::{World, binding, message_to, now};

fn attempted(world: &World, answer: Answer) -> NotificationMove {
    NotificationMove::Attempt { attempt: world.attempt(answer), next: Some(now()), channel: None }
}

/// Transfers of which somebody is told, each composed into ten parts; the parts that nobody holds.
async fn composed(world: &World, transfers: usize) -> Vec<(TransferId, NotificationId)> {
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.active(Owner::Partner(alice), Side::Inbound, vec![binding(Owner::Partner(alice), Hook::Notify)]).await;
    let mut parts = vec![];
    for _ in 0..transfers {
        let transfer = world.received(alice, &[bob]).await.id;
        let view = world.view(Role::Operator).await;
        let told = view.notifications_of(&[transfer]).await.expect("notifications");
        let composing = world.moving(told[0].id, NotificationMove::Compose(vec![message_to("hook"); 10])).await;
        world.store.commit(&composing).await.expect("composed");
        let view = world.view(Role::Operator).await;
        let told = view.notifications_of(&[transfer]).await.expect("notifications");
        parts.extend(told.iter().filter(|it| it.part > 0).map(|it| (transfer, it.id)));
    }
    parts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_end_at_once_are_written_each_once_and_make_one_chain_per_transfer() {
    let world: &'static World = Box::leak(Box::new(World::new().await));
    let parts = composed(world, 4).await;
    let mut commits = vec![];
    for (place, (_, id)) in parts.iter().enumerate() {
        let answer = match place % 3 {
            0 => Answer::Failed { error: "503".to_owned(), cause: Cause::Refused, retry_after: None, response: None },
            _ => Answer::Taken { receipt: "200".into() },
        };
        let change = world.moving(*id, attempted(world, answer)).await;
        // A second one of the same, as a host would write that does not know that it lost its claim.
        for _ in 0..2 {
            let change = change.clone();
            commits.push(tokio::spawn(async move { world.store.commit(&change).await }));
        }
    }
    let (mut done, mut stale) = (0, 0);
    for commit in commits {
        match commit.await.expect("no panic") {
            Ok(()) => done += 1,
            Err(CommitError::Stale(_)) => stale += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((done, stale), (parts.len(), parts.len()), "one of two is too late");
    let count = |sql: &'static str| world.number(sql);
    let taken = parts.iter().enumerate().filter(|(place, _)| place % 3 > 0).count();
    assert_eq!(count("select count(*) from notifications where state = 'sent'").await, taken as i64);
    assert_eq!(count("select count(*) from provenance where kind = 'notified'").await, taken as i64);
    let again = "select count(*) from notifications where state = 'scheduled' and attempts = 1 and last_error = '503'
                 and claimed_by is null";
    assert_eq!(count(again).await, (parts.len() - taken) as i64);
    let transactions = count("select count(distinct xmin::text) from notifications where part > 0").await;
    assert!(transactions < parts.len() as i64, "each was written for itself: {transactions} transactions");
    let mut transfers: Vec<_> = parts.iter().map(|(transfer, _)| *transfer).collect();
    transfers.dedup();
    for transfer in transfers {
        let view = world.view(Role::Operator).await;
        let pages = view.provenance_of(&[transfer], &PageRequest::first(100)).await.expect("a page");
        let mut head = Digest::default();
        for edge in &pages[0].1.edges {
            head = link(head, edge.node.sequence, &edge.node.entry);
            assert_eq!(head, edge.node.link, "entry {} does not follow the one before", edge.node.sequence);
        }
        let last = pages[0].1.edges.last().expect("entries").node.sequence;
        assert_eq!(world.transfer(transfer).await.provenance_length, last);
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_written_costs_no_other_one_its_commit() {
    let world = World::new().await;
    let parts = composed(&world, 1).await;
    let taken = || attempted(&world, Answer::Taken { receipt: "200".into() });
    let first = world.moving(parts[0].1, taken()).await;
    let good = world.moving(parts[1].1, taken()).await;
    let bad = world.moving(parts[2].1, taken()).await;
    // The database refuses this one's row, whoever writes it.
    let id = parts[2].1.uuid();
    let refusal =
        format!("alter table notifications add constraint unwritten check (id <> '{id}' or sent = 0) not valid");
    world.run(&refusal).await;
    // While the first is written the two others wait, and are tried together.
    let commit = |change| world.store.commit(change);
    let (first, good, bad) = tokio::join!(commit(&first), commit(&good), commit(&bad));
    assert!(first.is_ok() && good.is_ok(), "{first:?} {good:?}");
    assert!(matches!(bad, Err(CommitError::Store(_))), "{bad:?}");
    assert_eq!(world.number("select count(*) from notifications where state = 'sent'").await, 2);
}
