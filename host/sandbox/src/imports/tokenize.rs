//! `lockgate:host/tokenize`: tokens instead of values, under a key of the policy's owner that never enters a sandbox.

use aws_lc_rs::hmac;
use lockgate_core::plugin::CapabilityName;
use lockgate_core::ports::SecretBytes;

use super::{Pace, fits, values};
use crate::contract::v1::host::tokenize::Host;
use crate::contract::v1::host::types::Column;
use crate::guest::{State, refused};

impl Host for State {
    fn tokens(&mut self, column: Column, scheme: String) -> wasmtime::Result<Column> {
        self.enter(Some(CapabilityName::Tokenize))?;
        let scheme = Scheme::from_name(&scheme).ok_or_else(|| {
            refused(format!("it asked for tokens of the scheme `{}`; there are opaque, digits", scheme.escape_debug()))
        })?;
        let tokenizer = self.powers.tokenizer.clone().expect("`enter` saw that it is granted");
        let mut pace = Pace::default();
        let mut tokens = Column { data: Vec::with_capacity(column.data.len()), ends: vec![] };
        for value in values(&column)? {
            tokenizer.append(value, scheme, &mut tokens.data);
            fits(self, tokens.data.len())?;
            pace.step(self, value.len())?;
            tokens.ends.push(u32::try_from(tokens.data.len()).expect("the limit of answers is far below 4 GiB"));
        }
        Ok(tokens)
    }
}

/// How a token looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `tok_` and 26 letters and digits.
    Opaque,
    /// As many digits as the value has; everything else stays where it is.
    Digits,
}

impl Scheme {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "opaque" => Some(Self::Opaque),
            "digits" => Some(Self::Digits),
            _ => None,
        }
    }
}

/// Makes tokens under one owner's key.
#[derive(Clone)]
pub(crate) struct Tokenizer {
    key: hmac::Key,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokenizer(..)")
    }
}

impl Tokenizer {
    pub(crate) fn new(key: &SecretBytes) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()) }
    }

    fn append(&self, value: &[u8], scheme: Scheme, tokens: &mut Vec<u8>) {
        match scheme {
            Scheme::Opaque => self.append_opaque(value, tokens),
            Scheme::Digits => self.append_digits(value, tokens),
        }
    }

    /// 130 bits in base 32, in Crockford's letters, of which none is mistaken for another.
    fn append_opaque(&self, value: &[u8], tokens: &mut Vec<u8>) {
        const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let tag = self.tag("opaque", value, 0);
        tokens.extend_from_slice(b"tok_");
        let mut bits = 0_u32;
        let mut held = 0;
        let mut bytes = tag.as_ref().iter();
        for _ in 0..26 {
            if held < 5 {
                bits = (bits << 8) | u32::from(*bytes.next().expect("26 letters need 17 of 32 bytes"));
                held += 8;
            }
            held -= 5;
            tokens.push(LETTERS[((bits >> held) & 31) as usize]);
        }
    }

    /// Digits are replaced one by one; the whole value decides, so equal digits become different ones.
    fn append_digits(&self, value: &[u8], tokens: &mut Vec<u8>) {
        let mut block = 0;
        let mut stream = self.tag("digits", value, block).as_ref().to_vec().into_iter();
        for &byte in value {
            if !byte.is_ascii_digit() {
                tokens.push(byte);
                continue;
            }
            // 250 is the largest multiple of ten in a byte: above it some digits would come more often.
            let digit = loop {
                match stream.next() {
                    Some(random) if random < 250 => break random % 10,
                    Some(_) => {}
                    None => {
                        block += 1;
                        stream = self.tag("digits", value, block).as_ref().to_vec().into_iter();
                    }
                }
            };
            tokens.push(b'0' + digit);
        }
    }

    fn tag(&self, scheme: &str, value: &[u8], block: u32) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(scheme.as_bytes());
        context.update(&[0]);
        context.update(&block.to_be_bytes());
        context.update(value);
        context.sign()
    }
}

#[cfg(test)]
mod tests;
