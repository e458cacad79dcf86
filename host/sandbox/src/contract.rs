//! The contract as Rust, one module a released version; nothing outside it names generated types of another.

pub(crate) mod v1;
