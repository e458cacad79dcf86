//! Interleaved rounds: the sides take turns, so that what slows the machine down for a while slows down all of them.

use std::time::{Duration, Instant};

/// How long one side runs in one round.
const SPELL: Duration = Duration::from_millis(60);

/// Does some work and says how many units it was.
pub(crate) type Work<'a> = Box<dyn FnMut() -> anyhow::Result<u64> + 'a>;

/// The median time of one unit for each side, in nanoseconds.
pub(crate) fn medians<const N: usize>(rounds: usize, mut sides: [Work<'_>; N]) -> anyhow::Result<[f64; N]> {
    for side in &mut sides {
        spell(side)?;
    }
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for round in 0..rounds.max(1) {
        for turn in 0..N {
            // Another begins each round: who comes after whom is no advantage.
            let side = (round + turn) % N;
            times[side].push(spell(&mut sides[side])?);
        }
    }
    Ok(times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }))
}

fn spell(side: &mut Work<'_>) -> anyhow::Result<f64> {
    let (started, mut units) = (Instant::now(), 0);
    while started.elapsed() < SPELL {
        units += side()?;
    }
    Ok(started.elapsed().as_nanos() as f64 / units as f64)
}
