//! In-memory ports: one small world that keeps the same promises as the real stores, so that stories run in a blink.

mod commit;
mod connector;
mod ledger;
mod paging;
mod parking;
mod passages;
mod payloads;
mod reads;
mod redrives;
mod registry;
mod runner;
mod secure_urls;
mod sight;
mod snapshot;
mod time;
mod transfers;
mod uploads;
mod vault;
mod world;

pub use connector::{MemoryConnector, MemoryMessenger, MemorySigning};
pub use ledger::MemoryRateLedger;
pub use passages::MemoryPassages;
pub use payloads::MemoryPayloadStore;
pub use reads::Reads;
pub use runner::ScriptedRunner;
pub use secure_urls::QuickPassphrases;
pub use time::VirtualClock;
pub use vault::{MemoryArchive, MemoryVault};
pub use world::MemoryStore;
