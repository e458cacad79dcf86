//! Rounds: alone at once, together afterwards, to their end, and again after a panic.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use tokio::sync::Semaphore;

use super::{MOST, Together};

/// Doubles numbers, each round when it is let; remembers how many came in each.
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
                it.let_go.0.acquire().await.expect("it is never closed").forget();
                it.rounds.lock().expect("no test panics while it holds it").push(numbers.len());
                assert!(!numbers.contains(&13), "nobody doubles 13");
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
    it.let_go.0.add_permits(3);
    let many = MOST as u64 + 10;
    let answers = join_all((0..many).map(|number| it.ask(number))).await;
    // All asked before the task of the first round ran.
    assert_eq!(it.rounds(), [MOST, 10]);
    assert!(answers.into_iter().zip(0..).all(|(answer, number)| answer == Some(number * 2)), "each its own");
    assert_eq!((it.ask(7).await, it.rounds().last().copied()), (Some(14), Some(1)));
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
    it.let_go.0.add_permits(2);
    assert_eq!(it.ask(13).await, None);
    assert_eq!(it.ask(3).await, Some(6));
}
