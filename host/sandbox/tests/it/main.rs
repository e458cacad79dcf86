//! The sandbox's tests: real guests, real engine, hostile input.

mod bindings;
mod cache;
mod components;
mod crimes;
mod hooks;
mod neighbours;
mod stage;
mod text;
