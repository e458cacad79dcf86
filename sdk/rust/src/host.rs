//! What a plugin may ask the host for. Each module is one capability; what is not called is not imported.
//!
//! Natively the calls are answered by [`crate::testing`].

pub mod detect;
pub mod log;
pub mod lookup;
pub mod tokenize;
