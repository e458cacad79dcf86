//! The `json` framing: top-level values, however they are separated; a root array is split into its elements.
//!
//! This is no parser: what is inside a value is the validator's affair. But nothing other than blanks, the brackets of a
//! root array and the commas in it passes as glue, so that nothing escapes the plugins.

use memchr::memchr2;

use super::Misframed;
use super::packer::Packer;

#[derive(Debug, Default)]
pub(super) struct Json {
    /// What is expected in the root array that is under way, if one is.
    array: Option<Expect>,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// An element or the end: the array has just begun.
    FirstOrEnd,
    /// An element: a comma came before.
    Element,
    /// A comma or the end.
    CommaOrEnd,
}

/// What kind of value is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Value {
    /// None.
    #[default]
    None,
    /// A number or literal: ends where something else begins.
    Scalar,
    /// A string, at depth 0, or one inside an object or array.
    String { depth: u32, escaped: bool },
    /// An object or array and how deep we are in it.
    Nested { depth: u32 },
}

impl Json {
    pub(super) fn scan(&mut self, packer: &mut Packer, ends: bool) -> Result<(), Misframed> {
        while packer.at < packer.bytes().len() {
            match self.value {
                Value::None => self.between(packer)?,
                Value::Scalar => {
                    let rest = &packer.bytes()[packer.at..];
                    match rest.iter().position(|byte| ends_scalar(*byte)) {
                        Some(found) => {
                            packer.at += found;
                            self.close(packer)?;
                        }
                        None => packer.at = packer.bytes().len(),
                    }
                }
                Value::String { depth, escaped } => self.string(packer, depth, escaped)?,
                Value::Nested { depth } => self.nested(packer, depth)?,
            }
        }
        if ends { self.end(packer) } else { Ok(()) }
    }

    fn between(&mut self, packer: &mut Packer) -> Result<(), Misframed> {
        let byte = packer.bytes()[packer.at];
        match (byte, self.array) {
            (b' ' | b'\t' | b'\n' | b'\r', _) => {}
            (b'[', None) => self.array = Some(Expect::FirstOrEnd),
            (b']', Some(Expect::FirstOrEnd | Expect::CommaOrEnd)) => self.array = None,
            (b',', Some(Expect::CommaOrEnd)) => self.array = Some(Expect::Element),
            (_, Some(Expect::CommaOrEnd)) => {
                return Err(unexpected(packer, byte, "a comma or the end of the root array"));
            }
            (b',' | b':' | b']' | b'}', _) => return Err(unexpected(packer, byte, "a value")),
            _ => {
                packer.open();
                self.value = match byte {
                    b'"' => Value::String { depth: 0, escaped: false },
                    b'{' | b'[' => Value::Nested { depth: 1 },
                    _ => Value::Scalar,
                };
            }
        }
        packer.at += 1;
        Ok(())
    }

    fn string(&mut self, packer: &mut Packer, depth: u32, escaped: bool) -> Result<(), Misframed> {
        if escaped {
            packer.at += 1;
            self.value = Value::String { depth, escaped: false };
            return Ok(());
        }
        let Some(found) = memchr2(b'"', b'\\', &packer.bytes()[packer.at..]) else {
            packer.at = packer.bytes().len();
            return Ok(());
        };
        let quote = packer.bytes()[packer.at + found] == b'"';
        packer.at += found + 1;
        match (quote, depth) {
            (false, _) => self.value = Value::String { depth, escaped: true },
            (true, 0) => return self.close(packer),
            (true, _) => self.value = Value::Nested { depth },
        }
        Ok(())
    }

    fn nested(&mut self, packer: &mut Packer, depth: u32) -> Result<(), Misframed> {
        let rest = &packer.bytes()[packer.at..];
        let Some(found) = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']')) else {
            packer.at = packer.bytes().len();
            return Ok(());
        };
        let byte = rest[found];
        packer.at += found + 1;
        match (byte, depth) {
            (b'"', _) => self.value = Value::String { depth, escaped: false },
            (b'{' | b'[', _) => self.value = Value::Nested { depth: depth.saturating_add(1) },
            (_, 0 | 1) => return self.close(packer),
            (_, depth) => self.value = Value::Nested { depth: depth - 1 },
        }
        Ok(())
    }

    fn close(&mut self, packer: &mut Packer) -> Result<(), Misframed> {
        self.value = Value::None;
        if self.array.is_some() {
            self.array = Some(Expect::CommaOrEnd);
        }
        packer.close()
    }

    fn end(&mut self, packer: &mut Packer) -> Result<(), Misframed> {
        match (self.value, self.array) {
            (Value::None | Value::Scalar, Some(_)) => {
                Err(packer.unfinished("unclosed-json", "the root array is not closed before the payload ends"))
            }
            (Value::Scalar, None) => self.close(packer),
            (Value::None, None) => Ok(()),
            (Value::String { .. } | Value::Nested { .. }, _) => {
                Err(packer.unfinished("unclosed-json", "a value is not closed before the payload ends"))
            }
        }
    }
}

const fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'[' | b']' | b'{' | b'}' | b'"')
}

fn unexpected(packer: &Packer, byte: u8, wanted: &str) -> Misframed {
    let shown = char::from(byte).escape_default();
    packer.misframed("malformed-json", format!("`{shown}` stands where {wanted} is expected"), packer.at)
}
