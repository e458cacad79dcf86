//! Content negotiation: which of the two media types of GraphQL over HTTP an answer has.

use http::{HeaderMap, header};
use lockgate_core::code::Code;

use crate::failure::Failure;

/// The media types of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells a refused request.
    Modern,
    /// `application/json`: whatever is well-formed is answered with 200.
    Older,
}

impl Media {
    /// The header's value.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Modern => "application/graphql-response+json; charset=utf-8",
            Self::Older => "application/json; charset=utf-8",
        }
    }
}

/// How well a media type fits: its weight in thousandths, by the most specific range that names it.
#[derive(Debug, Clone, Copy, Default)]
struct Fit {
    specific: u8,
    weight: u16,
}

/// The media type that fits best by RFC 9110; the older one where a client has no preference, or says nothing.
pub(super) fn negotiate(headers: &HeaderMap) -> Result<Media, Failure> {
    if !headers.contains_key(header::ACCEPT) {
        return Ok(Media::Older);
    }
    let mut modern = Fit::default();
    let mut older = Fit::default();
    let given = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in given.flat_map(|value| value.split(',')) {
        let Some((name, weight)) = read(range) else { continue };
        let (fits, specific): (&mut [&mut Fit], u8) = match name.as_str() {
            "application/graphql-response+json" => (&mut [&mut modern], 3),
            "application/json" => (&mut [&mut older], 3),
            "application/*" => (&mut [&mut modern, &mut older], 2),
            "*/*" => (&mut [&mut modern, &mut older], 1),
            _ => continue,
        };
        for fit in fits.iter_mut().filter(|fit| fit.specific <= specific) {
            **fit = Fit { specific, weight };
        }
    }
    match (modern, older) {
        (Fit { weight: 0, .. }, Fit { weight: 0, .. }) => Err(Failure::new(
            Code::NotAcceptable,
            "answers are `application/graphql-response+json` or `application/json` in UTF-8; accept one of them",
        )),
        (modern, older) if modern.weight > older.weight => Ok(Media::Modern),
        // A tie of ranges goes to the older type; a tie of names to the one that says more.
        (modern, older) if modern.weight == older.weight && modern.specific > 2 => Ok(Media::Modern),
        _ => Ok(Media::Older),
    }
}

/// A range with its weight; nothing if it asks for a character set that is not spoken.
fn read(range: &str) -> Option<(String, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let mut weight = 1000;
    for (parameter, value) in parts.filter_map(|it| it.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match parameter.trim().to_ascii_lowercase().as_str() {
            "charset" if !is_utf8(value) => return None,
            "q" => weight = thousandths(value)?,
            _ => {}
        }
    }
    Some((name, weight))
}

/// Whether a character set is the only one that is spoken.
pub(super) fn is_utf8(name: &str) -> bool {
    name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8")
}

fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let fraction = format!("{rest:0<3}");
    let all_digits = rest.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    let weight = whole.parse::<u16>().ok().filter(|_| all_digits)?.checked_mul(1000)? + fraction.parse::<u16>().ok()?;
    (weight <= 1000).then_some(weight)
}
