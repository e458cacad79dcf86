//! A tus server on loopback that keeps what came, and breaks where a test wants it to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;

#[derive(Debug, Default, Clone)]
pub(crate) struct Upload {
    pub(crate) bytes: Vec<u8>,
    pub(crate) length: usize,
    pub(crate) headers: HeaderMap,
}

/// What it does besides serving.
#[derive(Debug, Default)]
pub(crate) struct Manner {
    /// Keeps so many bytes of the next request and then fails.
    pub(crate) breaks_at: Option<usize>,
    /// Where it says that uploads are, if not here.
    pub(crate) elsewhere: Option<String>,
    /// Takes no larger uploads.
    pub(crate) most: Option<usize>,
    /// Loses the answer to the next creation.
    pub(crate) loses_creation: bool,
}

#[derive(Debug, Default)]
struct Memory {
    uploads: HashMap<String, Upload>,
    keys: HashMap<String, String>,
    /// Methods, as they came.
    seen: Vec<Method>,
    taken: usize,
    manner: Manner,
}

/// A running server; ends with the runtime of its test.
#[derive(Debug, Clone)]
pub(crate) struct TusServer {
    pub(crate) url: String,
    memory: Arc<Mutex<Memory>>,
}

impl TusServer {
    pub(crate) async fn start() -> Self {
        let memory = Arc::new(Mutex::new(Memory::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/files", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(serve).with_state(Arc::clone(&memory));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, memory }
    }

    pub(crate) fn manner(&self, edit: impl FnOnce(&mut Manner)) {
        edit(&mut self.memory.lock().unwrap().manner);
    }

    pub(crate) fn uploads(&self) -> Vec<Upload> {
        self.memory.lock().unwrap().uploads.values().cloned().collect()
    }

    pub(crate) fn seen(&self, method: &Method) -> usize {
        self.memory.lock().unwrap().seen.iter().filter(|it| *it == method).count()
    }

    /// How many bytes came in all.
    pub(crate) fn taken(&self) -> usize {
        self.memory.lock().unwrap().taken
    }

    /// All uploads expire; their keys are remembered, as another gate does.
    pub(crate) fn expires_everything(&self) {
        self.memory.lock().unwrap().uploads.clear();
    }

    pub(crate) fn loses_everything(&self) {
        let mut memory = self.memory.lock().unwrap();
        memory.uploads.clear();
        memory.keys.clear();
    }
}

async fn serve(State(memory): State<Arc<Mutex<Memory>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // What came of a body that was cut counts.
    let bytes = body.collect().await.map(|it| it.to_bytes()).unwrap_or_default();
    let mut memory = memory.lock().unwrap();
    memory.seen.push(head.method.clone());
    let mut answer = Response::new(Body::empty());
    let (status, headers) = act(&mut memory, &head.method, head.uri.path(), &head.headers, &bytes);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    answer
}

type Said = (u16, Vec<(&'static str, String)>);

fn act(memory: &mut Memory, method: &Method, path: &str, headers: &HeaderMap, bytes: &[u8]) -> Said {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap().to_owned());
    let number = |name: &str| text(name).and_then(|it| it.parse::<usize>().ok());
    if *method == Method::OPTIONS {
        let mut said = vec![("tus-checksum-algorithm", "md5,sha256".to_owned()), ("tus-version", "1.0.0".to_owned())];
        said.extend(memory.manner.most.map(|most| ("tus-max-size", most.to_string())));
        return (204, said);
    }
    assert_eq!(text("tus-resumable").as_deref(), Some("1.0.0"));
    if *method == Method::POST {
        let key = text("idempotency-key").unwrap();
        if memory.keys.get(&key).is_some_and(|id| !memory.uploads.contains_key(id)) {
            return (410, vec![]);
        }
        let fresh = format!("{}", memory.uploads.len());
        let id = memory.keys.entry(key).or_insert(fresh).clone();
        let length = number("upload-length").unwrap();
        let upload = memory.uploads.entry(id.clone()).or_default();
        (upload.length, upload.headers) = (length, headers.clone());
        let offset = upload.bytes.len();
        if std::mem::take(&mut memory.manner.loses_creation) {
            return (502, vec![]);
        }
        let base = memory.manner.elsewhere.clone().unwrap_or_else(|| "/files".to_owned());
        return (201, vec![("location", format!("{base}/{id}")), ("upload-offset", offset.to_string())]);
    }
    let id = path.rsplit('/').next().unwrap().to_owned();
    let Some(upload) = memory.uploads.get_mut(&id) else { return (410, vec![]) };
    match method.as_str() {
        "HEAD" => {
            let (offset, length) = (upload.bytes.len().to_string(), upload.length.to_string());
            (200, vec![("upload-offset", offset), ("upload-length", length)])
        }
        "DELETE" => {
            memory.uploads.remove(&id);
            (204, vec![])
        }
        "PATCH" if number("upload-offset") != Some(upload.bytes.len()) => (409, vec![]),
        "PATCH" => {
            let sum = format!("sha256 {}", STANDARD.encode(digest(&SHA256, bytes).as_ref()));
            assert_eq!(text("upload-checksum"), Some(sum));
            memory.taken += bytes.len();
            if let Some(at) = memory.manner.breaks_at.take() {
                upload.bytes.extend_from_slice(&bytes[..at.min(bytes.len())]);
                return (500, vec![]);
            }
            upload.bytes.extend_from_slice(bytes);
            (204, vec![("upload-offset", upload.bytes.len().to_string())])
        }
        _ => (405, vec![]),
    }
}
