//! In-memory ports, builders and shared services for tests.

pub mod services;
