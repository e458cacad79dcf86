//! Rows that nobody asks for any more are removed, a few at a time, and no others.

use std::time::Duration;

use lockgate_core::id::PayloadId;
use lockgate_core::ports::{SecureUrlStore, UploadStore};
use lockgate_core::quota::Quota;
use lockgate_core::secure_url::Token;

use crate::world::{World, now, partial};

const TICKETS: &str = "select count(*) from secure_url_tickets";
const UPLOADS: &str = "select count(*) from uploads";

#[tokio::test]
async fn tickets_whose_time_is_over_are_removed_though_their_url_is_not_used_again() {
    let world = World::new().await;
    let alice = world.partner("alice").await;
    let url = world.upload_url(alice, 9).await;
    for _ in 0..4 {
        let ticket = (Token::generate().digest(), now() + Duration::from_secs(3600));
        assert!(world.store.use_url(url, now(), ticket, None).await.expect("an answer"));
    }
    assert_eq!(world.store.tidy(100).await.expect("an answer"), 0);
    let over = "update secure_url_tickets set expires_at = now() - interval '1 second'
                where ticket in (select ticket from secure_url_tickets limit 3)";
    world.run(over).await;
    let mut gone = vec![];
    for _ in 0..3 {
        gone.push(world.store.tidy(2).await.expect("an answer"));
    }
    assert_eq!((gone, world.number(TICKETS).await), (vec![2, 1, 0], 1));
}

#[tokio::test]
async fn partial_uploads_are_removed_a_day_after_their_time_once_their_objects_are_gone() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.announced(alice, &[bob]).await;
    let mut partials = vec![];
    for _ in 0..3 {
        let upload = partial(alice, Some(5));
        world.store.begin_partial(&upload, now(), Quota::default()).await.expect("a partial upload");
        partials.push(upload);
    }
    let object = PayloadId::generate(now());
    world.store.begin_object(object, partials[0].owner(), "uploads/1", 0).await.expect("a row");
    world.store.terminate(partials[1].id).await.expect("an end");
    world.run("update uploads set expires_at = now() - interval '23 hours'").await;
    assert_eq!(world.store.tidy(100).await.expect("an answer"), 0, "who asks hears for a day that it expired");

    world.run("update uploads set expires_at = now() - interval '25 hours'").await;
    let mut gone = vec![];
    for _ in 0..3 {
        gone.push(world.store.tidy(1).await.expect("an answer"));
    }
    assert_eq!(gone, [1, 1, 0]);
    let kept = world.store.upload(partials[0].id).await.expect("an answer");
    assert!(kept.is_some(), "its object is not swept yet");
    for it in world.store.sweepable(100, Duration::ZERO).await.expect("rows") {
        world.store.swept(it.id).await.expect("swept");
    }
    assert_eq!(world.store.tidy(100).await.expect("an answer"), 1);
    assert_eq!(world.number(UPLOADS).await, 1, "that of a transfer stays");
}
