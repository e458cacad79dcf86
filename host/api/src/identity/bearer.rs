//! Takes the bearer token out of a request, and says by RFC 6750 what was wrong with it.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use lockgate_core::code::Code;
use lockgate_core::viewer::Viewer;

use super::{TokenError, Verifier};
use crate::ApiState;
use crate::failure::Failure;
use crate::http::problem::Problem;

/// The viewer of a request whose token was verified.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Viewer);

/// Who asks, by the request's `Authorization` header: exactly one, of the scheme `Bearer`.
pub(crate) async fn authenticate(headers: &HeaderMap, verifier: &Verifier) -> Result<Viewer, TokenError> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(if headers.contains_key(AUTHORIZATION) { TokenError::Invalid } else { TokenError::Missing });
    };
    let value = value.to_str().map_err(|_| TokenError::Invalid)?;
    let (scheme, token) = value.split_once(' ').ok_or(TokenError::Invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Missing);
    }
    verifier.verify(token.trim()).await
}

impl FromRequestParts<ApiState> for Authenticated {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Response> {
        authenticate(&parts.headers, &state.verifier).await.map(Self).map_err(IntoResponse::into_response)
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

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let mut response = Problem::from(Failure::from(self)).into_response();
        if let Some(challenge) = self.challenge() {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
