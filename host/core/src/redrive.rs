//! Redrives: sending many dead letters, or many finished deliveries, on their way again, in lanes of one destination
//! each, so that none waits for another.

use serde::{Deserialize, Serialize};

use crate::delivery::Cause;
use crate::id::{DeliveryId, DestinationId, PartnerId, RedriveId};
use crate::time::Timestamp;
use crate::transfer::Version;

/// A redrive as the store remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Redrive {
    /// Its id.
    pub id: RedriveId,
    /// Its version, which fences people's moves.
    pub version: Version,
    /// Where it stands.
    pub state: RedriveState,
    /// What it sends.
    pub kind: RedriveKind,
    /// Whose deliveries; those of all partners, for an operator, when absent.
    pub partner: Option<PartnerId>,
    /// Which of them.
    pub filter: RedriveFilter,
    /// By which judgement they leave.
    pub judging: Judging,
    /// How many a second each lane sends, at most.
    pub per_second: u32,
    /// Why, in a person's words.
    pub reason: String,
    /// Who started it, by the token's subject: the actor of each of its moves.
    pub author: String,
    /// How far it has come, over all lanes.
    pub progress: Progress,
    /// When it was started; what became a dead letter later is not its business.
    pub created_at: Timestamp,
    /// When a person or its end last moved it.
    pub updated_at: Timestamp,
}

/// Where a redrive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RedriveState {
    /// Hosts work on it.
    Running,
    /// Nothing is sent until it is resumed; its place is kept.
    Paused,
    /// Ended by a person; what it had not sent stays as it was.
    Cancelled,
    /// Every lane came to its end.
    Finished,
}

impl RedriveState {
    /// The state as a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Finished => "finished",
        }
    }
}

/// What a redrive sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RedriveKind {
    /// Dead letters, under the ids and keys that they have.
    DeadLetters,
    /// Finished deliveries once more, as new deliveries under keys of their own.
    Replay,
}

/// By which judgement redriven deliveries leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judging {
    /// The bytes that were released.
    Released,
    /// The current policy judges again; other bytes leave under another key.
    Again,
}

/// Which deliveries; what is absent does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedriveFilter {
    /// To this destination.
    pub destination: Option<DestinationId>,
    /// To this receiver.
    pub receiver: Option<PartnerId>,
    /// From this sender.
    pub sender: Option<PartnerId>,
    /// Dead for this cause.
    pub cause: Option<Cause>,
    /// Given up, or delivered, at or after.
    #[serde(with = "::time::serde::rfc3339::option")]
    pub since: Option<Timestamp>,
    /// Given up, or delivered, before.
    #[serde(with = "::time::serde::rfc3339::option")]
    pub until: Option<Timestamp>,
}

/// How far a redrive or a lane has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many there were when it was started.
    pub total: u64,
    /// How many it sent on their way.
    pub moved: u64,
    /// How many it left alone, because somebody else moved them first.
    pub skipped: u64,
}

/// A redrive's share for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Of which redrive.
    pub redrive: RedriveId,
    /// To which destination.
    pub destination: DestinationId,
    /// Whose that is.
    pub receiver: PartnerId,
    /// Its version, the fencing token: grows with every claim.
    pub version: Version,
    /// How far it has come.
    pub progress: Progress,
    /// The last delivery that it looked at; the next has a higher place.
    pub cursor: Option<Place>,
    /// Whether it came to its end.
    pub done: bool,
}

/// A delivery's place in a lane: ordered destinations by position, the others by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The position; 0 where the destination keeps no order.
    pub position: i64,
    /// The delivery.
    pub delivery: DeliveryId,
}

/// What a dry run would send to one destination, or how many dead letters there are, by cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// To which destination.
    pub destination: DestinationId,
    /// For which cause; none where they did not fail.
    pub cause: Option<Cause>,
    /// How many.
    pub count: u64,
    /// When the first was given up or delivered.
    pub oldest: Timestamp,
    /// When the last was.
    pub newest: Timestamp,
    /// Some of them, oldest first.
    pub sample: Vec<DeliveryId>,
}

/// What a person can do with a redrive, and its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedriveMove {
    /// Send nothing for now.
    Pause,
    /// Go on where it was paused.
    Resume,
    /// End it.
    Cancel,
}

/// The move is not legal from where the redrive stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{redrive} is {} and cannot be {wanted}", .state.name())]
pub struct IllegalRedrive {
    /// Which.
    pub redrive: RedriveId,
    /// Where it stands.
    pub state: RedriveState,
    /// What was wanted, as a participle.
    pub wanted: &'static str,
}

/// All legal moves of a redrive that people make; it finishes by itself when its last lane does.
pub fn apply(redrive: &Redrive, wanted: RedriveMove) -> Result<RedriveState, IllegalRedrive> {
    use RedriveState::{Cancelled, Paused, Running};
    match (redrive.state, wanted) {
        (Running, RedriveMove::Pause) => Ok(Paused),
        (Paused, RedriveMove::Resume) => Ok(Running),
        (Running | Paused, RedriveMove::Cancel) => Ok(Cancelled),
        (state, wanted) => Err(IllegalRedrive {
            redrive: redrive.id,
            state,
            wanted: match wanted {
                RedriveMove::Pause => "paused",
                RedriveMove::Resume => "resumed",
                RedriveMove::Cancel => "cancelled",
            },
        }),
    }
}
