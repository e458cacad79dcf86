//! Connectors: the code that speaks to destinations and notification channels.

use async_trait::async_trait;

use crate::delivery::{Answer, Delivery};
use crate::destination::Destination;
use crate::id::{NotificationId, TransferId};
use crate::notification::{Channel, Message};
use crate::passage::Passage;
use crate::payload::Payload;
use crate::ports::SecretBytes;
use crate::time::Timestamp;
use crate::trace::TraceContext;

/// What a delivery hands over, besides the bytes.
#[derive(Debug, Clone)]
pub struct Consigned {
    /// The delivery; its id is the idempotency key.
    pub delivery: Delivery,
    /// Where to.
    pub destination: Destination,
    /// The released payload's description.
    pub payload: Payload,
    /// The transfer it belongs to.
    pub transfer: TransferId,
    /// The sender's slug.
    pub sender: String,
    /// The file's name as the sender gave it; encode it for wherever it is put.
    pub file_name: String,
    /// When the attempt begins.
    pub at: Timestamp,
    /// The trace to pass on.
    pub trace: TraceContext,
}

/// Speaks to destinations. A connector opens the payload itself, because a retry inside it must read again.
#[async_trait]
pub trait Connector: Send + Sync + std::fmt::Debug {
    /// One attempt; everything that can happen is an answer.
    async fn deliver(&self, consigned: &Consigned) -> Handover;

    /// Removes at the destination what is left of a passage; taken is also what is not there any more.
    async fn abandon(&self, passage: &Passage) -> Answer;
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The answer.
    pub answer: Answer,
    /// The first byte that it sent, where it went on from an earlier attempt.
    pub from_offset: Option<u64>,
}

impl From<Answer> for Handover {
    fn from(answer: Answer) -> Self {
        Self { answer, from_offset: None }
    }
}

/// One message for one channel.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The notification; with the message's index it names the message for the receiver.
    pub notification: NotificationId,
    /// Which of the notification's messages, from 0.
    pub index: u32,
    /// The event's kind on the wire.
    pub event: &'static str,
    /// The transfer that it happened to.
    pub transfer: TransferId,
    /// Where to.
    pub channel: Channel,
    /// What to say.
    pub message: Message,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When the attempt begins.
    pub at: Timestamp,
    /// The trace to pass on.
    pub trace: TraceContext,
}

/// Speaks to notification channels.
#[async_trait]
pub trait Messenger: Send + Sync + std::fmt::Debug {
    /// One attempt; everything that can happen is an answer.
    async fn send(&self, notice: &Notice) -> Answer;
}

/// Knows which secrets sign what is sent.
pub trait Signing: Send + Sync + std::fmt::Debug {
    /// Whether a secret can sign.
    ///
    /// # Errors
    ///
    /// When it cannot.
    fn check(&self, secret: &SecretBytes) -> Result<(), Unfit>;
}

/// A secret that cannot sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Why, without the secret.
    pub why: String,
    /// Whether it is written as a key that signs: then it was meant to, while a password was not.
    pub meant: bool,
}
