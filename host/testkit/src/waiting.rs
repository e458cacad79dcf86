//! Waiting: a test waits for a condition, never for a while.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long a condition may take to come true, on a machine that does other things besides.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks again and again until what is looked for is there; panics with what was seen instead when it never is.
pub async fn until<T, S: Debug>(what: &str, mut look: impl AsyncFnMut() -> Result<T, S>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < end, "never {what}, but {seen:?}"),
        }
        tokio::time::sleep(PAUSE).await; // between looks
    }
}

/// The same for what is so or not.
pub async fn until_so(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    until(what, async || if is_so().await { Ok(()) } else { Err("it was not so") }).await;
}
