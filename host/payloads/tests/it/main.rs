//! The payload store against a real S3, straight and through a proxy that breaks what it is told to break.
#![allow(clippy::unwrap_used)]

mod archive;
mod crowd;
mod faults;
mod objects;
mod reads;
mod rows;
mod sweeping;
mod uploads;
mod vanished;
mod world;
