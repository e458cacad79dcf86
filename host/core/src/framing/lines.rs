//! The `lines` framing: LF or CRLF ends a line. A CR alone is data, and an empty line is an empty record.

use memchr::memchr;

use super::Misframed;
use super::packer::Packer;

#[derive(Debug)]
pub(super) struct Lines;

impl Lines {
    pub(super) fn scan(&mut self, packer: &mut Packer, ends: bool) -> Result<(), Misframed> {
        while packer.at < packer.bytes().len() {
            if !packer.is_open() {
                packer.open();
            }
            match memchr(b'\n', &packer.bytes()[packer.at..]) {
                Some(found) => {
                    let newline = packer.at + found;
                    let crlf =
                        packer.opened().is_some_and(|start| newline > start) && packer.bytes()[newline - 1] == b'\r';
                    packer.at = newline - usize::from(crlf);
                    packer.close()?;
                    packer.at = newline + 1;
                }
                None => packer.at = packer.bytes().len(),
            }
        }
        if ends && packer.is_open() {
            packer.close()?;
        }
        Ok(())
    }
}
