//! The sandbox that runs plugins; the only crate that knows wasmtime.
//!
//! [`Sandbox`] implements the port [`lockgate_core::ports::PluginRunner`]. A plugin's way through this crate: `inspect`,
//! `compile` (in a child process), `cache`, `library`, `linked`, `guest` (an instance with its budgets), `session`.
//!
//! *Invariant:* no guest runs without `Limits`, outside of the sandbox threads, or in a store of two owners.

mod cache;
mod check;
mod compile;
mod config;
mod contract;
mod engine;
mod guest;
mod hook;
mod imports;
mod inspect;
mod library;
mod linked;
#[cfg(feature = "measure")]
mod measure;
mod quarantine;
mod reuse;
mod runner;
mod session;
mod threads;

pub use compile::{CompileError, compile_main};
pub use config::{Compiler, QuarantineRule, Reuse, SandboxConfig};
#[cfg(feature = "measure")]
pub use measure::Repeater;
pub use quarantine::Quarantined;
pub use runner::{Sandbox, SandboxError, Status};
