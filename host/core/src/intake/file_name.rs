//! File names: what a sender may call a file, so that no later system mistakes it for a path or a person is misled.

use crate::legible;

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
    legible::trouble(name)
}

#[cfg(test)]
mod tests;
