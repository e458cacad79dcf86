//! Signing secrets as Standard Webhooks writes them.

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const PREFIX: &str = "whsec_";

/// The text is not a signing secret. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// No prefix.
    #[error("a signing secret begins with `whsec_`")]
    Prefix,
    /// Not base64.
    #[error("after `whsec_` a signing secret is base64")]
    Base64,
    /// Too short or too long.
    #[error("a signing secret has 24 to 64 bytes")]
    Length,
}

/// A key that signs; `Debug` hides it.
#[derive(Clone)]
pub struct Secret(pub(super) Key);

impl Secret {
    /// Reads one secret.
    ///
    /// # Errors
    ///
    /// When it has not the form `whsec_<base64 of 24 to 64 bytes>`.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidSecret::Prefix)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidSecret::Base64)?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(InvalidSecret::Length);
        }
        Ok(Self(Key::new(HMAC_SHA256, &bytes)))
    }

    /// Reads the secrets of an endpoint, separated by spaces: while one is rotated, both sign.
    ///
    /// # Errors
    ///
    /// When there is none or one of them has another form.
    pub fn read(text: &str) -> Result<Vec<Self>, InvalidSecret> {
        let secrets = text.split_whitespace().map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() { Err(InvalidSecret::Prefix) } else { Ok(secrets) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
