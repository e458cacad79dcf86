//! Write a Lockgate plugin in Rust.
