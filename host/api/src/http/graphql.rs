//! GraphQL over HTTP: both media types, POST for everything and GET for queries.
//!
//! Who asks is settled before anything is read. A page of another site can make a browser send a "simple" request, but
//! not with an `Authorization` header, which is the only way to be somebody here: without a preflight, which is never
//! granted, such a request ends at 401.

mod json;
mod media;
mod request;

pub(crate) use json::Strict;
pub(crate) use request::from_value;

use async_graphql::{ServerError, Value};
use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lockgate_core::code::Code;

use self::media::{Media, negotiate};
use crate::ApiState;
use crate::edge::ClientAddress;
use crate::failure::Failure;
use crate::graphql::{self, Answered, ApiSchema, Asked};
use crate::http::standing::seconds;
use crate::identity::{Refusal, identify};

/// `POST /graphql`. Who may not ask is told so before the body is read.
pub(crate) async fn post(
    State(state): State<ApiState>,
    Extension(schema): Extension<ApiSchema>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked = request::read(&headers, body, &state.settings.graphql);
    answer(&state, &schema, &headers, address, asked).await
}

/// `GET /graphql`.
pub(crate) async fn get(
    State(state): State<ApiState>,
    Extension(schema): Extension<ApiSchema>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = async { request::from_query(query.as_deref().unwrap_or_default(), &state.settings.graphql) };
    answer(&state, &schema, &headers, address, asked).await
}

/// `GET /graphiql`: a page to explore with, in development only. All of it is in this one file, so that nothing is
/// fetched from elsewhere.
pub(crate) async fn graphiql() -> Html<&'static str> {
    Html(include_str!("graphql/explorer.html"))
}

async fn answer(
    state: &ApiState,
    schema: &ApiSchema,
    headers: &HeaderMap,
    address: Option<Extension<ClientAddress>>,
    asked: impl Future<Output = Result<Asked, Failure>>,
) -> Response {
    let media = match negotiate(headers) {
        Ok(media) => media,
        Err(failure) => return refuse(&failure, Media::Older),
    };
    let viewer = match identify(headers, address.map(|it| it.0), state).await {
        Ok(viewer) => viewer,
        Err(refusal) => return turn_away(refusal, media),
    };
    match asked.await {
        Ok(asked) => respond(&graphql::execute(schema, state, viewer, asked).await, media, None),
        Err(failure) => refuse(&failure, media),
    }
}

/// Nobody we know, or somebody who asks too much.
fn turn_away(refusal: Refusal, media: Media) -> Response {
    let failure = Failure::from(refusal);
    let mut response = refuse(&failure, media);
    if let Some(challenge) = refusal.challenge() {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(time) = failure.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds(time)));
    }
    response
}

/// Refused before anything of GraphQL began: the status says so in either media type.
fn refuse(failure: &Failure, media: Media) -> Response {
    let status = StatusCode::from_u16(failure.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    respond(&Answered::refusal(failure), media, Some(status))
}

/// The older media type cannot tell a refused request from an answered one by its status; the newer one does.
fn respond(answered: &Answered, media: Media, status: Option<StatusCode>) -> Response {
    let not_allowed = answered.refused && has_code(answered, Code::MethodNotAllowed);
    let status = status.unwrap_or(match (answered.refused, media) {
        _ if not_allowed => StatusCode::METHOD_NOT_ALLOWED,
        (true, Media::Modern) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    });
    let body = serde_json::to_vec(answered);
    let mut response = (status, Body::from(body.expect("GraphQL values have string keys only"))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.name()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    if not_allowed {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn has_code(answered: &Answered, code: Code) -> bool {
    let of = |error: &ServerError| error.extensions.as_ref()?.get("code").cloned();
    answered.response.errors.iter().any(|error| of(error) == Some(Value::from(code.name())))
}
