//! Waiting for what the gate does in its own time: by asking, with an end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks until there is an answer, a minute at most; `what` says what was waited for.
pub(crate) async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    until_within(60, what, ask).await
}

/// The same with so many seconds.
pub(crate) async fn until_within<T>(
    seconds: u64,
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() > end {
            bail!("waited {seconds} seconds for {what}");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
