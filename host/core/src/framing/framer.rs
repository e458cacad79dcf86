//! The framer: bytes in, in any chunks; cuts out.

use ::bytes::Bytes;

use super::packer::Packer;
use super::{Cut, Framing, MAX_RECORD, Misframed, bytes, csv, json, lines, whole};

/// Cuts one payload by one framing, with bounded memory. Once [`Framer::misframed`], it takes nothing more.
#[derive(Debug)]
pub struct Framer {
    packer: Packer,
    scanner: Scanner,
    /// The byte order mark at the beginning is still to be looked for.
    beginning: bool,
    ended: bool,
    misframed: Option<Misframed>,
}

#[derive(Debug)]
enum Scanner {
    Bytes(bytes::Pieces),
    Lines(lines::Lines),
    Csv(csv::Csv),
    Json(json::Json),
    Whole(whole::Whole),
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl Framer {
    /// A framer for one payload.
    pub fn new(framing: &Framing) -> Self {
        let (scanner, max_record) = match framing {
            Framing::Bytes => (Scanner::Bytes(bytes::Pieces), bytes::PIECE),
            Framing::Lines { max_record } => (Scanner::Lines(lines::Lines), *max_record),
            Framing::Csv { delimiter, quote, header, max_record } => {
                (Scanner::Csv(csv::Csv::new(*delimiter, *quote, *header)), *max_record)
            }
            Framing::Json { max_record } => (Scanner::Json(json::Json::default()), *max_record),
            Framing::Whole => (Scanner::Whole(whole::Whole), MAX_RECORD),
        };
        // Bytes and whole payloads are shown as they are; everywhere else a byte order mark is glue.
        let beginning = matches!(scanner, Scanner::Lines(_) | Scanner::Csv(_) | Scanner::Json(_));
        Self { packer: Packer::new(max_record), scanner, beginning, ended: false, misframed: None }
    }

    /// Takes the next bytes and returns the cuts that they completed.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Cut> {
        // In steps, so that one huge chunk does not cost more memory than many small ones.
        for step in chunk.chunks(super::packer::BYTES) {
            if self.ended {
                break;
            }
            self.packer.extend(step);
            if !self.at_beginning(false) {
                self.scan(false);
            }
        }
        self.packer.take()
    }

    /// No bytes follow: returns the cuts that remain, the last of which is marked so unless the payload is misframed.
    pub fn finish(&mut self) -> Vec<Cut> {
        if !self.ended {
            self.at_beginning(true);
            self.scan(true);
        }
        if !std::mem::replace(&mut self.ended, true) {
            self.packer.finish();
        }
        self.packer.take()
    }

    /// Why the payload could not be cut further. The cuts up to there were handed out; nothing comes after.
    pub const fn misframed(&self) -> Option<&Misframed> {
        self.misframed.as_ref()
    }

    /// The CSV header record, once its end was seen; empty without one.
    pub fn preamble(&self) -> Bytes {
        match &self.scanner {
            Scanner::Csv(csv) => csv.preamble(),
            _ => Bytes::new(),
        }
    }

    /// Whether more bytes are needed to know if there is a byte order mark.
    fn at_beginning(&mut self, ends: bool) -> bool {
        if !self.beginning {
            return false;
        }
        let bytes = self.packer.bytes();
        if bytes.len() < BOM.len() && BOM.starts_with(bytes) && !ends {
            return true;
        }
        if bytes.starts_with(BOM) {
            self.packer.at = BOM.len();
        }
        self.beginning = false;
        false
    }

    fn scan(&mut self, ends: bool) {
        let scanned = match &mut self.scanner {
            Scanner::Bytes(scanner) => scanner.scan(&mut self.packer, ends),
            Scanner::Lines(scanner) => scanner.scan(&mut self.packer, ends),
            Scanner::Csv(scanner) => scanner.scan(&mut self.packer, ends),
            Scanner::Json(scanner) => scanner.scan(&mut self.packer, ends),
            Scanner::Whole(scanner) => scanner.scan(&mut self.packer, ends),
        };
        if let Err(misframed) = scanned.and_then(|()| self.packer.settle()) {
            self.packer.give_up();
            self.misframed = Some(misframed);
            self.ended = true;
        }
    }
}
