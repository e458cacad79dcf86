//! Work that is carried to its end though nobody waits for it any more.
//!
//! Over HTTP/2 a request whose client takes it back, or whose connection breaks, is dropped where it stands, and with it
//! what an upload has not set down yet. So its bytes are taken by a task of its own: it hears of the break from the
//! body, and keeps what came.

use std::panic::resume_unwind;

use tracing::Instrument as _;

use crate::ApiState;
use crate::http::envelope;

/// Does it in a task of its own, within the request's span and as a part of the request, and waits for its end.
pub(crate) async fn to_its_end<T: Send + 'static>(
    state: &ApiState,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match state.carried.spawn(envelope::within(work).in_current_span()).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime ends, and this with it.
            Err(_) => std::future::pending().await,
        },
    }
}
