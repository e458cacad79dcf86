//! Where the values of a JSON text lie: findings point at bytes, and masks replace them.
//!
//! The text is expected to be JSON; of anything else, what reads like JSON is told and the rest left out.

use std::{borrow::Cow, ops::Range};

/// One scalar value, or the name of an object's member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its bytes, quotes included.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What a scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The name of a member.
    Name,
    /// A string.
    String,
    /// A number, `true`, `false` or `null`.
    Bare,
}

/// Walks through all values, in order: `visit` gets each scalar with its JSON pointer. A member's name is visited
/// before the member, with the member's pointer.
pub fn scalars(json: &[u8], mut visit: impl FnMut(&str, Scalar)) {
    Walk { json, at: 0, pointer: String::new() }.value(&mut |pointer, found| {
        if let Found::Scalar(scalar) = found {
            visit(pointer, scalar);
        }
    });
}

/// The bytes of the value at `pointer`.
pub fn locate(json: &[u8], pointer: &str) -> Option<Range<usize>> {
    let mut place = None;
    Walk { json, at: 0, pointer: String::new() }.value(&mut |here, found| {
        if here == pointer {
            match found {
                Found::Scalar(Scalar { kind: Kind::Name, .. }) => (),
                Found::Scalar(Scalar { range, .. }) | Found::Container(range) => {
                    place.get_or_insert(range);
                }
            }
        }
    });
    place
}

/// The text of a string (its bytes with the quotes): escapes resolved where there are any.
pub fn text(string: &[u8]) -> Cow<'_, [u8]> {
    let inner = string.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(string);
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    match serde_json::from_slice::<String>(string) {
        Ok(text) => Cow::Owned(text.into_bytes()),
        Err(_) => Cow::Borrowed(inner),
    }
}

/// `text` as a string with quotes; bytes that are not UTF-8 become replacement characters.
pub fn write(text: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&String::from_utf8_lossy(text)).expect("a text is always JSON")
}

enum Found {
    Scalar(Scalar),
    Container(Range<usize>),
}

struct Walk<'a> {
    json: &'a [u8],
    at: usize,
    pointer: String,
}

/// Nesting is followed iteratively, because a hostile text nests deeper than any stack.
enum Level {
    Array { start: usize, index: usize, pointer: usize },
    Object { start: usize, pointer: usize },
}

impl Walk<'_> {
    fn value(&mut self, visit: &mut impl FnMut(&str, Found)) {
        let mut levels = Vec::<Level>::new();
        loop {
            self.blanks();
            let Some(&byte) = self.json.get(self.at) else { return };
            match byte {
                b'[' => {
                    levels.push(Level::Array { start: self.at, index: 0, pointer: self.pointer.len() });
                    self.at += 1;
                    self.pointer.push_str("/0");
                }
                b'{' => {
                    levels.push(Level::Object { start: self.at, pointer: self.pointer.len() });
                    self.at += 1;
                }
                b']' | b'}' => {
                    self.at += 1;
                    match levels.pop() {
                        Some(Level::Array { start, pointer, .. } | Level::Object { start, pointer }) => {
                            self.pointer.truncate(pointer);
                            visit(&self.pointer, Found::Container(start..self.at));
                        }
                        None => return,
                    }
                }
                b',' => {
                    self.at += 1;
                    if let Some(Level::Array { index, pointer, .. }) = levels.last_mut() {
                        *index += 1;
                        self.pointer.truncate(*pointer);
                        self.pointer.push_str(&format!("/{index}"));
                    }
                }
                b':' => self.at += 1,
                b'"' => {
                    let range = self.string();
                    self.blanks();
                    let named = matches!(levels.last(), Some(Level::Object { .. }));
                    let kind = if named && self.json.get(self.at) == Some(&b':') { Kind::Name } else { Kind::String };
                    if let (Kind::Name, Some(Level::Object { pointer, .. })) = (kind, levels.last()) {
                        self.pointer.truncate(*pointer);
                        self.pointer.push('/');
                        let name = String::from_utf8_lossy(&text(&self.json[range.clone()])).into_owned();
                        self.pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    }
                    visit(&self.pointer, Found::Scalar(Scalar { range, kind }));
                }
                _ => {
                    let start = self.at;
                    let ends = |byte: &u8| b",]}:\" \t\r\n".contains(byte);
                    self.at += self.json[start..].iter().position(ends).unwrap_or(self.json.len() - start).max(1);
                    visit(&self.pointer, Found::Scalar(Scalar { range: start..self.at, kind: Kind::Bare }));
                }
            }
        }
    }

    fn blanks(&mut self) {
        while self.json.get(self.at).is_some_and(|byte| b" \t\r\n".contains(byte)) {
            self.at += 1;
        }
    }

    /// The string that begins here; an unclosed one reaches to the end.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while let Some(&byte) = self.json.get(self.at) {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.json.len());
        start..self.at
    }
}

#[cfg(test)]
mod tests;
