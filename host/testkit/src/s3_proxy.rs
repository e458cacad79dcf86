//! A proxy before S3 for tests, that counts requests and breaks the next ones of a kind in a given way.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use futures::{StreamExt as _, stream};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// Requests as the payload store makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An object in one request.
    Put,
    /// A part of a multipart upload.
    Part,
    /// The beginning of one.
    Create,
    /// Its end.
    Complete,
    /// Its end without an object.
    Abort,
    /// Reading.
    Get,
    /// Anything else.
    Other,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Answered with that status; S3 never hears of it.
    Refuse(u16),
    /// The connection breaks before the request arrived.
    Cut,
    /// S3 does it, and the connection breaks before the answer arrived.
    LoseAnswer,
    /// The connection breaks after that many bytes of the answer's body.
    CutAnswer(usize),
    /// Nobody ever answers.
    Silence,
}

#[derive(Debug, Default)]
struct Plan {
    faults: Vec<(Kind, Fault)>,
    /// Requests of that kind go wrong so once so many more have passed.
    broken: Option<(Kind, usize, Fault)>,
    seen: Vec<Kind>,
    /// Requests that passed and are not answered yet.
    under_way: Vec<Kind>,
    /// The numbers of the parts that S3 took.
    taken: Vec<u32>,
}

#[derive(Debug, Default)]
struct Line {
    plan: Mutex<Plan>,
    answered: Notify,
}

impl Line {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().expect("nobody panics while it holds the plan")
    }

    /// Resolves once all that passed of that kind is answered.
    async fn quiet(&self, kind: Kind) {
        loop {
            let answered = self.answered.notified();
            if !self.plan().under_way.contains(&kind) {
                return;
            }
            answered.await;
        }
    }
}

/// A request that passed.
struct Passing {
    line: Arc<Line>,
    kind: Kind,
}

impl Drop for Passing {
    fn drop(&mut self) {
        let mut plan = self.line.plan();
        let at = plan.under_way.iter().position(|it| *it == self.kind);
        at.map(|at| plan.under_way.swap_remove(at));
        drop(plan);
        self.line.answered.notify_waiters();
    }
}

/// A running proxy; ends with the runtime of its test.
#[derive(Debug, Clone)]
pub struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<BoxBody<Bytes, Failure>>;

impl Proxy {
    /// A proxy before the service at that URL.
    pub async fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let line = Arc::new(Line::default());
        let proxy = Self { address, line: Arc::clone(&line) };
        let upstream: Arc<str> = upstream.into();
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (line, client, upstream) = (Arc::clone(&line), client.clone(), Arc::clone(&upstream));
                let serving =
                    service_fn(move |request| pass(request, Arc::clone(&line), client.clone(), Arc::clone(&upstream)));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), serving),
                );
            }
        });
        proxy
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks the next request of that kind that is not broken by an earlier plan.
    pub fn plan(&self, kind: Kind, fault: Fault) {
        self.line.plan().faults.push((kind, fault));
    }

    /// Lets so many more requests of that kind pass and spoils all after them, once those are answered and until it is mended.
    pub fn breaks_after(&self, kind: Kind, passing: usize, fault: Fault) {
        self.line.plan().broken = Some((kind, passing, fault));
    }

    /// Lets everything pass again.
    pub fn mend(&self) {
        self.line.plan().broken = None;
    }

    /// How many requests of that kind came.
    pub fn seen(&self, kind: Kind) -> usize {
        self.line.plan().seen.iter().filter(|seen| **seen == kind).count()
    }

    /// The numbers of the parts that S3 took, in order; one that it took twice is there twice.
    pub fn taken(&self) -> Vec<u32> {
        let mut taken = self.line.plan().taken.clone();
        taken.sort_unstable();
        taken
    }

    /// Whether everything that was planned has happened.
    pub fn is_done(&self) -> bool {
        self.line.plan().faults.is_empty()
    }
}

async fn pass(
    request: Request<Incoming>,
    line: Arc<Line>,
    client: Client<HttpConnector, Full<Bytes>>,
    upstream: Arc<str>,
) -> Result<Answer, Failure> {
    let kind = kind(&request);
    let (fault, passing) = next(kind, &line);
    if passing.is_none() {
        line.quiet(kind).await;
    }
    match fault {
        Some(Fault::Cut) => return Err("cut as planned".into()),
        Some(Fault::Silence) => std::future::pending::<()>().await,
        _ => {}
    }
    let (mut head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    if let Some(Fault::Refuse(status)) = fault {
        let refusal = Full::new(Bytes::new()).map_err(|never: Infallible| match never {}).boxed();
        return Ok(Response::builder().status(StatusCode::from_u16(status)?).body(refusal)?);
    }
    let number = part_number(head.uri.query().unwrap_or_default());
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = format!("{upstream}{path}").parse()?;
    let answer = client.request(Request::from_parts(head, Full::new(body))).await?;
    if answer.status().is_success() {
        line.plan().taken.extend(number);
    }
    drop(passing);
    match fault {
        Some(Fault::LoseAnswer) => Err("the answer is lost as planned".into()),
        Some(Fault::CutAnswer(after)) => {
            let (head, body) = answer.into_parts();
            let whole = body.collect().await?.to_bytes();
            let beginning = Ok(Frame::data(whole.slice(..after.min(whole.len()))));
            // The pause lets the server flush what came before.
            let end = async {
                tokio::task::yield_now().await;
                Err::<Frame<Bytes>, Failure>("cut as planned".into())
            };
            let body = stream::iter([beginning]).chain(stream::once(end));
            Ok(Response::from_parts(head, BodyExt::boxed(StreamBody::new(body))))
        }
        _ => Ok(answer.map(|body| body.map_err(Failure::from).boxed())),
    }
}

fn kind(request: &Request<Incoming>) -> Kind {
    let query = request.uri().query().unwrap_or_default();
    match request.method().as_str() {
        "PUT" if part_number(query).is_some() => Kind::Part,
        "PUT" => Kind::Put,
        "POST" if query.contains("uploadId=") => Kind::Complete,
        "POST" if query.contains("uploads") => Kind::Create,
        "DELETE" if query.contains("uploadId=") => Kind::Abort,
        "GET" => Kind::Get,
        _ => Kind::Other,
    }
}

fn part_number(query: &str) -> Option<u32> {
    query.split('&').find_map(|it| it.strip_prefix("partNumber=")?.parse().ok())
}

/// What goes wrong with this request. It passes, well or not, unless it is one of those that are all broken.
fn next(kind: Kind, line: &Arc<Line>) -> (Option<Fault>, Option<Passing>) {
    let mut plan = line.plan();
    plan.seen.push(kind);
    match &mut plan.broken {
        Some((broken, 0, fault)) if *broken == kind => return (Some(*fault), None),
        Some((broken, passing, _)) if *broken == kind => *passing -= 1,
        _ => {}
    }
    let at = plan.faults.iter().position(|(planned, _)| *planned == kind);
    let fault = at.map(|at| plan.faults.remove(at).1);
    plan.under_way.push(kind);
    (fault, Some(Passing { line: Arc::clone(line), kind }))
}
