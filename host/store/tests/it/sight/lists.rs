//! Lists: paged by key from both ends, filtered, and at a constant number of statements.

use lockgate_core::command::Work;
use lockgate_core::consignment::ConsignmentState;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::id::{ConsignmentId, TransferId};
use lockgate_core::partner::PartnerStatus;
use lockgate_core::ports::{
    ConsignmentFilter, Cursor, Page, PageRequest, PartnerFilter, TransferFilter, TransferStore,
};
use lockgate_core::transfer::{Transfer, TransferState};
use lockgate_core::viewer::Role;

use crate::world::World;

fn ids(page: &Page<Transfer>) -> Vec<TransferId> {
    page.edges.iter().map(|edge| edge.node.id).collect()
}

#[tokio::test]
async fn transfers_are_paged_newest_first_from_both_ends_for_each_role() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let mut sent = vec![];
    for turn in 0..6 {
        let (from, to) = if turn % 2 == 0 { (alice, bob) } else { (bob, alice) };
        sent.push(world.accepted(from, &[to]).await[0].transfer);
        world.accepted(carol, &[carol]).await;
    }
    // Ids of the same millisecond are in no order of making.
    sent.sort();
    sent.reverse();
    let view = world.view(Role::Partner(alice)).await;
    let any = TransferFilter::default();
    let first = view.transfers(&any, &PageRequest::first(4)).await.expect("a page");
    assert_eq!((ids(&first), first.has_previous, first.has_next), (sent[..4].to_vec(), false, true));
    let after = Some(first.edges[3].cursor);
    let second = view.transfers(&any, &PageRequest { after, ..PageRequest::first(4) }).await.expect("a page");
    assert_eq!((ids(&second), second.has_previous, second.has_next), (sent[4..].to_vec(), true, false));
    let before = Some(second.edges[0].cursor);
    let back = PageRequest { before, backward: true, ..PageRequest::first(3) };
    let back = view.transfers(&any, &back).await.expect("a page");
    assert_eq!((ids(&back), back.has_previous, back.has_next), (sent[1..4].to_vec(), true, true));
    let last = PageRequest { backward: true, ..PageRequest::first(2) };
    assert_eq!(ids(&view.transfers(&any, &last).await.expect("a page")), sent[4..]);

    let operator = world.view(Role::Operator).await;
    assert_eq!(operator.transfers(&any, &PageRequest::first(50)).await.expect("a page").edges.len(), 12);
    let wrong = PageRequest { after: Some(Cursor::Sequence(3)), ..PageRequest::first(4) };
    assert!(operator.transfers(&any, &wrong).await.is_err(), "a provenance cursor pages transfers");
}

#[tokio::test]
async fn a_list_turned_round_has_the_same_places() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let mut sent = vec![];
    for _ in 0..5 {
        sent.push(world.accepted(alice, &[bob]).await[0].transfer);
    }
    sent.sort();
    let any = TransferFilter::default();
    let oldest = |limit| PageRequest { oldest_first: true, ..PageRequest::first(limit) };
    for role in [Role::Partner(alice), Role::Partner(bob), Role::Operator] {
        let view = world.view(role).await;
        let first = view.transfers(&any, &oldest(2)).await.expect("a page");
        assert_eq!((ids(&first), first.has_previous, first.has_next), (sent[..2].to_vec(), false, true));
        let cursor = Some(first.edges[1].cursor);
        let second = view.transfers(&any, &PageRequest { after: cursor, ..oldest(9) }).await.expect("a page");
        assert_eq!((ids(&second), second.has_previous, second.has_next), (sent[2..].to_vec(), true, false));
        let last = view.transfers(&any, &PageRequest { backward: true, ..oldest(2) }).await.expect("a page");
        assert_eq!((ids(&last), last.has_previous, last.has_next), (sent[3..].to_vec(), true, false));
        let before = PageRequest { before: Some(second.edges[1].cursor), backward: true, ..oldest(2) };
        let before = view.transfers(&any, &before).await.expect("a page");
        assert_eq!((ids(&before), before.has_previous, before.has_next), (sent[1..3].to_vec(), true, true));
        let newest = PageRequest { after: cursor, ..PageRequest::first(9) };
        assert_eq!(ids(&view.transfers(&any, &newest).await.expect("a page")), [sent[0]], "the same place");
    }
}

