//! SHA-256 that can be put aside and taken up again by another node.

use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// The state as bytes, for the upload's row.
pub fn put_aside(hash: &Sha256) -> Vec<u8> {
    hash.serialize().to_vec()
}

/// The state after these bytes.
pub fn after(bytes: &[u8]) -> Vec<u8> {
    put_aside(&Sha256::new_with_prefix(bytes))
}

/// Takes a state up again; an upload that has none yet begins anew. `None` if the bytes are no such state.
pub fn take_up(bytes: &[u8]) -> Option<Sha256> {
    if bytes.is_empty() {
        return Some(Sha256::new());
    }
    let state = SerializedState::<Sha256>::try_from(bytes).ok()?;
    Sha256::deserialize(&state).ok()
}

/// The digest of all bytes that were hashed.
pub fn finish(hash: Sha256) -> Digest {
    Digest(hash.finalize().into())
}

#[cfg(test)]
mod tests;
