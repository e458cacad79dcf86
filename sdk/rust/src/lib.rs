//! Write a Lockgate plugin in Rust: implement the trait of a hook, name it in [`export!`], add a `plugin.toml`.
//!
//! ```
//! use lockgate_sdk::{Batch, Finding, Findings, Validate};
//!
//! /// Refuses records that are longer than the settings allow.
//! struct LimitLength {
//!     bytes: usize,
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Settings {
//!     bytes: usize,
//! }
//!
//! impl Validate for LimitLength {
//!     type Settings = Settings;
//!
//!     fn configure(settings: Settings) -> Result<Self, String> {
//!         Ok(Self { bytes: settings.bytes })
//!     }
//!
//!     fn check(&mut self, batch: &Batch, findings: &mut Findings) {
//!         for record in batch.records().filter(|record| record.bytes().len() > self.bytes) {
//!             let message = format!("the record is longer than {} bytes", self.bytes);
//!             findings.push(Finding::refuse("record-length", message).at(&record, self.bytes..record.bytes().len()));
//!         }
//!     }
//! }
//!
//! lockgate_sdk::export!(validate: LimitLength);
//!
//! // Pure logic needs no host: tests run it natively.
//! let mut plugin = LimitLength::configure(Settings { bytes: 4 }).expect("these settings are fine");
//! let mut findings = Findings::default();
//! plugin.check(&Batch::of(["four", "fifth"]), &mut findings);
//! assert_eq!(findings.items()[0].place().expect("points at a record").position, 1);
//! ```
//!
//! One crate is one plugin: `crate-type = ["cdylib", "rlib"]`, built by `cargo xtask guests` for
//! `wasm32-unknown-unknown`. The component exports `configure` and the hooks named in [`export!`], and imports
//! exactly those host functions that the code calls; its manifest must ask for them.
#![deny(missing_docs)]

#[cfg(any(test, all(feature = "allocator", target_arch = "wasm32", not(target_feature = "atomics"))))]
mod allocator;
mod batch;
#[doc(hidden)]
pub mod bindings;
pub mod csv;
mod decimal;
mod edits;
mod export;
mod findings;
pub mod host;
pub mod json;
pub mod mask;
pub mod notify;
pub mod route;
mod subject;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod validate;

pub use batch::{Batch, Record};
pub use decimal::Decimal;
pub use edits::Edits;
#[doc(hidden)]
pub use export::Slot;
pub use findings::{Finding, Findings, Place, Severity};
pub use mask::Mask;
pub use notify::{Event, Message, Notify};
pub use route::{Route, Target};
pub use subject::Subject;
pub use validate::{Facts, Validate};
