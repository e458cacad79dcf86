//! File names: what a sender may call a file, so that no later system mistakes it for a path or a person is misled.

/// How long a file name may be, in bytes of UTF-8: what common file systems take.
const LONGEST: usize = 255;

/// Why a file name cannot be used, if so.
pub(super) fn refuse(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        return Some("it is empty");
    }
    if name.len() > LONGEST {
        return Some("it is longer than 255 bytes");
    }
    if name == "." || name == ".." || name.contains(['/', '\\']) {
        return Some("it is a path; give the last part of it only");
    }
    if name.chars().any(char::is_control) {
        return Some("it holds control characters");
    }
    if name.chars().any(misleads) {
        return Some("it holds invisible or direction-changing characters");
    }
    None
}

/// Bidirectional controls turn `fdp.exe` around for the eye; zero-width characters make two names look the same.
pub(crate) const fn misleads(c: char) -> bool {
    matches!(
        c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests;
