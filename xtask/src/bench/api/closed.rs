//! A closed loop: clients that ask again as soon as they are answered.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::try_join_all;

/// How many answers a second so many clients get.
pub(super) async fn rate<T, F: Future<Output = Result<T>>>(
    clients: usize,
    turn: Duration,
    ask: impl Fn() -> F,
) -> Result<f64> {
    let begin = Instant::now();
    let end = begin + turn;
    let client = async || {
        let mut answers = 0_u32;
        while Instant::now() < end {
            ask().await?;
            answers += 1;
        }
        anyhow::Ok(answers)
    };
    let answers: u32 = try_join_all((0..clients).map(|_| client())).await?.into_iter().sum();
    Ok(f64::from(answers) / begin.elapsed().as_secs_f64())
}
