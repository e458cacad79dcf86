//! GraphQL over HTTP: both media types, POST for everything and GET for queries.

use async_graphql::{ServerError, Value, Variables};
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use lockgate_core::code::Code;
use serde::{Deserialize, Serialize};

use crate::ApiState;
use crate::edge::ClientAddress;
use crate::failure::Failure;
use crate::graphql::{self, Answered, ApiSchema, Asked};
use crate::http::standing::seconds;
use crate::identity::{Refusal, identify};

const MODERN: &str = "application/graphql-response+json";

/// `POST /graphql`. Who may not ask is told so before the body is read.
pub(crate) async fn post(
    State(state): State<ApiState>,
    Extension(schema): Extension<ApiSchema>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let viewer = match identify(&headers, address.map(|it| it.0), &state).await {
        Ok(viewer) => viewer,
        Err(refusal) => return turn_away(refusal, &headers),
    };
    match read(&headers, body, state.settings.graphql.body_bytes).await {
        Ok(asked) => respond(&graphql::execute(&schema, &state, viewer, asked).await, &headers, None),
        Err(failure) => refuse(&failure, &headers),
    }
}

/// `GET /graphql`.
pub(crate) async fn get(
    State(state): State<ApiState>,
    Extension(schema): Extension<ApiSchema>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let viewer = match identify(&headers, address.map(|it| it.0), &state).await {
        Ok(viewer) => viewer,
        Err(refusal) => return turn_away(refusal, &headers),
    };
    match from_query(query.as_deref().unwrap_or_default()) {
        Ok(asked) => respond(&graphql::execute(&schema, &state, viewer, asked).await, &headers, None),
        Err(failure) => refuse(&failure, &headers),
    }
}

/// `GET /graphiql`: a page to explore with, in development only.
pub(crate) async fn graphiql() -> Html<String> {
    Html(async_graphql::http::GraphiQLSource::build().endpoint("/graphql").title("Lockgate").finish())
}

/// Nobody we know, or somebody who asks too much.
fn turn_away(refusal: Refusal, headers: &HeaderMap) -> Response {
    let failure = Failure::from(refusal);
    let mut response = refuse(&failure, headers);
    if let Some(challenge) = refusal.challenge() {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(time) = failure.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds(time)));
    }
    response
}

async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Asked, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Failure::new(Code::UnsupportedMediaType, "send the request as `application/json`"));
    }
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(Failure::new(Code::RequestTooLarge, format!("the request has more than {limit} bytes")));
        }
        Err(_) => return Err(Failure::new(Code::QueryMalformed, "the request's body broke off")),
    };
    from_json(&bytes)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Map<String, serde_json::Value>>,
}

fn from_json(bytes: &Bytes) -> Result<Asked, Failure> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| {
        let shape = "send an object with `query`, and maybe `operationName` and `variables`";
        Failure::new(Code::QueryMalformed, format!("the request is not one GraphQL request: {error}; {shape}"))
    })?;
    Ok(Asked {
        query: document.query,
        operation_name: document.operation_name,
        variables: Variables::from_json(document.variables.unwrap_or_default().into()),
        reads_only: false,
    })
}

fn from_query(query: &str) -> Result<Asked, Failure> {
    let malformed = |what: &str| Failure::new(Code::QueryMalformed, what);
    let mut asked = Asked { reads_only: true, ..Asked::default() };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "query" => asked.query = value.into_owned(),
            "operationName" if !value.is_empty() => asked.operation_name = Some(value.into_owned()),
            "variables" if !value.is_empty() => {
                let variables: serde_json::Map<_, _> =
                    serde_json::from_str(&value).map_err(|_| malformed("`variables` is not a JSON object"))?;
                asked.variables = Variables::from_json(variables.into());
            }
            _ => {}
        }
    }
    if asked.query.is_empty() {
        return Err(malformed("`query` is missing"));
    }
    Ok(asked)
}

/// Refused before anything of GraphQL began: the status says so in either media type.
fn refuse(failure: &Failure, headers: &HeaderMap) -> Response {
    let status = StatusCode::from_u16(failure.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    respond(&Answered::refusal(failure), headers, Some(status))
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
}

/// The older media type cannot tell a refused request from an answered one by its status; the newer one does.
fn respond(answered: &Answered, headers: &HeaderMap, status: Option<StatusCode>) -> Response {
    let modern = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains(MODERN));
    let not_allowed = answered.refused && has_code(answered, Code::MethodNotAllowed);
    let status = status.unwrap_or(match (answered.refused, modern) {
        _ if not_allowed => StatusCode::METHOD_NOT_ALLOWED,
        (true, true) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    });
    let data = (!answered.refused).then_some(&answered.response.data);
    let body = serde_json::to_vec(&Answer { data, errors: &answered.response.errors });
    let mut response = (status, Body::from(body.expect("GraphQL values have string keys only"))).into_response();
    let kind = if modern { "application/graphql-response+json; charset=utf-8" } else { "application/json" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if not_allowed {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn has_code(answered: &Answered, code: Code) -> bool {
    let of = |error: &ServerError| error.extensions.as_ref()?.get("code").cloned();
    answered.response.errors.iter().any(|error| of(error) == Some(Value::from(code.name())))
}
