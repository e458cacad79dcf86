//! The `csv` framing: RFC 4180 as the world writes it.
//!
//! LF, CRLF and CR alone end a record outside of quotes; were a CR data, a file with the line ends of old Macs would
//! pass as one header that no plugin judges. A quote counts only at the beginning of a field; inside a quoted field two
//! quotes are one. Blank lines are glue. The header, if there is one, is glue too, and every instance's preamble.

use bytes::Bytes;

use super::Misframed;
use super::packer::Packer;

#[derive(Debug)]
pub(super) struct Csv {
    delimiter: u8,
    quote: u8,
    /// The header is still to come.
    header: bool,
    preamble: Bytes,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between records.
    Between,
    /// At the beginning of a field.
    Field,
    /// In a field without quotes, or after its closing quote.
    Plain,
    /// In quotes.
    Quoted,
    /// After a quote in quotes: the closing one, or the first of two.
    Quote,
}

impl Csv {
    pub(super) fn new(delimiter: char, quote: char, header: bool) -> Self {
        let ascii = |c: char| u8::try_from(c).expect("a binding's framing was checked to be ASCII");
        let (delimiter, quote) = (ascii(delimiter), ascii(quote));
        Self { delimiter, quote, header, preamble: Bytes::new(), state: State::Between }
    }

    pub(super) fn preamble(&self) -> Bytes {
        self.preamble.clone()
    }

    pub(super) fn scan(&mut self, packer: &mut Packer, ends: bool) -> Result<(), Misframed> {
        while packer.at < packer.bytes().len() {
            if self.state == State::Between && !self.begin(packer) {
                continue;
            }
            let from = packer.at;
            let rest = &packer.bytes()[from..];
            match self.end_of_record(rest) {
                Some(length) => {
                    packer.at = from + length;
                    self.close(packer)?;
                }
                None => packer.at = packer.bytes().len(),
            }
        }
        if !ends {
            return Ok(());
        }
        match self.state {
            State::Between => Ok(()),
            State::Quoted => {
                let message = "a quoted field is not closed before the payload ends";
                Err(packer.unfinished("unclosed-quote", message))
            }
            State::Field | State::Plain | State::Quote => self.close(packer),
        }
    }

    /// Skips line ends between records; whether a record begins.
    fn begin(&mut self, packer: &mut Packer) -> bool {
        if matches!(packer.bytes()[packer.at], b'\n' | b'\r') {
            packer.at += 1;
            return false;
        }
        packer.open();
        self.state = State::Field;
        true
    }

    /// How far the record goes, if its end is among these bytes; the state goes along.
    fn end_of_record(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            match self.state {
                State::Quoted => match memchr::memchr(self.quote, &bytes[at..]) {
                    Some(found) => {
                        at += found;
                        self.state = State::Quote;
                    }
                    None => return None,
                },
                _ if byte == b'\n' || byte == b'\r' => return Some(at),
                _ if byte == self.delimiter => self.state = State::Field,
                State::Field if byte == self.quote => self.state = State::Quoted,
                State::Quote if byte == self.quote => self.state = State::Quoted,
                State::Plain => match memchr::memchr3(self.delimiter, b'\n', b'\r', &bytes[at..]) {
                    Some(found) => {
                        at += found;
                        continue;
                    }
                    None => return None,
                },
                State::Between | State::Field | State::Quote => self.state = State::Plain,
            }
            at += 1;
        }
        None
    }

    fn close(&mut self, packer: &mut Packer) -> Result<(), Misframed> {
        self.state = State::Between;
        if std::mem::take(&mut self.header) {
            self.preamble = packer.close_as_glue()?;
            return Ok(());
        }
        packer.close()
    }
}
