//! Rounds: alone at once, together afterwards, to their end, and again after a panic.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use futures::poll;
use tokio::sync::Semaphore;

use super::{MOST, PATIENCE, Together, each, locked};
use crate::error::Failure;

/// No round bears it.
const POISON: u64 = u64::MAX;

/// Doubles numbers; remembers how many came in each round, which ends when it is let.
#[derive(Default, Clone)]
struct Doubling {
    together: Arc<Together<u64, u64>>,
    rounds: Arc<Mutex<Vec<usize>>>,
    let_go: Arc<Gate>,
}

struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Doubling {
    async fn ask(&self, number: u64) -> Option<u64> {
        let it = self.clone();
        let round = move |numbers: Vec<u64>| {
            let it = it.clone();
            async move {
                it.rounds.lock().expect("no test panics while it holds it").push(numbers.len());
                it.let_go.0.acquire().await.expect("it is never closed").forget();
                assert!(!numbers.contains(&POISON), "nobody doubles this");
                numbers.into_iter().map(|it| it * 2).collect()
            }
        };
        self.together.ask(number, round).await
    }

    fn rounds(&self) -> Vec<usize> {
        self.rounds.lock().expect("no test panics while it holds it").clone()
    }
}

#[tokio::test]
async fn the_first_goes_alone_and_who_comes_meanwhile_goes_together() {
    let it = Doubling::default();
    let many = MOST as u64 + 10;
    let mut asking: Vec<_> = (0..=many).map(|number| Box::pin(it.ask(number))).collect();
    assert!(poll!(&mut asking[0]).is_pending());
    while it.rounds().is_empty() {
        tokio::task::yield_now().await;
    }
    for others in &mut asking[1..] {
        assert!(poll!(others).is_pending());
    }
    it.let_go.0.add_permits(3);
    let answers = join_all(asking).await;
    assert_eq!(it.rounds(), [1, MOST, 10]);
    assert!(answers.into_iter().zip(0..).all(|(answer, number)| answer == Some(number * 2)), "each its own");
}

#[tokio::test]
async fn a_round_ends_though_whoever_began_it_goes_away() {
    let it = Doubling::default();
    let first = tokio::spawn({
        let it = it.clone();
        async move { it.ask(1).await }
    });
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.expect_err("it was aborted").is_cancelled());
    it.let_go.0.add_permits(2);
    assert_eq!(it.ask(2).await, Some(4));
    assert_eq!(it.rounds().iter().sum::<usize>(), 2, "both were answered, one to nobody");
}

#[tokio::test]
async fn a_round_that_panics_answers_nobody_and_the_next_one_answers() {
    let it = Doubling::default();
    let (mut poison, mut sound) = (Box::pin(it.ask(POISON)), Box::pin(it.ask(3)));
    assert!(poll!(&mut poison).is_pending());
    while it.rounds().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(poll!(&mut sound).is_pending());
    it.let_go.0.add_permits(2);
    assert_eq!((poison.await, sound.await), (None, Some(6)));
    assert_eq!(it.rounds(), [1, 1]);
}

#[tokio::test]
async fn whoever_waited_too_long_behind_a_slow_round_is_told_so_at_once() {
    let it = Doubling::default();
    let [mut slow, mut late, mut in_time] = [1, 2, 3].map(|number| Box::pin(it.ask(number)));
    assert!(poll!(&mut slow).is_pending());
    while it.rounds().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(poll!(&mut late).is_pending());
    locked(&it.together.waiting).asked.iter_mut().for_each(|it| it.at -= PATIENCE);
    assert!(poll!(&mut in_time).is_pending());
    it.let_go.0.add_permits(2);
    assert_eq!((slow.await, late.await, in_time.await), (Some(2), None, Some(6)));
    assert_eq!(it.rounds(), [1, 1]);
}

#[tokio::test]
async fn what_must_be_written_is_however_long_it_waited() {
    let it = Doubling { together: Arc::new(Together::of_facts()), ..Doubling::default() };
    let (mut slow, mut late) = (Box::pin(it.ask(1)), Box::pin(it.ask(2)));
    assert!(poll!(&mut slow).is_pending());
    while it.rounds().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(poll!(&mut late).is_pending());
    locked(&it.together.waiting).asked.iter_mut().for_each(|it| it.at -= PATIENCE);
    it.let_go.0.add_permits(2);
    assert_eq!((slow.await, late.await), (Some(2), Some(4)));
}

#[tokio::test]
async fn one_that_is_to_blame_costs_no_other_its_row_and_an_outage_is_told_to_all() {
    let asks = Mutex::new(vec![]);
    let look = |asked: Vec<u64>| {
        asks.lock().expect("no test panics while it holds it").push(asked.len());
        async move {
            match asked.contains(&POISON) {
                true => Err(Failure::broken("it is to blame")),
                false => Ok(asked.into_iter().filter(|it| it % 2 == 0).collect()),
            }
        }
    };
    let answers = each(vec![1, 2, POISON, 4], look, |asked: &u64, row: &u64| asked == row).await;
    let rows: Vec<_> = answers.iter().map(|it| it.as_ref().ok().copied().flatten()).collect();
    assert_eq!((rows, answers[2].is_err()), (vec![None, Some(2), None, Some(4)], true));
    assert_eq!(*asks.lock().expect("no test panics while it holds it"), [4, 1, 1, 1, 1]);

    let away = async |_: Vec<u64>| Err::<Vec<u64>, _>(Failure::Database(sqlx::Error::PoolTimedOut));
    let answers = each(vec![1, 2], away, |asked, row| asked == row).await;
    assert!(answers.len() == 2 && answers.iter().all(Result::is_err));
}
