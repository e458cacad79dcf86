//! The `whole` framing: the payload is one record, even an empty one.

use super::Misframed;
use super::packer::Packer;

#[derive(Debug)]
pub(super) struct Whole;

impl Whole {
    pub(super) fn scan(&mut self, packer: &mut Packer, ends: bool) -> Result<(), Misframed> {
        if !packer.is_open() {
            packer.open();
        }
        packer.at = packer.bytes().len();
        if ends { packer.close() } else { Ok(()) }
    }
}