#[tokio::test]
async fn shares_and_deliveries_are_found_by_what_they_belong_to() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let first = world.accepted(alice, &[bob, carol]).await;
    let second = world.accepted(carol, &[bob]).await;
    let shares = async |role: Role, filter: ConsignmentFilter| {
        let view = world.view(role).await;
        let page = view.consignments(&filter, &PageRequest::first(10)).await.expect("a page");
        let mut found: Vec<_> = page.edges.iter().map(|edge| edge.node.id).collect();
        found.sort();
        found
    };
    let sorted = |mut ids: Vec<ConsignmentId>| {
        ids.sort();
        ids
    };
    let any = ConsignmentFilter::default;
    let of_bob = sorted(vec![first[0].id, second[0].id]);
    assert_eq!(shares(Role::Partner(bob), any()).await, of_bob);
    assert_eq!(shares(Role::Operator, ConsignmentFilter { receiver: Some(bob), ..any() }).await, of_bob);
    assert_eq!(shares(Role::Partner(bob), ConsignmentFilter { sender: Some(carol), ..any() }).await, [second[0].id]);
    let of_first = ConsignmentFilter { transfer: Some(first[0].transfer), ..any() };
    assert_eq!(shares(Role::Partner(bob), of_first.clone()).await, [first[0].id]);
    assert_eq!(shares(Role::Operator, of_first).await, sorted(vec![first[0].id, first[1].id]));
    assert!(shares(Role::Partner(bob), ConsignmentFilter { receiver: Some(carol), ..any() }).await.is_empty());
    let states = vec![ConsignmentState::Pending];
    assert_eq!(shares(Role::Partner(bob), ConsignmentFilter { states, ..any() }).await, of_bob);
    let states = vec![ConsignmentState::Rejected, ConsignmentState::Held];
    assert!(shares(Role::Partner(bob), ConsignmentFilter { states, ..any() }).await.is_empty());

    let view = world.view(Role::Operator).await;
    let partners = async |filter: PartnerFilter| {
        let page = view.partners(&filter, &PageRequest::first(10)).await.expect("a page");
        page.edges.into_iter().map(|edge| edge.node.slug).collect::<Vec<_>>()
    };
    let named = |prefix: &str| PartnerFilter { slug_prefix: Some(prefix.to_owned()), ..PartnerFilter::default() };
    assert!(partners(named("ali")).await.iter().all(|slug| slug.starts_with("ali")));
    assert!(!partners(named("ali")).await.is_empty());
    assert!(partners(named("%")).await.is_empty(), "a prefix is no pattern");
    let suspended = PartnerFilter { status: Some(PartnerStatus::Suspended), ..PartnerFilter::default() };
    assert!(partners(suspended).await.is_empty());
}

#[tokio::test]
async fn a_filter_narrows_and_never_tells_whom_else_a_sender_addressed() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let shared = world.accepted(alice, &[bob, carol]).await[0].transfer;
    let waiting = world.received(alice, &[carol]).await.id;
    let found = async |role: Role, filter: TransferFilter| {
        let view = world.view(role).await;
        let mut found = ids(&view.transfers(&filter, &PageRequest::first(10)).await.expect("a page"));
        found.sort();
        found
    };
    let any = TransferFilter::default;
    let mut both = vec![shared, waiting];
    both.sort();
    assert_eq!(found(Role::Partner(alice), any()).await, both);
    assert_eq!(found(Role::Partner(alice), TransferFilter { receiver: Some(carol), ..any() }).await, both);
    let received = TransferFilter { states: vec![TransferState::Received], ..any() };
    assert_eq!(found(Role::Partner(alice), received).await, [waiting]);
    assert_eq!(found(Role::Partner(carol), any()).await, [shared], "what was only addressed has not come");
    let probe = TransferFilter { receiver: Some(carol), ..any() };
    assert_eq!(found(Role::Partner(bob), probe).await, [], "bob learns that carol was addressed as well");
    let named = TransferFilter { file_name: Some("other.csv".into()), ..any() };
    assert_eq!(found(Role::Operator, named).await, []);
}

