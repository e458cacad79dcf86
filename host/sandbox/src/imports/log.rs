//! `lockgate:host/log`: lines for the plugin's owner, cut, escaped, scanned for personal data and counted.

use lockgate_core::detect;

use crate::contract::v1::host::log::{Host, Level};
use crate::guest::State;

/// The longest line in bytes; the rest is cut off.
const LONGEST: usize = 1024;

impl Host for State {
    fn write(&mut self, level: Level, text: String) -> wasmtime::Result<()> {
        self.enter(None)?;
        self.log(text.len() as u64)?;
        let line = presentable(&text);
        // Levels are static in `tracing`, so there is one event for each.
        macro_rules! emit {
            ($level:ident) => {
                tracing::event!(
                    target: "lockgate::plugin",
                    tracing::Level::$level,
                    plugin.name = %self.identity.plugin,
                    plugin.digest = %self.identity.digest,
                    binding.name = %self.identity.binding,
                    "{line}"
                )
            };
        }
        match level {
            Level::Debug => emit!(DEBUG),
            Level::Info => emit!(INFO),
            Level::Warn => emit!(WARN),
        }
        Ok(())
    }
}

/// A line that can do no harm: personal data hidden, cut, without control characters.
fn presentable(text: &str) -> String {
    // Scanned with some text beyond the cut, so that a number is found that the cut would split.
    let hidden = detect::hide(prefix(text, 2 * LONGEST));
    let kept = prefix(&hidden, LONGEST);
    let mut line = String::with_capacity(kept.len());
    for character in kept.chars() {
        if character.is_control() || is_bidirectional(character) {
            line.extend(character.escape_unicode());
        } else {
            line.push(character);
        }
    }
    if kept.len() < hidden.len() || text.len() > 2 * LONGEST {
        line.push('…');
    }
    line
}

fn prefix(text: &str, longest: usize) -> &str {
    let end = (0..=longest.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    &text[..end]
}

/// Characters that turn the order of a line around when a person looks at it.
const fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests;
