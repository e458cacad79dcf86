//! What is asked for in one go is loaded in one, whoever asks gets an answer, and what fails fails for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures::future::{join, join_all};
use lockgate_core::ports::StoreError;
use tracing::Instrument;

use super::{Batches, Load};

type Asked = Arc<Mutex<Vec<Vec<u32>>>>;

/// Knows the names of the even numbers, and notes what it was asked for.
struct Names(Asked);

impl Load<u32> for Names {
    type Value = String;

    async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, String>, StoreError> {
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        self.0.lock().expect("nobody panicked").push(sorted);
        if keys.contains(&13) {
            return Err(StoreError::Unavailable("no thirteen".to_owned()));
        }
        Ok(keys.iter().filter(|it| *it % 2 == 0).map(|it| (*it, it.to_string())).collect())
    }
}

fn names() -> (Batches<Names>, Asked) {
    let asked = Asked::default();
    (Batches::new(Names(Arc::clone(&asked))), asked)
}

#[tokio::test]
async fn what_is_known_to_be_wanted_is_loaded_at_once_and_each_key_once() {
    let (batches, asked) = names();
    let all = join(join_all([2, 3, 2].map(|it| batches.one(it))), batches.some(&[8, 5, 2, 4]));
    let (one, some) = batches.drive(all).await;
    let one: Vec<_> = one.into_iter().map(|it| it.expect("it can be loaded")).collect();
    assert_eq!(one, [Some("2".to_owned()), None, Some("2".to_owned())]);
    assert_eq!(some.expect("it can be loaded"), ["8", "2", "4"]);
    assert_eq!(*asked.lock().expect("nobody panicked"), [[2, 3, 4, 5, 8]]);
}

#[tokio::test]
async fn what_turns_up_later_is_a_batch_of_its_own_and_read_anew() {
    let (batches, asked) = names();
    let later = async |first: u32| {
        batches.one(first).await.expect("it can be loaded");
        tokio::task::yield_now().await;
        batches.one(6).await.expect("it can be loaded")
    };
    let found = batches.drive(join_all([later(2), later(4), later(6)])).await;
    assert_eq!(found, vec![Some("6".to_owned()); 3]);
    assert_eq!(*asked.lock().expect("nobody panicked"), [vec![2, 4, 6], vec![6]]);
}

#[tokio::test]
async fn a_load_that_fails_fails_for_all_who_wait_and_for_nobody_after() {
    let (batches, _) = names();
    let failed = batches.drive(join(batches.one(2), batches.one(13))).await;
    assert!(matches!(failed, (Err(StoreError::Unavailable(_)), Err(StoreError::Unavailable(_)))), "{failed:?}");
    let found = batches.drive(batches.one(2)).await;
    assert_eq!(found.expect("it can be loaded"), Some("2".to_owned()));
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_held() {
    let (batches, asked) = names();
    let noted = Arc::downgrade(&asked);
    drop(asked);
    batches.drive(async { futures::poll!(Box::pin(batches.one(2))).is_pending() }).await;
    drop(batches);
    assert!(noted.upgrade().is_none());
}

/// Says in which span it loads.
struct Seen;

impl Load<u32> for Seen {
    type Value = bool;

    async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, bool>, StoreError> {
        Ok(keys.iter().map(|it| (*it, tracing::Span::current().is_none())).collect())
    }
}

#[tokio::test]
async fn loads_run_outside_of_the_requests_span_and_what_asks_inside() {
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry());
    let span = tracing::info_span!("request");
    let batches = Batches::new(Seen);
    let asks = async {
        let outside = batches.one(1).await.expect("it can be loaded");
        (outside, tracing::Span::current())
    };
    let (outside, after) = batches.drive(asks).instrument(span.clone()).await;
    assert_eq!((outside, after), (Some(true), span));
}
