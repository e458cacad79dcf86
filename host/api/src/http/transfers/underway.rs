//! A file that comes in one request and that nobody could go on with later: it arrives, or its transfer ends with the
//! request.

use std::sync::Arc;

use lockgate_core::code::Code;
use lockgate_core::id::UploadId;
use lockgate_core::intake::{Intake, IntakeError};
use lockgate_core::upload::Upload;
use lockgate_core::viewer::Viewer;

use crate::failure::Failure;
use crate::http::envelope;

/// Ends the upload unless it arrives, whoever's fault that is, also when what was to come of it panics; what was counted
/// for its transfer is given back with it. If this host dies, that is when the upload expires.
pub(crate) struct Underway {
    intake: Arc<Intake>,
    upload: Option<(Viewer, UploadId)>,
}

impl Underway {
    pub(crate) fn new(intake: &Arc<Intake>, viewer: &Viewer, upload: UploadId) -> Self {
        Self { intake: Arc::clone(intake), upload: Some((viewer.clone(), upload)) }
    }

    /// What is answered, once what did not arrive has ended.
    pub(crate) async fn over(mut self, taken: Result<Upload, Failure>) -> Result<Upload, Failure> {
        let (Some((viewer, id)), Err(failure)) = (self.upload.take(), &taken) else { return taken };
        if end(&self.intake, &viewer, id).await {
            tracing::info!(upload.id = %id, cause = %failure.message, "What seemed to fail was received.");
            return Ok(self.intake.find(&viewer, id).await?);
        }
        taken.map_err(without_a_rest)
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let Some((viewer, id)) = self.upload.take() else { return };
        let intake = Arc::clone(&self.intake);
        tokio::spawn(async move { end(&intake, &viewer, id).await });
    }
}

/// Ends it; whether it was received after all, by an answer that got lost or by somebody who asked after it.
async fn end(intake: &Intake, viewer: &Viewer, id: UploadId) -> bool {
    let mut ended = intake.terminate(viewer, id, &envelope::trace()).await;
    if let Err(IntakeError::Busy(_)) = ended {
        // Somebody moved it meanwhile.
        ended = intake.terminate(viewer, id, &envelope::trace()).await;
    }
    match ended {
        Ok(()) => false,
        Err(IntakeError::Complete(_)) => true,
        Err(error) => {
            tracing::warn!(upload.id = %id, error = %error, "An upload that did not arrive could not be ended; it will expire.");
            false
        }
    }
}

/// Nobody is sent to go on with what has ended.
fn without_a_rest(failure: Failure) -> Failure {
    let message = match (failure.code, failure.offset) {
        (Code::UploadInterrupted, Some(came)) => {
            format!("the body ended after {came} bytes, of which none is kept; send it again from its beginning")
        }
        _ => failure.message,
    };
    Failure { message, offset: None, ..failure }
}
