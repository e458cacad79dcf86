//! Legibility: what no name may hold, because the eye would read another name than the program.

/// What in a text people cannot see, or see otherwise than it is.
pub(crate) fn trouble(text: &str) -> Option<&'static str> {
    if text.chars().any(char::is_control) {
        return Some("it holds control characters");
    }
    text.chars().any(misleads).then_some("it holds invisible or direction-changing characters")
}

/// Bidirectional controls turn `fdp.exe` around for the eye; zero-width characters make two names look the same.
const fn misleads(c: char) -> bool {
    matches!(
        c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}
