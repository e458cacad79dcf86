//! Supervision: every long task has a name and a stage, and no stage stops before the one in front of it has.
//!
//! A signal, or the end, error or panic of any task, stops the service in order: the stages' tokens are cancelled one
//! after the other, each with a time of grace. A second signal ends the process at once.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A group of tasks that stop together.
#[derive(Debug)]
struct Stage {
    name: &'static str,
    grace: Duration,
    token: CancellationToken,
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
}

/// Tasks in the order in which they stop. Dropping it aborts them all.
#[derive(Debug, Default)]
#[must_use = "dropping a service aborts its tasks"]
pub(crate) struct Service {
    stages: Vec<Stage>,
}

impl Service {
    /// Adds a stage that stops after all stages before it.
    pub(crate) fn stage(&mut self, name: &'static str, grace: Duration) -> &mut Self {
        self.stages.push(Stage { name, grace, token: CancellationToken::new(), tasks: JoinSet::new() });
        self
    }

    /// Starts a task in the last stage. It must end soon after its token is cancelled, and not before.
    pub(crate) fn task<F, Fut>(&mut self, name: &'static str, start: F) -> &mut Self
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let stage = self.stages.last_mut().expect("a stage is added before its tasks");
        let future = start(stage.token.clone());
        stage.tasks.spawn(async move { (name, future.await) });
        self
    }

    /// Starts a task that never ends by itself and holds nothing that it must put in order.
    pub(crate) fn endless<Fut>(&mut self, name: &'static str, future: Fut) -> &mut Self
    where
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.task(name, |token| async move {
            token.run_until_cancelled(future).await;
            Ok(())
        })
    }

    /// Runs until `stop` resolves or a task ends, then stops everything in order. The error is the first one.
    pub(crate) async fn run(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let first = tokio::select! {
            () = stop => Ok(()),
            (name, ended) = first_end(&mut self.stages) => {
                Err(match ended {
                    Ok(()) => anyhow!("the task `{name}` ended by itself"),
                    Err(error) => error.context(format!("the task `{name}` failed")),
                })
            }
        };
        if let Err(error) = &first {
            tracing::error!(error = format!("{error:#}"), "The host stops because one of its tasks ended.");
        }
        let mut outcome = first;
        for stage in self.stages {
            let stopped = stage.stop().await;
            if outcome.is_ok() {
                outcome = stopped;
            }
        }
        outcome
    }
}

impl Stage {
    async fn stop(mut self) -> anyhow::Result<()> {
        tracing::debug!(stage = self.name, "A stage stops.");
        self.token.cancel();
        let mut outcome = Ok(());
        let all = async {
            while let Some(joined) = self.tasks.join_next().await {
                let (name, ended) = flatten(joined);
                if let Err(error) = ended {
                    tracing::warn!(task = name, error = format!("{error:#}"), "A task ended badly while stopping.");
                    outcome = Err(error).context(format!("the task `{name}` failed while stopping"));
                }
            }
        };
        if tokio::time::timeout(self.grace, all).await.is_err() {
            tracing::warn!(stage = self.name, "A stage did not stop in time and was cut off.");
            self.tasks.shutdown().await;
        }
        outcome
    }
}

/// Waits for the first task of any stage to end.
async fn first_end(stages: &mut [Stage]) -> (&'static str, anyhow::Result<()>) {
    let ends: Vec<_> = stages
        .iter_mut()
        .filter(|stage| !stage.tasks.is_empty())
        .map(|stage| Box::pin(async { stage.tasks.join_next().await }))
        .collect();
    if ends.is_empty() {
        return std::future::pending().await;
    }
    match futures::future::select_all(ends).await.0 {
        Some(joined) => flatten(joined),
        None => std::future::pending().await,
    }
}

fn flatten(
    joined: Result<(&'static str, anyhow::Result<()>), tokio::task::JoinError>,
) -> (&'static str, anyhow::Result<()>) {
    joined.unwrap_or_else(|error| ("unknown", Err(anyhow!("it panicked: {error}"))))
}

/// Resolves at the first SIGINT or SIGTERM; the second one ends the process.
pub(crate) fn signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be watched")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be watched")?;
    let (first, came) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let either = async |a: &mut tokio::signal::unix::Signal, b: &mut tokio::signal::unix::Signal| {
            tokio::select! { _ = a.recv() => {}, _ = b.recv() => {} }
        };
        either(&mut interrupt, &mut terminate).await;
        tracing::info!("The host stops. Another signal ends it at once.");
        let _ = first.send(());
        either(&mut interrupt, &mut terminate).await;
        std::process::exit(130);
    });
    Ok(async move {
        // The sender lives as long as the process: an error cannot come.
        let _ = came.await;
    })
}

#[cfg(test)]
mod tests;
