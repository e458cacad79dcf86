//! In-memory ports, builders and shared services for tests.

pub mod memory;
#[cfg(feature = "services")]
pub mod s3_proxy;
#[cfg(feature = "services")]
pub mod services;
pub mod waiting;
