//! Takes the bearer token out of a request, and says by RFC 6750 what was wrong with it.

use std::time::SystemTime;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use lockgate_core::code::Code;
use lockgate_core::digest::Digest;
use lockgate_core::rate::{RateLimited, Standing};
use lockgate_core::viewer::Viewer;

use super::TokenError;
use crate::ApiState;
use crate::edge::ClientAddress;
use crate::failure::Failure;
use crate::http::envelope;
use crate::http::problem::Problem;
use crate::http::standing::seconds;

/// The viewer of a request whose token was verified.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Viewer);

/// Who asks, and until when its token is good: by a token from an address that did not bring too many bad ones. What
/// can be refused without looking at the token is.
pub(crate) async fn prove(
    token: &str,
    address: Option<ClientAddress>,
    state: &ApiState,
) -> Result<(Viewer, SystemTime), Refusal> {
    let (digest, now) = (Digest::of(token.as_bytes()), state.clock.now());
    if let Some(ClientAddress(address)) = address
        && let Err(standing) = state.strikes.check(address, digest, now)
    {
        return Err(Refusal::Strikes(standing));
    }
    match state.verifier.verify(token).await {
        Ok(proven) => {
            state.strikes.succeeded(digest, now);
            Ok(proven)
        }
        Err(error) => {
            // A token that expired was good: a client that is late must not lock out who is behind the same address.
            if let (Some(ClientAddress(address)), TokenError::Invalid) = (address, error) {
                state.strikes.failed(address, now);
            }
            Err(error.into())
        }
    }
}

/// Looks something up by a secret of which only the digest is known, for an address that did not bring too many bad ones.
pub(crate) async fn guarded<T>(
    state: &ApiState,
    address: Option<ClientAddress>,
    secret: Digest,
    found: impl Future<Output = Result<Option<T>, Failure>>,
) -> Result<Option<T>, Failure> {
    let now = state.clock.now();
    if let Some(ClientAddress(address)) = address
        && let Err(standing) = state.strikes.check(address, secret, now)
    {
        return Err(Refusal::Strikes(standing).into());
    }
    let found = found.await?;
    match (&found, address) {
        (Some(_), _) => state.strikes.succeeded(secret, now),
        (None, Some(ClientAddress(address))) => state.strikes.failed(address, now),
        (None, None) => {}
    }
    Ok(found)
}

/// Who asks, within the user's rate limit. Nothing here asks the database but once per share of a window.
pub(crate) async fn identify(
    headers: &HeaderMap,
    address: Option<ClientAddress>,
    state: &ApiState,
) -> Result<Viewer, Refusal> {
    let (viewer, _) = prove(token(headers)?, address, state).await?;
    match state.limits.admit(&viewer).await {
        Ok(standing) => {
            envelope::note(standing);
            Ok(viewer)
        }
        Err(limited) => {
            envelope::note(limited.0);
            Err(limited.into())
        }
    }
}

/// The bearer token of the request's `Authorization` header: exactly one, of the scheme `Bearer`.
fn token(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(if headers.contains_key(AUTHORIZATION) { TokenError::Invalid } else { TokenError::Missing });
    };
    let value = value.to_str().map_err(|_| TokenError::Invalid)?;
    let (scheme, token) = value.split_once(' ').ok_or(TokenError::Invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Missing);
    }
    Ok(token.trim())
}

/// Why a request has no viewer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    /// Its token.
    Token(TokenError),
    /// The bad tokens that its address brought before.
    Strikes(Standing),
    /// Its user made too many requests.
    Limited(RateLimited),
}

impl Refusal {
    /// The challenge that goes with a 401.
    pub(crate) const fn challenge(self) -> Option<HeaderValue> {
        match self {
            Self::Token(error) => error.challenge(),
            Self::Strikes(_) | Self::Limited(_) => None,
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<RateLimited> for Refusal {
    fn from(limited: RateLimited) -> Self {
        Self::Limited(limited)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Token(error) => error.into(),
            Refusal::Limited(limited) => limited.into(),
            Refusal::Strikes(standing) => {
                let why = format!(
                    "more than {} tokens from this address were not valid; wait {} s, then send a valid one",
                    standing.limit.requests,
                    seconds(standing.reset)
                );
                Self::limited(standing, why)
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Problem::from(Failure::from(self)).into_response();
        if let Some(challenge) = self.challenge() {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl FromRequestParts<ApiState> for Authenticated {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Response> {
        let address = parts.extensions.get().copied();
        identify(&parts.headers, address, state).await.map(Self).map_err(IntoResponse::into_response)
    }
}

impl TokenError {
    /// The public code.
    pub(crate) const fn code(self) -> Code {
        match self {
            Self::Missing | Self::Invalid => Code::Unauthenticated,
            Self::Expired => Code::TokenExpired,
            Self::KeysUnavailable => Code::TemporarilyUnavailable,
        }
    }

    /// The challenge that goes with a 401.
    pub(crate) const fn challenge(self) -> Option<HeaderValue> {
        let text = match self {
            Self::Missing => r#"Bearer realm="lockgate""#,
            Self::Expired => {
                r#"Bearer realm="lockgate", error="invalid_token", error_description="The token has expired""#
            }
            Self::Invalid => {
                r#"Bearer realm="lockgate", error="invalid_token", error_description="The token is not valid""#
            }
            Self::KeysUnavailable => return None,
        };
        Some(HeaderValue::from_static(text))
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
