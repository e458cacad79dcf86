//! Secure URLs in Postgres: counted once whoever counts at once, proven with what they open, and never readable by
//! people.

use std::time::Duration;

use lockgate_core::digest::Digest;
use lockgate_core::id::{PartnerId, SecureUrlId, TransferId};
use lockgate_core::ports::{PageRequest, SecureUrlStore};
use lockgate_core::provenance::{Actor, Entry, EntryKind};
use lockgate_core::secure_url::{MAX_FAILURES, Purpose, SecureUrl, Token, UrlState};
use lockgate_core::time::Timestamp;
use lockgate_core::viewer::Role;

use crate::world::{World, now};

fn url(partner: PartnerId, purpose: Purpose, max_uses: u32) -> SecureUrl {
    SecureUrl {
        id: SecureUrlId::generate(now()),
        partner,
        purpose,
        has_passphrase: false,
        failures: 0,
        max_uses,
        uses: 0,
        note: "for the auditors".to_owned(),
        author: "ada".to_owned(),
        created_at: now(),
        expires_at: now() + Duration::from_secs(3600),
        revoked_at: None,
    }
}

fn entry(kind: EntryKind) -> Entry {
    Entry {
        kind,
        consignment: None,
        delivery: None,
        actor: Actor::Person("ada".to_owned()),
        details: serde_json::json!({}),
        trace_id: None,
        at: now(),
    }
}

/// A ticket that nobody asks for.
fn ticket() -> (Digest, Timestamp) {
    (Token::generate().digest(), now() + Duration::from_secs(3600))
}

async fn kinds(world: &World, transfer: TransferId) -> Vec<String> {
    let sql = "select kind from provenance where transfer = $1 order by sequence";
    sqlx::query_scalar(sql).bind(transfer.uuid()).fetch_all(&mut world.raw().await).await.expect("the chain")
}

#[tokio::test]
async fn a_url_is_found_by_its_token_and_proven_in_the_chain_of_what_it_opens() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await.id;
    let (made, token) = (url(alice, Purpose::Download { transfer }, 2), Token::generate());
    let created = entry(EntryKind::UrlCreated);
    world.store.add_url(&made, token.digest(), None, Some((transfer, &created))).await.expect("a URL");
    assert_eq!(world.store.url_of_token(token.digest()).await.expect("an answer"), Some(made.clone()));
    assert_eq!(world.store.url_of_token(Token::generate().digest()).await.expect("an answer"), None);
    let revoked = entry(EntryKind::UrlRevoked);
    for first in [true, false] {
        let at = now();
        let done = world.store.revoke_url(made.id, at, Some((transfer, &revoked))).await.expect("an answer");
        assert_eq!(done, first);
    }
    let found = world.store.find_url(made.id).await.expect("an answer").expect("the URL");
    assert_eq!(found.state(now()), UrlState::Revoked);
    let kinds = kinds(&world, transfer).await;
    assert_eq!(kinds[kinds.len() - 2..], ["url-created", "url-revoked"]);
}

#[tokio::test]
async fn each_use_is_proven_with_its_count_and_none_without() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await.id;
    let made = url(alice, Purpose::Download { transfer }, 3);
    world.store.add_url(&made, Token::generate().digest(), None, None).await.expect("a URL");
    let uses = (0..8).map(|_| {
        let (store, id, used) = (world.store.clone(), made.id, entry(EntryKind::UrlUsed));
        tokio::spawn(async move { store.use_url(id, now(), ticket(), Some((transfer, &used))).await })
    });
    for used in uses.collect::<Vec<_>>() {
        used.await.expect("no panic").expect("an answer");
    }
    let found = world.store.find_url(made.id).await.expect("an answer").expect("the URL");
    let proven = kinds(&world, transfer).await.iter().filter(|it| *it == "url-used").count();
    assert_eq!((found.uses, proven), (3, 3));
    let gone = TransferId::generate(now());
    let again = url(alice, Purpose::Download { transfer }, 3);
    world.store.add_url(&again, Token::generate().digest(), None, None).await.expect("a URL");
    let unproven = world.store.use_url(again.id, now(), ticket(), Some((gone, &entry(EntryKind::UrlUsed)))).await;
    unproven.expect_err("there is no such chain");
    assert_eq!(world.store.find_url(again.id).await.expect("an answer").expect("the URL").uses, 0);
}

