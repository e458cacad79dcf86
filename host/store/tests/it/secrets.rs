//! The vault seals secrets for their owner and name, and keeps every version of a lookup table.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use lockgate_core::policy::Owner;
use lockgate_core::ports::{SecretBytes, Vault, VaultError};
use lockgate_store::{PgStore, SecretsKey, StoreConfig};

use crate::world::World;

fn secret(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

#[tokio::test]
async fn a_secret_is_read_back_by_its_owner_and_name_only() {
    let world = World::new().await;
    let (alice, bob) = (Owner::Partner(world.partner("alice").await), Owner::Partner(world.partner("bob").await));
    let vault = &world.store;
    vault.put_secret(alice, "webhook", secret("old"), Duration::ZERO).await.expect("a secret");
    vault.put_secret(alice, "webhook", secret("new"), Duration::ZERO).await.expect("a secret");
    vault.put_secret(Owner::House, "webhook", secret("house"), Duration::ZERO).await.expect("a secret");
    assert_eq!(vault.secret(alice, "webhook").await.expect("an answer"), Some(secret("new")));
    assert_eq!(vault.secret(Owner::House, "webhook").await.expect("an answer"), Some(secret("house")));
    assert_eq!(vault.secret(bob, "webhook").await.expect("an answer"), None);
    assert_eq!(vault.secret(alice, "other").await.expect("an answer"), None);
    assert_eq!(world.number("select count(*) from secrets where sealed like '%new%'").await, 0);
}

#[tokio::test]
async fn a_secret_is_added_once_and_stays_what_it_was() {
    let world = World::new().await;
    let alice = Owner::Partner(world.partner("alice").await);
    let add =
        async |owner, value: &str| world.store.add_secret(owner, "webhook", secret(value)).await.expect("an answer");
    let found = async |owner| world.store.secret(owner, "webhook").await.expect("an answer");
    assert!(add(alice, "first").await);
    assert!(!add(alice, "second").await);
    assert_eq!(found(alice).await, Some(secret("first")));
    assert!(add(Owner::House, "house").await, "another owner's name");
}

#[tokio::test]
async fn a_replaced_secret_stays_good_for_its_grace_and_no_longer() {
    let world = World::new().await;
    let partner = world.partner("alice").await;
    let (alice, vault) = (Owner::Partner(partner), &world.store);
    let put = async |value: &str, grace| vault.put_secret(alice, "webhook", secret(value), grace).await.expect("kept");
    let good = async || vault.good_secrets(partner, "webhook").await.expect("an answer");
    assert_eq!(good().await, [], "none is set");
    let day = Duration::from_secs(24 * 60 * 60);
    put("first", day).await;
    assert_eq!(good().await, [secret("first")], "there was none before the first");
    put("second", day).await;
    assert_eq!(good().await, [secret("second"), secret("first")]);
    assert_eq!(vault.secret(alice, "webhook").await.expect("an answer"), Some(secret("second")));
    world.run("update secrets set former_until = former_until - interval '1 day'").await;
    assert_eq!(good().await, [secret("second")], "the time of the first is over");
    put("third", day).await;
    put("fourth", Duration::ZERO).await;
    assert_eq!(good().await, [secret("fourth")], "a secret that leaked is gone at once");
    assert_eq!(world.number("select count(*) from secrets where former_sealed is not null").await, 0);
}

#[tokio::test]
async fn a_secret_does_not_open_under_another_key_or_for_another_owner() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.store.put_secret(Owner::Partner(alice), "webhook", secret("mine"), Duration::ZERO).await.expect("a secret");

    let other = SecretsKey::new(vec![8; 32]).expect("32 bytes");
    let other = PgStore::connect(&StoreConfig::new(world.url.clone(), other)).await.expect("a store");
    let wrong = other.secret(Owner::Partner(alice), "webhook").await;
    assert!(matches!(&wrong, Err(VaultError::WrongKey(name)) if name == "webhook"), "{wrong:?}");

    world.run(&format!("update secrets set owner = '{}'", bob.uuid())).await;
    let stolen = world.store.secret(Owner::Partner(bob), "webhook").await;
    assert!(matches!(stolen, Err(VaultError::WrongKey(_))), "a copied row opened for another owner: {stolen:?}");
}

#[tokio::test]
async fn the_tokenization_key_is_made_once_however_many_ask_first() {
    let world = World::new().await;
    let alice = Owner::Partner(world.partner("alice").await);
    let mut asking = vec![];
    for _ in 0..8 {
        let store = world.store.clone();
        asking.push(tokio::spawn(async move { store.tokenization_key(alice).await.expect("a key").expose().to_vec() }));
    }
    let mut keys = HashSet::new();
    for it in asking {
        keys.insert(it.await.expect("no panic"));
    }
    assert_eq!(keys.len(), 1);
    assert!(keys.iter().all(|key| key.len() == 32));
    let house = world.store.tokenization_key(Owner::House).await.expect("a key");
    assert!(!keys.contains(house.expose()), "two owners share a key");
}

#[tokio::test]
async fn a_lookup_table_has_numbered_versions_and_the_newest_is_read() {
    let world = World::new().await;
    let alice = Owner::Partner(world.partner("alice").await);
    let table = |value: &str| HashMap::from([("DE".to_owned(), value.to_owned())]);
    assert!(world.store.table(alice, "countries").await.expect("an answer").is_none());
    let mut putting = vec![];
    for turn in 0..4 {
        let (store, entries) = (world.store.clone(), table(&turn.to_string()));
        putting
            .push(tokio::spawn(async move { store.put_table(alice, "countries", entries).await.expect("a version") }));
    }
    let mut versions = vec![];
    for it in putting {
        versions.push(it.await.expect("no panic"));
    }
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4]);
    world.store.table(alice, "countries").await.expect("an answer").expect("a table");
    world.store.put_table(alice, "countries", table("Germany")).await.expect("a version");
    let newest = world.store.table(alice, "countries").await.expect("an answer").expect("a table");
    assert_eq!((newest.version, &newest.entries), (5, &table("Germany")));
    assert_eq!(world.number("select count(*) from lookup_tables").await, 5);
}

#[test]
fn a_key_of_another_length_is_refused_with_the_remedy() {
    let refused = SecretsKey::new(vec![1; 16]).expect_err("16 bytes are too few");
    assert!(refused.to_string().contains("32 random bytes"), "{refused}");
}
