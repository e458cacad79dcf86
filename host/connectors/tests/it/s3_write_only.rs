//! Deliveries to an S3 whose credentials may write and nothing else: a look is refused, and the condition on writing
//! decides.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{Endpoint, S3Options};
use lockgate_core::ports::{Connector as _, Consigned};
use rstest::rstest;
use tokio::net::TcpListener;

use crate::world::{World, is_failed};

const SMALL: usize = 1000;
const IN_PARTS: usize = 9 * 1024 * 1024;

#[derive(Debug, Default)]
struct Memory {
    /// Keys of objects.
    objects: HashSet<String>,
    /// Unfinished multipart uploads: how many bytes each has.
    uploads: HashMap<String, usize>,
    begun: usize,
    /// The status of the next completions, and whether they are done nevertheless.
    completions: Option<(u16, bool)>,
}

/// A bucket that lets nobody look; ends with the runtime of its test.
struct Bucket {
    endpoint: String,
    memory: Arc<Mutex<Memory>>,
    world: World,
}

impl Bucket {
    async fn new() -> Self {
        let memory = Arc::new(Mutex::new(Memory::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(serve).with_state(Arc::clone(&memory));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let world = World::new();
        world.secrets.0.lock().unwrap().insert("keys".to_owned(), "writer:nonsense".to_owned());
        Self { endpoint, memory, world }
    }

    fn edit<T>(&self, edit: impl FnOnce(&mut Memory) -> T) -> T {
        edit(&mut self.memory.lock().unwrap())
    }

    fn consigned(&self, size: usize) -> Consigned {
        let endpoint = Endpoint::S3 {
            bucket: "inbox".to_owned(),
            prefix: String::new(),
            endpoint: Some(self.endpoint.clone()),
            credentials_secret: Some("keys".to_owned()),
            options: S3Options::default(),
        };
        self.world.consigned(endpoint, vec![1; size])
    }

    async fn deliver(&self, consigned: &Consigned) -> Answer {
        self.world.connectors.deliver(consigned).await.answer
    }
}

/// The same delivery, claimed anew.
fn again(consigned: &Consigned) -> Consigned {
    let mut again = consigned.clone();
    again.delivery.version += 1;
    again.delivery.attempts += 1;
    again
}

async fn serve(State(memory): State<Arc<Mutex<Memory>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let size = body.collect().await.map(|it| it.to_bytes().len()).unwrap_or_default();
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let (status, body) = act(&mut memory.lock().unwrap(), &head.method, head.uri.path(), &query, &head.headers, size);
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer.headers_mut().insert("etag", "\"tag\"".parse().unwrap());
    answer
}

fn act(
    memory: &mut Memory,
    method: &Method,
    key: &str,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    size: usize,
) -> (u16, String) {
    let error = |status, code: &str| (status, format!("<Error><Code>{code}</Code></Error>"));
    let upload = query.get("uploadId");
    match method.as_str() {
        "POST" if query.contains_key("uploads") => {
            memory.begun += 1;
            let id = format!("u{}", memory.begun);
            memory.uploads.insert(id.clone(), 0);
            (200, format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"))
        }
        "PUT" | "POST" if upload.is_some_and(|id| !memory.uploads.contains_key(id)) => error(404, "NoSuchUpload"),
        "PUT" if upload.is_some() => {
            *memory.uploads.get_mut(&query["uploadId"]).unwrap() += size;
            (200, String::new())
        }
        "PUT" | "POST" => {
            assert_eq!(headers["if-none-match"], "*");
            if memory.objects.contains(key) {
                return error(412, "PreconditionFailed");
            }
            let said = memory.completions.filter(|_| upload.is_some());
            if said.is_none_or(|(_, done)| done) {
                memory.objects.insert(key.to_owned());
                let written = upload.map_or(size, |id| memory.uploads.remove(id).unwrap());
                assert!([SMALL, IN_PARTS].contains(&written), "{written}");
            }
            match said {
                Some((status, _)) => error(status, "InternalError"),
                None => {
                    (200, "<CompleteMultipartUploadResult><ETag>tag</ETag></CompleteMultipartUploadResult>".to_owned())
                }
            }
        }
        _ => error(403, "AccessDenied"),
    }
}

#[rstest]
#[case::small(SMALL)]
#[case::in_parts(IN_PARTS)]
#[tokio::test]
async fn a_repeat_that_may_not_look_writes(#[case] size: usize) {
    let bucket = Bucket::new().await;
    let answer = bucket.deliver(&again(&bucket.consigned(size))).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!(bucket.edit(|it| it.objects.len()), 1);
}

#[rstest]
#[case::small(SMALL)]
#[case::in_parts(IN_PARTS)]
#[tokio::test]
async fn what_is_in_place_and_may_not_be_looked_at_is_an_answer(#[case] size: usize) {
    let bucket = Bucket::new().await;
    let consigned = bucket.consigned(size);
    let key = format!("/inbox/{}/Rechnung___8.csv", consigned.delivery.key());
    bucket.edit(|it| it.objects.insert(key));
    let answer = bucket.deliver(&again(&consigned)).await;
    assert!(matches!(answer, Answer::Refused { cause: Cause::Unauthorized, disable: false, .. }), "{answer:?}");
    assert!(format!("{answer:?}").contains("in place"), "{answer:?}");
}

#[tokio::test]
async fn an_upload_that_was_tidied_away_is_begun_anew_though_nobody_may_look() {
    let bucket = Bucket::new().await;
    let first = bucket.consigned(IN_PARTS);
    bucket.edit(|it| it.completions = Some((500, false)));
    let answer = bucket.deliver(&first).await;
    assert!(is_failed(&answer), "{answer:?}");
    bucket.edit(|it| (it.uploads.clear(), it.completions.take()));
    let answer = bucket.deliver(&again(&first)).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!(bucket.edit(|it| (it.begun, it.objects.len())), (2, 1));
}

#[tokio::test]
async fn a_completion_whose_answer_was_lost_is_tried_again_before_it_is_refused() {
    let bucket = Bucket::new().await;
    let first = bucket.consigned(IN_PARTS);
    bucket.edit(|it| it.completions = Some((500, true)));
    let answer = bucket.deliver(&first).await;
    assert!(is_failed(&answer), "nothing said that an object is in place: {answer:?}");
    let answer = bucket.deliver(&again(&first)).await;
    assert!(matches!(answer, Answer::Refused { cause: Cause::Unauthorized, .. }), "{answer:?}");
    assert_eq!(bucket.edit(|it| it.objects.len()), 1);
}
