//! Request bodies as core's streams: never more than the frame under way in memory.

use axum::body::Body;
use futures::StreamExt;
use lockgate_core::intake::{BodyError, BodyStream};

/// The body's bytes; a cut connection is the stream's last item.
pub(crate) fn stream(body: Body) -> BodyStream {
    Box::pin(body.into_data_stream().map(|chunk| chunk.map_err(|error| BodyError(error.to_string()))))
}
