//! `/s/{token}`: the way in for people without an account. Browsers get a page, programs get redirects and problems.
//!
//! *Invariant:* looking is not using. A page shows what there is; only the button, or a program that asks for the bytes,
//! counts as a use, so that a mail scanner that follows links uses nothing up.

mod hand_in;
mod page;

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use lockgate_core::code::Code;
use lockgate_core::fetching::behind;
use lockgate_core::porter::PorterError;
use lockgate_core::secure_url::{Purpose, SecureUrl, Token};

use crate::ApiState;
use crate::carried::to_its_end;
use crate::edge::ClientAddress;
use crate::failure::Failure;
use crate::http::problem::Problem;
use crate::http::{envelope, form, payload};
use crate::identity::guarded;

pub(crate) use hand_in::put;

type Caller = Option<Extension<ClientAddress>>;

/// `GET` or `HEAD /s/{token}`.
pub(crate) async fn show(
    State(state): State<ApiState>,
    caller: Caller,
    method: Method,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let url = look(&state, caller, &token).await?;
        if wants_page(&headers) || method == Method::HEAD {
            return page::of(&state, &url, None).await;
        }
        begin(&state, &token, url, passphrase(&headers)?).await
    };
    let shown = shown.await.unwrap_or_else(|failure| refuse(failure, &headers));
    allowing(shown, TAKES)
}

/// `POST /s/{token}`: the page's button.
pub(crate) async fn press(
    State(state): State<ApiState>,
    caller: Caller,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let pressed = async {
        let url = look(&state, caller, &token).await?;
        let outcome = if form::is_form(&headers) {
            hand_in::form(&state, &url, &headers, body).await
        } else {
            let passphrase = typed(body).await?;
            begin(&state, &token, url.clone(), passphrase).await
        };
        match outcome {
            // What a person can mend is said on the page, beside the field where it is mended.
            Err(failure) if wants_page(&headers) && !failure.is_ours() => {
                let url = state.porter.look(&token).await.unwrap_or(url);
                page::of(&state, &url, Some(&failure)).await
            }
            other => other,
        }
    };
    let pressed = pressed.await.unwrap_or_else(|failure: Failure| refuse(failure, &headers));
    allowing(pressed, if form::is_form(&headers) { GIVES } else { TAKES })
}

/// `GET` or `HEAD /s/{token}/{ticket}`: the bytes of a download that a use began, whole or in parts.
pub(crate) async fn fetch(
    State(state): State<ApiState>,
    caller: Caller,
    method: Method,
    Path((token, ticket)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let url = look(&state, caller, &token).await?;
        let (transfer, found) = state.porter.resume(&url, &ticket).await?;
        Ok((url.viewer(), transfer, found))
    };
    match found.await {
        Ok((viewer, transfer, found)) => payload::hand_out(&state, &viewer, transfer, &found, &method, &headers)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Err(failure) => refuse(failure, &headers),
    }
}

/// The URL of a token. Who tries one token after the other is stopped like who tries bearer tokens; who has a good one
/// is bounded like any user, and by one that is known here before it is looked up.
async fn look(state: &ApiState, caller: Caller, token: &str) -> Result<SecureUrl, Failure> {
    let digest = Token::parse(token).ok_or(PorterError::NoSuchToken)?.digest();
    let known = state.strikes.visitor(digest, state.clock.now());
    if let Some(visitor) = &known {
        state.limits.admit(visitor).await?;
    }
    let address = caller.map(|it| it.0);
    let found = guarded(state, address, digest, async {
        match state.porter.look(token).await {
            Err(PorterError::NoSuchToken) => Ok(None),
            other => other.map(Some).map_err(Failure::from),
        }
    });
    let url = found.await?.ok_or(PorterError::NoSuchToken)?;
    if known.is_none() {
        let visitor = url.viewer();
        state.strikes.came(digest, &visitor, state.clock.now());
        state.limits.admit(&visitor).await?;
    }
    Ok(url)
}

/// Uses a URL to fetch: the answer says where the bytes are. A passphrase that is looked at is counted, whoever still waits
/// for the answer.
async fn begin(state: &ApiState, token: &str, url: SecureUrl, passphrase: Option<String>) -> Result<Response, Failure> {
    let (porter, trace) = (Arc::clone(&state.porter), envelope::trace());
    let fetching = async move { porter.fetch(&url, passphrase.as_deref(), &trace).await };
    let ticket = to_its_end(state, fetching).await?;
    let place = state.settings.url(&format!("s/{token}/{}", ticket.text()));
    let place =
        HeaderValue::from_str(&place).map_err(|_| Failure::new(Code::Internal, "the public URL is not ASCII"))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place), (header::CACHE_CONTROL, no_store())]).into_response())
}

/// Who asks with a browser's `Accept` gets a page.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|it| it.trim().split(';').next() == Some("text/html"))
}

/// The passphrase of a program: the password of `Authorization: Basic`, whatever the name.
fn passphrase(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        let given = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (_, passphrase) = given.split_once(':')?;
        scheme.eq_ignore_ascii_case("basic").then(|| passphrase.to_owned())
    };
    read().map(Some).ok_or_else(|| Failure::new(Code::PassphraseRequired, "send the passphrase as Basic credentials"))
}

/// The passphrase that a person typed.
async fn typed(body: Body) -> Result<Option<String>, Failure> {
    let bytes = axum::body::to_bytes(body, 4 * 1024).await;
    let bytes = bytes.map_err(|_| Failure::new(Code::RequestTooLarge, "the form has more than 4096 bytes"))?;
    let given = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == "passphrase");
    Ok(given.map(|(_, value)| value.into_owned()).filter(|it| !it.is_empty()))
}

fn refuse(failure: Failure, headers: &HeaderMap) -> Response {
    if wants_page(headers) && !failure.is_ours() {
        return page::nothing(&failure);
    }
    let asks = failure.code == Code::PassphraseRequired;
    let problem = Problem::from(failure).with(header::CACHE_CONTROL, no_store());
    if asks {
        let challenge = HeaderValue::from_static(r#"Basic realm="secure URL", charset="UTF-8""#);
        return problem.with(header::WWW_AUTHENTICATE, challenge).into_response();
    }
    problem.into_response()
}

/// What a URL that gives a file knows, and one that takes one.
const GIVES: HeaderValue = HeaderValue::from_static("GET, HEAD");
const TAKES: HeaderValue = HeaderValue::from_static("HEAD, POST");

/// An answer that, if it refuses the method, says which ones there are.
fn allowing(mut response: Response, known: HeaderValue) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, known);
    }
    response
}

const fn no_store() -> HeaderValue {
    HeaderValue::from_static("no-store")
}
