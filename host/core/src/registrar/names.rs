//! Names: what partners, destinations, bindings and secrets may be called, and which URLs may be kept.

use url::Url;

use crate::legible;
use crate::partner::LONGEST_SLUG;
use crate::policy::Owner;
use crate::registrar::RegistrarError;

/// Checks a slug: lower-case letters, digits and single hyphens, a letter first, so that it can stand in a host name.
pub(super) fn slug(text: &str) -> Result<(), RegistrarError> {
    let ok = (2..=LONGEST_SLUG).contains(&text.len())
        && text != Owner::HOUSE
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if ok { Ok(()) } else { Err(RegistrarError::Slug(text.chars().take(80).collect())) }
}

/// Checks a name as people write it.
pub(super) fn title(what: &'static str, text: &str) -> Result<String, RegistrarError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(RegistrarError::Name { what, why: "it is empty" });
    }
    if text.chars().count() > 120 {
        return Err(RegistrarError::Name { what, why: "it has more than 120 characters" });
    }
    match legible::trouble(text) {
        Some(why) => Err(RegistrarError::Name { what, why }),
        None => Ok(text.to_owned()),
    }
}

/// Checks a name that programs use: of a destination, channel, binding, secret or table.
pub(super) fn handle(what: &'static str, text: &str) -> Result<(), RegistrarError> {
    let ok = (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    match ok {
        true => Ok(()),
        false => Err(RegistrarError::Name {
            what,
            why: "it must have 1 to 64 letters, digits, `-`, `_` or `.`, a letter or digit first",
        }),
    }
}

/// Checks a URL that the host will call. Whether its address may be reached is the connector's affair, at every call.
pub(super) fn url(field: &'static str, text: &str) -> Result<(), RegistrarError> {
    let refuse = |why: &str| Err(RegistrarError::Url { field, why: why.to_owned() });
    if text.len() > 2_048 {
        return refuse("it is longer than 2048 bytes");
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return refuse(&error.to_string()),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("only http and https are spoken");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return refuse("it names no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("it carries credentials; keep them as a secret and name that");
    }
    if url.fragment().is_some() {
        return refuse("it has a fragment, which no server would see");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
