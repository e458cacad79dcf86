//! The admin port: whether the process lives, whether each backing service answers, and the metrics.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::future::{BoxFuture, join_all};
use prometheus::Registry;
use serde_json::json;

use crate::telemetry::exposition;

/// Asks one backing service whether it answers.
pub(crate) type Probe = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// What readiness depends on.
pub(crate) struct Checks {
    pub(crate) probes: Vec<(&'static str, Probe)>,
    pub(crate) timeout: Duration,
}

struct Admin {
    checks: Checks,
    registry: Registry,
}

/// The admin port's routes.
pub(crate) fn router(checks: Checks, registry: Registry) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(Admin { checks, registry }))
}

/// 200 when every service answers, 503 otherwise; either way each is named with what it said.
async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    let timeout = admin.checks.timeout;
    let asked = admin.checks.probes.iter().map(async |(name, probe)| {
        let answer = match tokio::time::timeout(timeout, probe()).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} ms", timeout.as_millis())),
        };
        (*name, answer)
    });
    let answers = join_all(asked).await;
    let ready = answers.iter().all(|(_, answer)| answer.is_ok());
    let checks: serde_json::Map<String, serde_json::Value> = answers
        .into_iter()
        .map(|(name, answer)| {
            let seen = match answer {
                Ok(()) => json!({ "ok": true }),
                Err(why) => json!({ "ok": false, "why": why }),
            };
            (name.to_owned(), seen)
        })
        .collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "checks": checks }))).into_response()
}

async fn metrics(State(admin): State<Arc<Admin>>) -> Response {
    match exposition(&admin.registry) {
        Ok((kind, text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
    }
}
