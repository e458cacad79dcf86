//! Identity: who asks, from a bearer token that an issuer signed. Nothing in a token is believed before its signature is.

mod bearer;
mod claims;
mod jwks;
mod known;
mod ring;
mod strikes;

pub use bearer::Authenticated;
pub(crate) use bearer::{Refusal, guarded, identify, prove};
pub use claims::Claims;
pub use jwks::{HttpsKeys, KeySource, KeySourceError, StaticKeys};
pub use ring::{KeyRing, RefreshPolicy};
pub use strikes::Strikes;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use lockgate_core::digest::Digest;
use lockgate_core::viewer::Viewer;

use known::{Known, KnownTokens};
use ring::VerifyingKey;

/// Longer tokens are refused unread.
const LONGEST_TOKEN: usize = 8 * 1024;
/// Longer key ids are refused unread.
const LONGEST_KEY_ID: usize = 256;

/// What an issuer's tokens must say.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// The `iss` claim, exactly.
    pub issuer: String,
    /// What `aud` must be or contain.
    pub audience: String,
    /// How far clocks may differ, in seconds; applies to `exp` and `nbf`.
    pub leeway_seconds: u64,
}

/// Turns tokens into viewers.
#[derive(Debug)]
pub struct Verifier {
    settings: IssuerSettings,
    keys: Arc<KeyRing>,
    known: KnownTokens,
}

/// Why a token was not accepted; all that a caller ever learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("a bearer token is required")]
    Missing,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// Anything else; which of the many reasons is nobody's business.
    #[error("the token is not valid")]
    Invalid,
    /// The issuer's keys cannot be had.
    #[error("the issuer's keys are not available; try again")]
    KeysUnavailable,
}

impl Verifier {
    /// A verifier of one issuer's tokens.
    pub fn new(settings: IssuerSettings, keys: Arc<KeyRing>) -> Self {
        Self { settings, keys, known: KnownTokens::default() }
    }

    /// Verifies a token and says who its bearer is, and until when it is good.
    pub async fn verify(&self, token: &str) -> Result<(Viewer, SystemTime), TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Invalid);
        }
        let (digest, now) = (Digest::of(token.as_bytes()), SystemTime::now());
        if let Some(Known { kid, key, viewer, expires }) = self.known.find(&digest, now)
            && self.keys.find(&kid).await?.is_some_and(|it| Arc::ptr_eq(&it, &key))
        {
            return Ok((viewer, expires));
        }
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        // The key id only looks a key up; what the key is for, the key says.
        let kid = header.kid.as_deref().filter(|kid| !kid.is_empty() && kid.len() <= LONGEST_KEY_ID);
        let kid = kid.ok_or(TokenError::Invalid)?;
        let key = self.keys.find(kid).await?.ok_or(TokenError::Invalid)?;
        if !header_is_plain(&header) {
            return Err(TokenError::Invalid);
        }
        let claims = decode::<Claims>(token, &key.key, &self.validation(&key)).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => TokenError::Expired,
            _ => TokenError::Invalid,
        })?;
        let expires = Duration::from_secs(claims.claims.exp.saturating_add(self.settings.leeway_seconds));
        let expires = UNIX_EPOCH.checked_add(expires).ok_or(TokenError::Invalid)?;
        let viewer = claims.claims.viewer().ok_or(TokenError::Invalid)?;
        let known = Known { kid: kid.to_owned(), key, viewer: viewer.clone(), expires };
        self.known.remember(digest, known, now);
        Ok((viewer, expires))
    }

    fn validation(&self, key: &VerifyingKey) -> Validation {
        let mut validation = Validation::new(key.algorithm);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.leeway = self.settings.leeway_seconds;
        validation.validate_nbf = true;
        validation
    }
}

/// Headers that bring their own keys, want extensions understood or say that the token is something else are refused.
fn header_is_plain(header: &Header) -> bool {
    let kind = header.typ.as_deref().unwrap_or("JWT");
    let known = ["JWT", "at+jwt", "application/at+jwt"].iter().any(|it| it.eq_ignore_ascii_case(kind));
    let brings_a_key = header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some();
    known
        && !brings_a_key
        && header.crit.is_none()
        && header.enc.is_none()
        && header.zip.is_none()
        && header.cty.is_none()
        && header.extras.inner().get("b64").is_none()
}
