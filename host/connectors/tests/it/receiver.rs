//! A receiver on loopback that remembers what came and answers as the test wrote it down.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// With that status and header after reading all.
    Status(u16, Option<(&'static str, String)>),
    /// Never, after reading all.
    Silence,
    /// Never, without reading the body.
    Deaf,
    /// With 200 and a body that never ends.
    Endless,
}

/// A request that was read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Debug, Default)]
struct Memory {
    scripts: Mutex<VecDeque<Script>>,
    came: Mutex<Vec<Came>>,
    begun: Mutex<usize>,
}

/// A running receiver; ends with the runtime of its test. Without a script it answers 200.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    memory: Arc<Memory>,
}

impl Receiver {
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let memory = Arc::new(Memory { scripts: Mutex::new(scripts.into_iter().collect()), ..Memory::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&memory));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, memory }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/inbox", self.address)
    }

    /// What came whole.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.memory.came.lock().unwrap().clone()
    }

    /// How many requests were begun.
    pub(crate) fn begun(&self) -> usize {
        *self.memory.begun.lock().unwrap()
    }
}

async fn answer(State(memory): State<Arc<Memory>>, request: Request) -> Response {
    *memory.begun.lock().unwrap() += 1;
    let script = memory.scripts.lock().unwrap().pop_front().unwrap_or(Script::Status(200, None));
    let (head, body) = request.into_parts();
    if matches!(script, Script::Deaf) {
        std::future::pending::<()>().await;
    }
    let Ok(body) = body.collect().await else { return Response::new(Body::empty()) };
    memory.came.lock().unwrap().push(Came { headers: head.headers, body: body.to_bytes() });
    let mut response = Response::new(Body::empty());
    match script {
        Script::Status(status, header) => {
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some((name, value)) = header {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
        }
        Script::Endless => {
            let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 16 * 1024])));
            *response.body_mut() = Body::from_stream(chunks);
        }
        Script::Silence | Script::Deaf => std::future::pending::<()>().await,
    }
    response
}
