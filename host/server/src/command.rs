//! The verbs of the command line, one file each.

pub(crate) mod config;
pub(crate) mod dev;
pub(crate) mod migrate;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod token;
pub(crate) mod transfer;
pub(crate) mod webhook;
