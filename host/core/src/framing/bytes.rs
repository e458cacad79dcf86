//! The `bytes` framing: pieces of one size, whatever is in them; there is no glue.

use super::Misframed;
use super::packer::Packer;

/// How large a piece is; the last one is smaller. A masker's `keep` must stay well below it.
pub(super) const PIECE: u32 = 128 * 1024;

#[derive(Debug)]
pub(super) struct Pieces;

impl Pieces {
    pub(super) fn scan(&mut self, packer: &mut Packer, ends: bool) -> Result<(), Misframed> {
        let piece = PIECE as usize;
        loop {
            let waiting = packer.bytes().len() - packer.at;
            // A full piece waits for the next byte, so that the last one knows that it is.
            if waiting > piece {
                packer.piece(piece)?;
            } else if ends && waiting > 0 {
                return packer.piece(waiting);
            } else {
                return Ok(());
            }
        }
    }
}