#[tokio::test]
async fn of_many_uses_at_once_as_many_succeed_as_may() {
    let world = World::new().await;
    let alice = world.partner("alice").await;
    let made = url(alice, Purpose::Upload { receivers: vec![] }, 3);
    world.store.add_url(&made, Token::generate().digest(), None, None).await.expect("a URL");
    let uses = (0..12).map(|_| {
        let (store, id) = (world.store.clone(), made.id);
        tokio::spawn(async move { store.use_url(id, now(), ticket(), None).await.expect("an answer") })
    });
    let mut won = 0;
    for used in uses.collect::<Vec<_>>() {
        won += u32::from(used.await.expect("no panic"));
    }
    assert_eq!(won, 3);
}

/// So many tries that were looked at, counted at once; what each counted to.
async fn counted(world: &World, url: SecureUrlId, tries: impl Iterator<Item = bool>) -> Vec<Option<u32>> {
    let tries = tries.map(|right| {
        let store = world.store.clone();
        tokio::spawn(async move { store.count_try(url, right).await.expect("an answer") })
    });
    let mut counted = vec![];
    for one in tries.collect::<Vec<_>>() {
        counted.push(one.await.expect("no panic"));
    }
    counted
}

#[tokio::test]
async fn right_passphrases_at_once_lock_nothing_and_of_wrong_ones_ten_are_counted_which_no_right_one_undoes() {
    let world = World::new().await;
    let alice = world.partner("alice").await;
    let made = url(alice, Purpose::Upload { receivers: vec![] }, 3);
    world.store.add_url(&made, Token::generate().digest(), Some("$argon2id$"), None).await.expect("a URL");
    assert_eq!(world.store.passphrase(made.id).await.expect("an answer").as_deref(), Some("$argon2id$"));
    for failures in 1..4 {
        assert_eq!(world.store.count_try(made.id, false).await.expect("an answer"), Some(failures));
    }
    assert_eq!(counted(&world, made.id, (0..25).map(|_| true)).await, vec![Some(0); 25]);
    let mut wrong: Vec<u32> = counted(&world, made.id, (0..25).map(|_| false)).await.into_iter().flatten().collect();
    wrong.sort_unstable();
    assert_eq!(wrong, (1..=MAX_FAILURES).collect::<Vec<_>>());
    assert_eq!(counted(&world, made.id, [true, false].into_iter()).await, [None, None]);
    assert_eq!(world.store.passphrase(made.id).await.expect("an answer"), None);
    let found = world.store.find_url(made.id).await.expect("an answer").expect("the URL");
    assert_eq!((found.state(now()), found.has_passphrase), (UrlState::Locked, true));
}

#[tokio::test]
async fn a_ticket_is_good_for_its_time_and_forgotten_by_a_later_use() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await.id;
    let made = url(alice, Purpose::Download { transfer }, 9);
    world.store.add_url(&made, Token::generate().digest(), None, None).await.expect("a URL");
    let (old, new) = (Digest::of(b"old"), Digest::of(b"new"));
    let (then, later) = (now(), now() + Duration::from_secs(60));
    assert!(world.store.use_url(made.id, then, (old, later), None).await.expect("an answer"));
    let found = world.store.url_of_ticket(old, then).await.expect("an answer").map(|it| it.id);
    assert_eq!(found, Some(made.id));
    assert_eq!(world.store.url_of_ticket(old, later).await.expect("an answer"), None);
    assert!(
        world.store.use_url(made.id, later, (new, later + Duration::from_secs(60)), None).await.expect("an answer")
    );
    let kept: i64 = sqlx::query_scalar("select count(*) from secure_url_tickets")
        .fetch_one(&mut world.raw().await)
        .await
        .expect("a count");
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn people_see_their_own_urls_and_never_what_opens_them() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let made = url(alice, Purpose::Upload { receivers: vec![bob] }, 1);
    world.store.add_url(&made, Token::generate().digest(), Some("$argon2id$"), None).await.expect("a URL");
    let page = PageRequest::first(10);
    for (role, seen) in [(Role::Partner(alice), 1), (Role::Partner(bob), 0), (Role::Operator, 1)] {
        let view = world.view(role).await;
        assert_eq!(view.secure_urls(None, &page).await.expect("a page").edges.len(), seen, "{role:?}");
        assert_eq!(view.secure_urls_by_id(&[made.id]).await.expect("a list").len(), seen, "{role:?}");
        view.close().await;
    }
    for column in ["token", "passphrase"] {
        let mut raw = world.raw().await;
        sqlx::query("set role lockgate_api").execute(&mut raw).await.expect("a role");
        let sql = format!("select {column} from secure_urls");
        let denied = sqlx::query(sqlx::AssertSqlSafe(sql.as_str())).fetch_all(&mut raw).await;
        let error = denied.expect_err("people read no secrets").to_string();
        assert!(error.contains("permission denied"), "{error}");
    }
}
