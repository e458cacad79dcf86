//! Exact decimal numbers: money is compared and added as it is written, never as a floating-point guess.

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Deserializer, de::Error};

/// An exact decimal number of up to 38 digits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Decimal {
    /// The digits without the mark.
    digits: i128,
    /// How many of them stand behind the mark.
    scale: u32,
}

impl Decimal {
    /// Reads `-1234.50` with the given decimal mark; no grouping, no exponent. Nothing, if it is written otherwise or
    /// has more than 38 digits.
    pub fn parse(text: &str, mark: char) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = unsigned.split_once(mark).unwrap_or((unsigned, ""));
        if whole.is_empty() || unsigned.ends_with(mark) {
            return None;
        }
        let mut digits = 0_i128;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = i128::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
            digits = digits.checked_mul(10)?.checked_add(digit)?;
        }
        let scale = u32::try_from(fraction.len()).ok()?;
        Some(Self { digits: if negative { -digits } else { digits }, scale })
    }

    /// The exact sum; nothing, if it has more than 38 digits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let digits = self.at_scale(scale)?.checked_add(other.at_scale(scale)?)?;
        Some(Self { digits, scale })
    }

    /// How many digits stand behind the mark, zeroes at the end included.
    pub fn scale(self) -> u32 {
        self.scale
    }

    fn at_scale(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(scale - self.scale)?)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.at_scale(scale), other.at_scale(scale)) {
            (Some(mine), Some(theirs)) => mine.cmp(&theirs),
            // The one that grows past 38 digits at the common scale is the greater by amount: its sign decides.
            (None, Some(_)) => self.digits.cmp(&0),
            (Some(_), None) => 0.cmp(&other.digits),
            (None, None) => self.scale.cmp(&other.scale),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.digits < 0 { "-" } else { "" };
        match fraction {
            "" => write!(formatter, "{sign}{whole}"),
            _ => write!(formatter, "{sign}{whole}.{fraction}"),
        }
    }
}

/// From a JSON number or, where its digits must survive exactly, a JSON string.
impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = match &value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(D::Error::custom("expected a number, or a string that holds one")),
        };
        Self::parse(&text, '.').ok_or_else(|| D::Error::custom(format_args!("`{text}` is not a decimal number")))
    }
}

#[cfg(test)]
mod tests;
