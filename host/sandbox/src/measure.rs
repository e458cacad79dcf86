//! What only measurements need: many calls on one turn, so that a call's own price shows beside that of its turn.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::batch::Batch;
use lockgate_core::policy::Binding;
use lockgate_core::ports::{PluginError, Subject};

use crate::hook::batch_bytes;
use crate::hook::mask::{MaskSession, application};
use crate::runner::Sandbox;

/// A masking whose calls do not queue one by one; everything else, limits included, is as in any session.
#[derive(Debug)]
pub struct Repeater(MaskSession);

impl Repeater {
    /// Opens a session.
    pub async fn open(sandbox: &Sandbox, binding: &Binding, subject: &Subject) -> Result<Self, PluginError> {
        MaskSession::open(sandbox.shared(), binding, subject).await.map(Self)
    }

    /// Shows the guest each batch, all of them so many times; gives the time that the calls took together.
    pub async fn apply(&mut self, batches: &[Arc<Batch>], times: u32) -> Result<Duration, PluginError> {
        self.0.0.repeat(times, batches.to_vec(), |batch| (batch_bytes(batch), application(Arc::clone(batch)))).await
    }
}
