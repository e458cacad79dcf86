//! Waits for a service that is still starting, instead of failing because the host was faster.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// Connects, again and again for at most a minute.
pub(super) async fn patiently<T, E: Display, F>(service: &str, mut connect: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = Result<T, E>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        match connect().await {
            Ok(connected) => return Ok(connected),
            Err(error) if Instant::now() >= until => anyhow::bail!("{service} cannot be used: {error}"),
            Err(error) => {
                tracing::warn!(error = %error, "{service} cannot be used yet; the host tries again.");
                sleep(PAUSE).await;
            }
        }
    }
}
