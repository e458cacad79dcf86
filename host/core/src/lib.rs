//! The words, rules and ports of Lockgate, and the pipeline of a transfer.
//!
//! *Invariant:* core does no I/O, reads no clock and no environment; what it needs comes through [`ports`].

pub mod agreement;
pub mod batch;
pub mod change;
pub mod claim;
pub mod code;
pub mod command;
pub mod consignment;
pub mod decision;
pub mod delivery;
pub mod desk;
pub mod destination;
pub mod detect;
pub mod digest;
pub mod fact;
pub mod fault;
pub mod finding;
pub mod framing;
pub mod hold;
pub mod hook;
pub mod id;
pub mod intake;
pub mod limits;
pub mod media;
pub mod notification;
pub mod partner;
pub mod payload;
pub mod pipeline;
pub mod plugin;
pub mod policy;
pub mod ports;
pub mod provenance;
pub mod quota;
pub mod rate;
pub mod registrar;
pub mod retry;
pub mod route;
pub mod state;
pub mod time;
pub mod trace;
pub mod transfer;
pub mod upload;
pub mod viewer;
pub mod visibility;
