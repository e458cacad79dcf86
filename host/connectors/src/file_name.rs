//! Senders' file names, made safe for wherever they are put.

use std::fmt::Write as _;

/// Object keys have room for this much of a name.
const LONGEST_OBJECT_NAME: usize = 60;
const LONGEST_FALLBACK: usize = 120;

/// `attachment` with the name as RFC 6266 wants it: a plain form for old receivers, the exact one for all others.
pub(crate) fn content_disposition(name: &str) -> String {
    let mut exact = String::new();
    for byte in last_segment(name).bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => exact.push(char::from(byte)),
            _ => write!(exact, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
    }
    format!("attachment; filename=\"{}\"; filename*=UTF-8''{exact}", plain(name, LONGEST_FALLBACK))
}

/// The name as the value of a header, as CloudEvents writes text there: what is not printable ASCII, spaces, quotation marks
/// and percent signs stand as percent and two digits for each byte of UTF-8.
pub(crate) fn header_value(name: &str) -> String {
    let mut value = String::new();
    for byte in name.bytes() {
        match byte {
            b'!' | b'#' | b'$' | b'&'..=b'~' => value.push(char::from(byte)),
            _ => write!(value, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
    }
    value
}

/// The name as the last segment of an object key: ASCII letters, digits, dot, hyphen and underscore.
pub(crate) fn object_name(name: &str) -> String {
    plain(name, LONGEST_OBJECT_NAME)
}

fn last_segment(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// Too long a name loses its middle: beginning and extension tell the most.
fn plain(name: &str, longest: usize) -> String {
    let safe: String = last_segment(name)
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_') { char } else { '_' })
        .collect();
    let safe = safe.trim_start_matches('.');
    if safe.is_empty() {
        return "payload".to_owned();
    }
    if safe.len() <= longest {
        return safe.to_owned();
    }
    let extension = safe.rfind('.').map_or("", |at| &safe[at..]);
    let extension = if extension.len() > 16 { "" } else { extension };
    format!("{}{extension}", &safe[..longest - extension.len()])
}

#[cfg(test)]
mod tests;
