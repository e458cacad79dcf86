//! The redriver: people start, pause, resume and cancel redrives; hosts work on their lanes.

mod error;
mod rights;
mod work;

use std::sync::Arc;

use crate::id::{PartnerId, RedriveId};
use crate::ports::RedriveStore;
use crate::redrive::{Judging, Progress, Redrive, RedriveFilter, RedriveKind, RedriveMove, RedriveState, apply};
use crate::time::Clock;
use crate::viewer::Viewer;

pub use error::RedriverError;

/// How often a move is tried again when somebody else moved the same redrive in between.
const TRIES: usize = 5;
/// How many a second each lane sends when nothing is said.
const USUAL_PACE: u32 = 50;
/// The fastest that can be asked for.
const FASTEST: u32 = 1_000;

/// A redrive to start.
#[derive(Debug, Clone)]
pub struct NewRedrive {
    /// What it sends.
    pub kind: RedriveKind,
    /// Which deliveries.
    pub filter: RedriveFilter,
    /// By which judgement they leave.
    pub judging: Judging,
    /// How many a second each lane sends, at most; 50 when absent.
    pub per_second: Option<u32>,
    /// Why.
    pub reason: String,
}

/// Sends many deliveries on their way again.
#[derive(Debug, Clone)]
pub struct Redriver {
    store: Arc<dyn RedriveStore>,
    clock: Arc<dyn Clock>,
}

impl Redriver {
    /// A redriver over these ports.
    pub fn new(store: Arc<dyn RedriveStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Starts a redrive; hosts begin at once.
    pub async fn start(&self, viewer: &Viewer, new: NewRedrive) -> Result<Redrive, RedriverError> {
        let reason = crate::desk::checked(&new.reason)?;
        let per_second = new.per_second.unwrap_or(USUAL_PACE);
        if !(1..=FASTEST).contains(&per_second) {
            return Err(RedriverError::Pace { given: per_second, fastest: FASTEST });
        }
        if new.kind == RedriveKind::Replay && new.judging == Judging::Again {
            return Err(RedriverError::JudgedReplay);
        }
        let (since, until) = (new.filter.since, new.filter.until);
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            return Err(RedriverError::EmptyRange);
        }
        if new.kind == RedriveKind::Replay && since.is_none() {
            return Err(RedriverError::EndlessReplay);
        }
        let filter = RedriveFilter { receiver: rights::receiver(viewer, new.filter.receiver)?, ..new.filter };
        let at = self.clock.now();
        let redrive = Redrive {
            id: RedriveId::generate(at),
            version: 0,
            state: RedriveState::Running,
            kind: new.kind,
            partner: viewer.role.partner(),
            filter,
            judging: new.judging,
            per_second,
            reason,
            author: viewer.subject.clone(),
            progress: Progress::default(),
            created_at: at,
            updated_at: at,
        };
        let started = self.store.start(&redrive).await?;
        tracing::info!(
            redrive.id = %started.id, redrive.total = started.progress.total, "A redrive was started."
        );
        Ok(started)
    }

    /// Pauses, resumes or cancels a redrive. When this answers, no further item moves unless it was resumed.
    pub async fn decide(&self, viewer: &Viewer, id: RedriveId, wanted: RedriveMove) -> Result<Redrive, RedriverError> {
        for _ in 0..TRIES {
            let redrive = self.store.find_redrive(id).await?.ok_or(RedriverError::Unknown(id))?;
            rights::decide(viewer, &redrive)?;
            let next = apply(&redrive, wanted)?;
            if self.store.move_redrive(id, redrive.version, next, self.clock.now()).await? {
                return self.store.find_redrive(id).await?.ok_or(RedriverError::Unknown(id));
            }
        }
        Err(RedriverError::Contended(id))
    }

    /// Whose deliveries a viewer may look at to send them again: its own, or all.
    pub fn receiver(viewer: &Viewer, wanted: Option<PartnerId>) -> Result<Option<PartnerId>, RedriverError> {
        rights::receiver(viewer, wanted)
    }
}
