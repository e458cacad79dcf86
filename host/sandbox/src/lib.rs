//! The sandbox that runs plugins; the only crate that knows wasmtime.
