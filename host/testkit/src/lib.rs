//! In-memory ports, builders and shared services for tests.

pub mod memory;
#[cfg(feature = "services")]
pub mod services;
