//! Publishing a plugin: the component's raw bytes, because Base64 inside JSON would double what is held in memory.

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use lockgate_core::code::Code;
use lockgate_core::plugin::PluginVersion;
use lockgate_core::policy::Owner;
use lockgate_core::registrar::NewPlugin;
use lockgate_core::time::rfc3339;
use lockgate_core::viewer::Viewer;
use serde_json::{Value, json};

use crate::ApiState;
use crate::failure::Failure;
use crate::graphql::view::View;
use crate::http::problem::Problem;
use crate::identity::Authenticated;

const COMPONENT: &str = "application/wasm";

/// `POST /plugins?owner=house`: publishes a build; publishing the same again gives the version that is there.
pub(crate) async fn publish(
    State(state): State<ApiState>,
    Authenticated(viewer): Authenticated,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if headers.get(CONTENT_TYPE).is_some_and(|kind| kind != COMPONENT) {
        return Err(Problem::new(Code::UnsupportedMediaType, format!("send the component as `{COMPONENT}`")));
    }
    let owner = owner(&state, &viewer, query.as_deref().unwrap_or_default()).await?;
    let limit = state.settings.max_component_bytes;
    let component = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(Problem::new(Code::PluginTooLarge, format!("the component has more than {limit} bytes")));
        }
        Err(_) => return Err(Problem::new(Code::UploadInterrupted, "the component broke off; send it again")),
    };
    let published = state.registrar.publish_plugin(&viewer, NewPlugin { owner, component }).await?;
    let status = if published.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(described(&published.version))).into_response())
}

/// The owner that the query names; an integrator's own partner when it names none.
async fn owner(state: &ApiState, viewer: &Viewer, query: &str) -> Result<Owner, Failure> {
    let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "owner").map(|(_, it)| it);
    let Some(named) = named else {
        let own = viewer.role.partner().map(Owner::Partner);
        return own
            .ok_or_else(|| Failure::new(Code::InvalidInput, "say whose plugin it is: `?owner=house` or a partner"));
    };
    if named == Owner::HOUSE {
        return Ok(Owner::House);
    }
    if let Ok(id) = named.parse() {
        return Ok(Owner::Partner(id));
    }
    let view = View::new(state.store.clone(), viewer.clone());
    let found = match view.read().await {
        Ok(snapshot) => snapshot.partner_by_slug(&named).await,
        Err(error) => Err(error),
    };
    view.close().await;
    let shown: String = named.chars().take(80).collect();
    let unknown = || Failure::new(Code::PartnerNotFound, format!("there is no partner `{shown}`"));
    Ok(Owner::Partner(found?.ok_or_else(unknown)?.id))
}

fn described(version: &PluginVersion) -> Value {
    json!({
        "digest": version.digest, "plugin": version.plugin, "owner": version.owner, "size": version.size,
        "name": version.manifest.name, "version": version.manifest.version, "hooks": version.manifest.hooks,
        "scope": version.manifest.scope, "capabilities": version.manifest.capabilities,
        "published_at": rfc3339(version.published_at),
    })
}
