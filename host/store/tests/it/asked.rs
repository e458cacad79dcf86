//! What many ask at the same time is answered to each as if it had asked alone.

use std::time::Duration;

use futures::future::join_all;
use lockgate_core::agreement::{Agreement, AgreementStatus};
use lockgate_core::id::{AgreementId, PartnerId};
use lockgate_core::policy::Owner;
use lockgate_core::ports::{Registry, SecretBytes, TransferStore, Vault};

use crate::world::{World, now};

/// Who asks for whom, and to whom it may send; none for a sender that does not exist.
type Question<'a> = (PartnerId, Vec<&'a str>, Option<&'a [PartnerId]>);

async fn agree(world: &World, sender: PartnerId, receiver: PartnerId) {
    let agreement = Agreement {
        id: AgreementId::generate(now()),
        sender,
        receiver,
        media_types: vec![],
        max_size: None,
        status: AgreementStatus::Active,
        created_at: now(),
    };
    world.store.add_agreement(&agreement).await.expect("an agreement");
}

#[tokio::test]
async fn every_sender_is_told_of_its_own_agreements() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    agree(&world, alice, bob).await;
    agree(&world, alice, carol).await;
    agree(&world, bob, alice).await;
    let stranger = PartnerId::generate(now());
    let (by_id, nobody) = (carol.to_string(), "a\0b".to_owned());
    let questions: [Question<'_>; 7] = [
        (alice, vec!["bob"], Some(&[bob])),
        (alice, vec!["bob", &by_id, "nobody"], Some(&[bob, carol])),
        (bob, vec!["alice", "carol"], Some(&[alice])),
        (bob, vec![&nobody], Some(&[])),
        (carol, vec!["alice"], Some(&[])),
        (carol, vec![], Some(&[])),
        (stranger, vec!["alice"], None),
    ];
    for times in [1, 8] {
        let asked = questions.iter().cycle().take(questions.len() * times).map(async |(sender, named, wanted)| {
            let named: Vec<_> = named.iter().map(|it| (*it).to_owned()).collect();
            let found = world.store.addressing(*sender, &named).await.expect("an answer");
            let agreed = found.map(|it| {
                assert_eq!(it.sender.id, *sender);
                it.agreed
                    .into_iter()
                    .map(|(receiver, agreement)| {
                        assert_eq!((agreement.sender, agreement.receiver), (*sender, receiver.id));
                        receiver.id
                    })
                    .collect::<Vec<_>>()
            });
            let sorted = |mut ids: Vec<_>| {
                ids.sort_unstable();
                ids
            };
            assert_eq!(agreed.map(sorted), wanted.map(|it| sorted(it.to_vec())), "{named:?}");
        });
        join_all(asked).await;
    }
}

#[tokio::test]
async fn every_message_is_told_of_its_own_channel_and_secret() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let (of_alice, of_bob) = (world.channel(alice).await, world.channel(bob).await);
    for (owner, value) in [(alice, "hers"), (bob, "his")] {
        let secret = SecretBytes::new(value.as_bytes().to_vec());
        world.store.put_secret(Owner::Partner(owner), "signing", secret, Duration::ZERO).await.expect("a secret");
    }
    let questions = [
        (alice, "erp", "signing", Some(&of_alice), Some("hers")),
        (bob, "erp", "signing", Some(&of_bob), Some("his")),
        (alice, "other", "other", None, None),
        (PartnerId::generate(now()), "erp", "signing", None, None),
        (bob, "e\0rp", "sign\0ing", None, None),
    ];
    let asked = questions.iter().cycle().take(50).map(async |(partner, channel, secret, wanted, value)| {
        let found = world.store.channel(*partner, channel).await.expect("an answer");
        assert_eq!(found.as_ref(), *wanted);
        let good = world.store.good_secrets(*partner, secret).await.expect("an answer");
        let wanted: Vec<_> = value.iter().map(|it| SecretBytes::new(it.as_bytes().to_vec())).collect();
        assert_eq!(good, wanted);
        assert_eq!(
            world.store.channels(*partner, &[(*channel).to_owned()]).await.expect("an answer").len(),
            wanted.len()
        );
    });
    join_all(asked).await;
}
