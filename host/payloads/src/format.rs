//! The one place that knows the layouts of payload objects: readers dispatch here, so a new layout changes no reader.

use std::ops::Range;

use lockgate_core::payload::{ObjectFormat, Payload};
use lockgate_core::ports::ByteStream;

use crate::bucket::Bucket;

mod plain;

/// The content bytes of that range, whatever the object looks like. The range must lie within the payload.
pub(crate) fn content(bucket: Bucket, payload: &Payload, range: Range<u64>) -> ByteStream {
    match payload.format {
        ObjectFormat::Plain1 => plain::content(bucket, payload.clone(), range),
    }
}
