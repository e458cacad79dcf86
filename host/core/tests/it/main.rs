//! Core against real data and over in-memory ports.

mod detect;
mod framing;
