//! `Content-Disposition` for any file name (RFC 6266, RFC 8187): never a second header, a path or an inline page.

use std::fmt::Write as _;

use http::HeaderValue;

/// A download under that name: a plain ASCII form for old clients, and the true one.
pub(crate) fn attachment(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " ._-()+,=@".contains(c) { c } else { '_' })
        .take(200)
        .collect();
    let plain = if plain.trim_matches([' ', '.']).is_empty() { "download" } else { plain.trim_start_matches('.') };
    let mut full = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => full.push(char::from(byte)),
            _ => {
                let _ = write!(full, "%{byte:02X}");
            }
        }
    }
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}");
    HeaderValue::from_str(&value).expect("both forms are printable ASCII")
}
