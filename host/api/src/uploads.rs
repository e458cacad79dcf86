//! The tus 1.0 headers, read and written.

pub(crate) mod checksum;
pub(crate) mod concat;
pub(crate) mod headers;
pub(crate) mod metadata;
