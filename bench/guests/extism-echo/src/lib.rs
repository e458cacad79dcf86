//! Answers what it is given: the smallest plugin that Extism's kit allows, as its own documentation writes it.

use extism_pdk::{FnResult, plugin_fn};

/// Gives the bytes back.
#[plugin_fn]
pub fn echo(input: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(input)
}
