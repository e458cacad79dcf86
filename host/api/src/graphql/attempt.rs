//! Attempts in GraphQL.

use async_graphql::{Enum, ID, Object, SimpleObject};
use lockgate_core::delivery as core;
use lockgate_core::time::Timestamp;

use super::dead_letter::Cause;
use super::scalars::{Long, millis};

#[derive(Debug, Clone)]
pub(super) struct Attempt(pub(super) core::Attempt);

/// One try of a delivery.
#[Object]
impl Attempt {
    /// Its id, `att_...`.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Which try it was, from 1.
    async fn number(&self) -> u32 {
        self.0.number
    }

    /// When it began.
    async fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    /// How long it took, in milliseconds.
    async fn took_ms(&self) -> Long {
        millis(self.0.took)
    }

    /// The first byte that it sent, where it went on from an earlier attempt.
    async fn from_offset(&self) -> Option<Long> {
        self.0.from_offset.map(Long)
    }

    /// What came of it.
    async fn outcome(&self) -> AttemptOutcome {
        match self.0.answer {
            core::Answer::Taken { .. } => AttemptOutcome::Taken,
            core::Answer::Failed { .. } => AttemptOutcome::Failed,
            core::Answer::Refused { .. } => AttemptOutcome::Refused,
        }
    }

    /// What the other side gave as proof, if it took it.
    async fn receipt(&self) -> Option<&str> {
        match &self.0.answer {
            core::Answer::Taken { receipt } => Some(receipt),
            core::Answer::Failed { .. } | core::Answer::Refused { .. } => None,
        }
    }

    /// What happened, if it did not.
    async fn error(&self) -> Option<&str> {
        match &self.0.answer {
            core::Answer::Taken { .. } => None,
            core::Answer::Failed { error, .. } | core::Answer::Refused { error, .. } => Some(error),
        }
    }

    /// The class of what happened.
    async fn cause(&self) -> Option<Cause> {
        match &self.0.answer {
            core::Answer::Taken { .. } => None,
            core::Answer::Failed { cause, .. } | core::Answer::Refused { cause, .. } => Some((*cause).into()),
        }
    }

    /// When the other side asked to come back, in milliseconds; a day is the most that is waited.
    async fn retry_after_ms(&self) -> Option<Long> {
        match &self.0.answer {
            core::Answer::Failed { retry_after, .. } => retry_after.map(millis),
            core::Answer::Taken { .. } | core::Answer::Refused { .. } => None,
        }
    }

    /// The head of what the other side answered, if it was not taken and there was one.
    async fn response(&self) -> Option<AttemptResponse> {
        let response = match &self.0.answer {
            core::Answer::Taken { .. } => None,
            core::Answer::Failed { response, .. } | core::Answer::Refused { response, .. } => response.clone(),
        };
        response.map(|it| AttemptResponse {
            status: it.status.into(),
            headers: it.headers.into_iter().map(|(name, value)| ResponseHeader { name, value }).collect(),
        })
    }
}

/// The head of an answer; never its body, which may quote the payload.
#[derive(Debug, SimpleObject)]
struct AttemptResponse {
    /// The HTTP status.
    status: u32,
    /// Headers that tell why, shortened.
    headers: Vec<ResponseHeader>,
}

/// A header of an answer.
#[derive(Debug, SimpleObject)]
struct ResponseHeader {
    /// Its name, in lower case.
    name: String,
    /// Its value.
    value: String,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum AttemptOutcome {
    /// The other side took it.
    Taken,
    /// It failed and was worth another try.
    Failed,
    /// The other side refused for good.
    Refused,
}
