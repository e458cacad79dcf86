//! The bytes of transfers on S3.
