//! Clearing: what attempts left at destinations and no delivery needs is removed there.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use crate::delivery::Answer;
use crate::ports::{Connector, PassageStore, StoreError, Unneeded};

/// How long a passage is left alone after the first try.
const PAUSE: Duration = Duration::from_secs(60);
/// After so many tries, the last of them hours apart, the receiver has to tidy for itself.
const TRIES: u32 = 10;

/// Removes what is left of passages.
#[derive(Debug, Clone)]
pub struct Clearing {
    passages: Arc<dyn PassageStore>,
    connector: Arc<dyn Connector>,
}

impl Clearing {
    /// Over these ports.
    pub fn new(passages: Arc<dyn PassageStore>, connector: Arc<dyn Connector>) -> Self {
        Self { passages, connector }
    }

    /// Clears up to `room` passages, side by side; how many there were.
    pub async fn clear(&self, room: usize) -> Result<usize, StoreError> {
        let unneeded = self.passages.unneeded_passages(room, PAUSE).await?;
        for forgotten in join_all(unneeded.iter().map(|it| self.one(it))).await {
            forgotten?;
        }
        Ok(unneeded.len())
    }

    async fn one(&self, Unneeded { passage, tries }: &Unneeded) -> Result<(), StoreError> {
        match self.connector.abandon(passage).await {
            Answer::Taken { .. } => {}
            Answer::Failed { .. } if *tries < TRIES => return Ok(()),
            Answer::Failed { error, .. } | Answer::Refused { error, .. } => tracing::warn!(
                delivery.id = %passage.delivery, error,
                "An unfinished upload stays at a destination; the receiver has to remove it."
            ),
        }
        self.passages.forget_passage(passage.id).await
    }
}
