//! Core against real data and over in-memory ports.

mod chunks;
mod detect;
mod framing;
mod going_on;
mod inbound;
mod intake;
mod notifying;
mod outbound;
mod parking;
mod passphrases;
mod putting_off;
mod rate;
mod registrar;
mod stage;
