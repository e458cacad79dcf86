//! The trail: a small OTLP/HTTP receiver that keeps spans and prints one trace as a tree.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::net::TcpListener;

/// A span as far as the tree shows it.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) trace: String,
    id: String,
    parent: String,
    pub(crate) name: String,
    pub(crate) service: String,
    start: u64,
    end: u64,
}

/// Receives spans until it is dropped with its runtime.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    spans: Arc<Mutex<Vec<Span>>>,
    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` must say.
    pub(crate) endpoint: String,
}

impl Trail {
    pub(crate) async fn start() -> Result<Self> {
        let listener =
            TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.context("no port for the trail")?;
        let trail = Self {
            spans: Arc::default(),
            endpoint: format!("http://{}", listener.local_addr().context("no address")?),
        };
        let router = Router::new()
            .route("/v1/traces", post(receive))
            .route("/v1/metrics", post(async || StatusCode::OK))
            .with_state(trail.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(trail)
    }

    /// The spans of a trace that arrived so far.
    pub(crate) fn spans(&self, trace: &str) -> Vec<Span> {
        let spans = self.spans.lock().expect("no thread panics while it holds the spans");
        spans.iter().filter(|span| span.trace == trace).cloned().collect()
    }
}

async fn receive(State(trail): State<Trail>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    let mut kept = trail.spans.lock().expect("no thread panics while it holds the spans");
    for resource in request.resource_spans {
        let service = resource
            .resource
            .iter()
            .flat_map(|it| &it.attributes)
            .find(|it| it.key == "service.instance.id")
            .and_then(|it| it.value.as_ref())
            .map(|it| format!("{it:?}"))
            .and_then(|text| text.split('"').nth(1).map(str::to_owned))
            .unwrap_or_default();
        for span in resource.scope_spans.into_iter().flat_map(|it| it.spans) {
            kept.push(Span {
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                name: span.name,
                service: service.clone(),
                start: span.start_time_unix_nano,
                end: span.end_time_unix_nano,
            });
        }
    }
    StatusCode::OK
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many spans have no parent among the others: 1 in a whole tree.
pub(crate) fn roots(spans: &[Span]) -> usize {
    spans.iter().filter(|span| !spans.iter().any(|it| it.id == span.parent)).count()
}

/// The spans as a tree, children by start.
pub(crate) fn tree(spans: &[Span]) -> String {
    let mut children: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        let known = spans.iter().any(|it| it.id == span.parent);
        children.entry(if known { &span.parent } else { "" }).or_default().push(span);
    }
    for list in children.values_mut() {
        list.sort_by_key(|span| span.start);
    }
    let mut text = String::new();
    branch(&children, "", "", &mut text);
    text
}

fn branch(children: &BTreeMap<&str, Vec<&Span>>, parent: &str, indent: &str, text: &mut String) {
    let list = children.get(parent).map(Vec::as_slice).unwrap_or_default();
    for (index, span) in list.iter().enumerate() {
        let last = index + 1 == list.len();
        let (mark, more) = match (parent.is_empty(), last) {
            (true, _) => ("", ""),
            (false, true) => ("└─ ", "   "),
            (false, false) => ("├─ ", "│  "),
        };
        let millis = span.end.saturating_sub(span.start) as f64 / 1e6;
        let name = format!("{indent}{mark}{}", span.name);
        text.push_str(&format!("{name:<58} {millis:>9.2} ms  {}\n", short(&span.service)));
        branch(children, &span.id, &format!("{indent}{more}"), text);
    }
}

fn short(service: &str) -> &str {
    service.get(service.len().saturating_sub(6)..).unwrap_or(service)
}
