//! Names are taken once, plugin versions published once, revisions numbered without gap, and one is active.

use lockgate_core::agreement::{Agreement, AgreementStatus};
use lockgate_core::digest::Digest;
use lockgate_core::hook::Hook;
use lockgate_core::id::{AgreementId, PartnerId, PluginId, RevisionId};
use lockgate_core::partner::{DuplicateRule, Partner, PartnerStatus};
use lockgate_core::plugin::PluginVersion;
use lockgate_core::policy::{Grant, Owner, Rollout, Side};
use lockgate_core::ports::{Registry, RegistryError, TransferStore};

use crate::world::{World, binding, now};

#[tokio::test]
async fn a_name_is_taken_once() {
    let world = World::new().await;
    let alice = world.partner("alice").await;
    let twin = Partner {
        id: PartnerId::generate(now()),
        slug: "alice".into(),
        name: "Another".into(),
        status: PartnerStatus::Active,
        duplicates: DuplicateRule::Hold,
        created_at: now(),
    };
    let taken = world.store.add_partner(&twin).await;
    assert!(matches!(&taken, Err(RegistryError::Taken { kind: "partner", name }) if name == "alice"), "{taken:?}");
    let mut inbox = world.destination(alice, "inbox", false).await;
    inbox.id = lockgate_core::id::DestinationId::generate(now());
    let taken = world.store.add_destination(&inbox).await;
    assert!(matches!(taken, Err(RegistryError::Taken { kind: "destination", .. })), "{taken:?}");
    let unknown = world.store.update_partner(&twin).await;
    assert!(matches!(unknown, Err(RegistryError::Unknown { kind: "partner", .. })), "{unknown:?}");
    let channel = world.channel(alice).await;
    assert_eq!(world.store.channel(alice, "erp").await.expect("an answer"), Some(channel));
}

#[tokio::test]
async fn a_pair_has_one_active_agreement_and_may_have_a_new_one_when_it_ended() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let agreement = || Agreement {
        id: AgreementId::generate(now()),
        sender: alice,
        receiver: bob,
        media_types: vec!["text/csv".into()],
        max_size: Some(1 << 33),
        status: AgreementStatus::Active,
        created_at: now(),
    };
    let first = agreement();
    world.store.add_agreement(&first).await.expect("an agreement");
    assert!(matches!(world.store.add_agreement(&agreement()).await, Err(RegistryError::Taken { .. })));
    assert_eq!(world.store.agreement(alice, bob).await.expect("an answer"), Some(first.clone()));
    assert_eq!(world.store.agreement(bob, alice).await.expect("an answer"), None);
    assert_eq!(world.store.agreed_receivers(alice).await.expect("an answer").len(), 1);
    let ended = world.store.end_agreement(first.id).await.expect("an ended agreement");
    assert_eq!(ended.status, AgreementStatus::Ended);
    assert!(world.store.agreed_receivers(alice).await.expect("an answer").is_empty());
    world.store.add_agreement(&agreement()).await.expect("a new agreement");
}

#[tokio::test]
async fn a_build_is_published_once_per_owner_and_bound_by_its_owner_or_by_all_if_it_is_the_houses() {
    let world = World::new().await;
    let (alice, bob) = (Owner::Partner(world.partner("alice").await), Owner::Partner(world.partner("bob").await));
    let own = world.plugin(alice, "mask-pii").await;
    let again = PluginVersion { plugin: PluginId::generate(now()), size: 8, ..own.clone() };
    let kept = world.store.add_plugin(&again).await.expect("what is there");
    assert_eq!((&kept.version, kept.repeated), (&own, true));
    assert_eq!(world.store.plugin_id(alice, "mask-pii").await.expect("an answer"), Some(own.plugin));
    assert_eq!(world.store.bindable(alice, &own.digest).await.expect("an answer"), Some(own.clone()));
    assert_eq!(world.store.bindable(bob, &own.digest).await.expect("an answer"), None);
    assert_eq!(world.store.bindable(Owner::House, &own.digest).await.expect("an answer"), None);
    let house = world.plugin(Owner::House, "mask-pii").await;
    assert_eq!(world.store.bindable(bob, &own.digest).await.expect("an answer"), Some(house));
    assert_eq!(world.store.bindable(alice, &own.digest).await.expect("an answer"), Some(own), "its own comes first");
    assert_eq!(world.store.bindable(bob, &Digest::of(b"unknown")).await.expect("an answer"), None);
}

#[tokio::test]
async fn revisions_are_numbered_without_gap_however_many_publish_at_once_and_read_back_whole() {
    let world: &'static World = Box::leak(Box::new(World::new().await));
    let alice = Owner::Partner(world.partner("alice").await);
    let mut it = binding(alice, Hook::Mask);
    it.grants = vec![Grant::Detect, Grant::Lookup { tables: vec!["countries".into()] }];
    let mut publishing = vec![];
    for _ in 0..6 {
        let bindings = vec![it.clone()];
        publishing.push(tokio::spawn(async move { world.revision(alice, Side::Inbound, bindings).await }));
    }
    let mut numbers = vec![];
    for publication in publishing {
        let revision = publication.await.expect("no panic");
        assert_eq!((revision.rollout, &revision.bindings), (Rollout::Draft, &vec![it.clone()]));
        assert_eq!(world.store.find_revision(revision.id).await.expect("an answer"), Some(revision.clone()));
        numbers.push(revision.number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn activating_a_revision_retires_the_one_before_and_a_retired_one_may_come_back() {
    let world = World::new().await;
    let alice = Owner::Partner(world.partner("alice").await);
    let one = world.active(alice, Side::Inbound, vec![]).await;
    let other_side = world.active(alice, Side::Outbound, vec![]).await;
    let two = world.active(alice, Side::Inbound, vec![]).await;
    let active: Vec<_> = world.store.active_revisions().await.expect("revisions").iter().map(|it| it.id).collect();
    assert_eq!(active, [two.id, other_side.id]);
    let retired = world.store.revision(one.id).await.expect("an answer").expect("a revision");
    assert_eq!(retired.rollout, Rollout::Retired);
    let back = world.store.activate_revision(one.id, now()).await.expect("a rollback");
    assert_eq!(back.rollout, Rollout::Active);
    assert_eq!(world.store.activate_revision(one.id, now()).await.expect("a repeat"), back, "a repeat changed it");
    let nobody = world.store.activate_revision(RevisionId::generate(now()), now()).await;
    assert!(matches!(nobody, Err(RegistryError::Unknown { kind: "policy revision", .. })), "{nobody:?}");
}