#[tokio::test]
async fn transfers_with_dead_letters_are_found_and_counted_by_whoever_sees_the_deliveries() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let (inbox, other) = (world.destination(bob, "inbox", false).await, world.destination(carol, "inbox", false).await);
    let mut dead = vec![];
    for turn in 0..4 {
        let shares = world.accepted(alice, &[bob, carol]).await;
        let sent = [(bob, &inbox), (carol, &other)].map(|(to, at)| (shares.iter().find(|it| it.receiver == to), at));
        for (share, destination) in sent {
            let delivery = world.released(share.expect("a share"), &[destination]).await.remove(0);
            if turn > 0 && delivery.receiver == bob {
                let claim = world.claim(Work::Delivery(delivery.id)).await;
                let refused = world.attempting(&claim, Answer::refused(Cause::Refused, "no"));
                world.store.commit(&refused).await.expect("a dead letter");
                dead.push(delivery.transfer);
            }
        }
    }
    dead.sort();
    let found = async |role: Role, wanted: bool, page: PageRequest| {
        let view = world.view(role).await;
        let filter = TransferFilter { dead_lettered: Some(wanted), ..TransferFilter::default() };
        let page = view.transfers(&filter, &page).await.expect("a page");
        let found = ids(&page);
        let mut counted = view.dead_letters_of(&found).await.expect("counts");
        counted.sort();
        (found, counted, page.has_next)
    };
    let oldest = |limit| PageRequest { oldest_first: true, ..PageRequest::first(limit) };
    for role in [Role::Operator, Role::Partner(bob)] {
        let each_one = dead.iter().map(|id| (*id, 1)).collect();
        assert_eq!(found(role, true, oldest(9)).await, (dead.clone(), each_one, false), "{role:?}");
        assert_eq!(found(role, true, PageRequest::first(1)).await, (vec![dead[2]], vec![(dead[2], 1)], true));
        let (well, counted, _) = found(role, false, oldest(9)).await;
        assert_eq!((well.len(), counted), (1, vec![]), "{role:?}");
    }
    for role in [Role::Partner(alice), Role::Partner(carol)] {
        assert_eq!(found(role, true, oldest(9)).await, (vec![], vec![], false), "{role:?}");
        assert_eq!(found(role, false, oldest(9)).await.0.len(), 4, "{role:?} sees no dead letter");
    }
}

#[tokio::test]
async fn a_page_costs_the_same_number_of_statements_whatever_its_size() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", false).await;
    let mut costs = vec![];
    for _ in 0..2 {
        for _ in 0..3 {
            let share = world.accepted(alice, &[bob]).await.remove(0);
            world.released(&share, &[&inbox]).await;
        }
        let before = world.store.snapshot_statements();
        let view = world.view(Role::Partner(bob)).await;
        let page = view.transfers(&TransferFilter::default(), &PageRequest::first(50)).await.expect("a page");
        let transfers = ids(&page);
        let shares: Vec<_> =
            view.consignments_of(&transfers).await.expect("consignments").iter().map(|it| it.id).collect();
        let sent: Vec<_> = view.deliveries_of(&shares).await.expect("deliveries").iter().map(|it| it.id).collect();
        view.attempts_of(&sent).await.expect("attempts");
        view.decisions_of(&transfers).await.expect("decisions");
        view.provenance_of(&transfers, &PageRequest::first(5)).await.expect("pages");
        assert_eq!((shares.len(), sent.len()), (transfers.len(), transfers.len()));
        costs.push(world.store.snapshot_statements() - before);
    }
    assert_eq!(costs, [7, 7], "one each, and one to have lookups planned once");
}

#[tokio::test]
async fn a_view_stays_at_its_moment() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let view = world.view(Role::Partner(alice)).await;
    let before = view.transfers_by_id(&[transfer.id]).await.expect("a transfer");
    world.claim(Work::Transfer(transfer.id)).await;
    assert_eq!(view.transfers_by_id(&[transfer.id]).await.expect("a transfer"), before);
    assert_ne!(world.transfer(transfer.id).await, before[0]);
}
