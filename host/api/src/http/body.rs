//! Request bodies as core's streams: never more than the frame under way in memory.

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use lockgate_core::intake::{BodyError, BodyStream};

/// The body's bytes; a cut connection is the stream's last item.
pub(crate) fn stream(body: Body) -> BodyStream {
    Box::pin(body.into_data_stream().map(|chunk| chunk.map_err(|error| BodyError(error.to_string()))))
}

/// The body without its first bytes, which are already there.
pub(crate) fn stream_after(body: BodyStream, skip: u64) -> BodyStream {
    let mut left = skip;
    Box::pin(body.filter_map(move |chunk| {
        let kept = match chunk {
            Ok(mut bytes) => {
                let cut = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                left -= cut as u64;
                let rest: Bytes = bytes.split_off(cut);
                (!rest.is_empty()).then_some(Ok(rest))
            }
            Err(error) => Some(Err(error)),
        };
        std::future::ready(kept)
    }))
}
