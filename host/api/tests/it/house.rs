//! A whole installation in memory: two partners with an agreement, a stranger, an issuer, and the router over it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use lockgate_api::identity::{IssuerSettings, KeyRing, RefreshPolicy, StaticKeys, Strikes, Verifier};
use lockgate_api::{ApiSettings, ApiState, Hub, router};
use lockgate_core::agreement::{Agreement, AgreementStatus};
use lockgate_core::claim::Room;
use lockgate_core::desk::Desk;
use lockgate_core::id::{AgreementId, HostId, PartnerId};
use lockgate_core::intake::{Intake, IntakePorts, IntakeSettings};
use lockgate_core::partner::{DuplicateRule, Partner, PartnerStatus};
use lockgate_core::pipeline::{Pipeline, PipelinePorts, PipelineSettings};
use lockgate_core::porter::{Porter, PorterPorts};
use lockgate_core::ports::Registry;
use lockgate_core::rate::{RateLimit, RateLimits};
use lockgate_core::redriver::Redriver;
use lockgate_core::registrar::Registrar;
use lockgate_core::time::Clock;
use lockgate_core::trace::{NoTracer, TraceContext, Tracer};
use lockgate_testkit::memory::{
    MemoryArchive, MemoryConnector, MemoryMessenger, MemoryPayloadStore, MemoryRateLedger, MemorySigning, MemoryStore,
    MemoryVault, QuickPassphrases, Reads, ScriptedRunner, VirtualClock,
};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::identity::issuer::Issuer;
use crate::visitors::CountedUrls;

/// How often a user may ask.
pub(crate) const REQUESTS: RateLimit = RateLimit { requests: 1000, window: Duration::from_secs(60) };
/// How many bad tokens an address may bring.
pub(crate) const BAD_TOKENS: RateLimit = RateLimit { requests: 60, window: Duration::from_secs(60) };

/// The installation.
pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) reads: Arc<Reads>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) acme: Partner,
    pub(crate) globex: Partner,
    pub(crate) stranger: Partner,
    pub(crate) runner: Arc<ScriptedRunner>,
    pub(crate) connector: Arc<MemoryConnector>,
    pub(crate) payloads: Arc<MemoryPayloadStore>,
    pub(crate) ledger: Arc<MemoryRateLedger>,
    pub(crate) urls: Arc<CountedUrls>,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) issuer: Issuer,
    pub(crate) carried: TaskTracker,
    desk: Arc<Desk>,
    pipeline: Pipeline,
    redriver: Redriver,
    host: HostId,
}

/// A response, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(adjust: impl FnOnce(&mut ApiSettings)) -> Self {
        let clock = Arc::new(VirtualClock::default());
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
        let acme = partner(&store, &clock, "acme").await;
        let globex = partner(&store, &clock, "globex").await;
        let stranger = partner(&store, &clock, "initech").await;
        agree(&store, &clock, &acme, &globex).await;
        let payloads = Arc::new(MemoryPayloadStore::default());
        let issuer = Issuer::new();
        let keys = KeyRing::new(Arc::new(StaticKeys::new(issuer.jwks())), RefreshPolicy::default());
        let mut settings = ApiSettings::new("https://lockgate.example".parse().expect("a URL"));
        adjust(&mut settings);
        let runner = Arc::new(ScriptedRunner::default());
        let connector = Arc::new(MemoryConnector::default());
        let ports = PipelinePorts {
            store: store.clone(),
            payloads: payloads.clone(),
            runner: runner.clone(),
            connector: connector.clone(),
            messenger: Arc::new(MemoryMessenger::default()),
            clock: clock.clone(),
            tracer: Arc::new(NoTracer),
        };
        let ledger = Arc::new(MemoryRateLedger::new(clock.clone()));
        let redriver = Redriver::new(store.clone(), clock.clone());
        let urls = Arc::new(CountedUrls::new(store.clone()));
        let vault = Arc::new(MemoryVault::default());
        let state = ApiState {
            intake: Arc::new(Intake::new(
                IntakePorts {
                    store: store.clone(),
                    uploads: store.clone(),
                    registry: store.clone(),
                    payloads: payloads.clone(),
                    clock: clock.clone(),
                    tracer: Arc::new(NoTracer),
                },
                IntakeSettings { max_size: 1 << 20, ..IntakeSettings::default() },
            )),
            desk: Arc::new(Desk::new(store.clone(), clock.clone())),
            redriver: Arc::new(redriver.clone()),
            porter: Arc::new(Porter::new(PorterPorts {
                urls: urls.clone(),
                store: store.clone(),
                passphrases: Arc::new(QuickPassphrases),
                clock: clock.clone(),
            })),
            registrar: Arc::new(Registrar::new(
                store.clone(),
                Arc::new(MemoryArchive::default()),
                runner.clone(),
                vault.clone(),
                Arc::new(MemorySigning),
                clock.clone(),
            )),
            store: store.clone(),
            payloads: payloads.clone(),
            clock: clock.clone(),
            verifier: Arc::new(Verifier::new(
                IssuerSettings { issuer: Issuer::NAME.into(), audience: Issuer::AUDIENCE.into(), leeway_seconds: 5 },
                Arc::new(keys),
            )),
            limits: Arc::new(RateLimits::new(REQUESTS, ledger.clone(), clock.clone())),
            strikes: Arc::new(Strikes::new(BAD_TOKENS)),
            tracer: Arc::new(EchoTracer::default()),
            carried: TaskTracker::new(),
            hub: Arc::new(Hub::default()),
            settings: Arc::new(settings),
        };
        let (hub, desk, carried) = (Arc::clone(&state.hub), Arc::clone(&state.desk), state.carried.clone());
        let reads = store.reads();
        let (router, host) = (router(state), HostId::generate(clock.now()));
        let pipeline = Pipeline::new(ports, PipelineSettings::default());
        Self {
            router,
            store,
            clock,
            reads,
            hub,
            acme,
            globex,
            stranger,
            runner,
            connector,
            payloads,
            ledger,
            urls,
            vault,
            issuer,
            carried,
            desk,
            pipeline,
            redriver,
            host,
        }
    }

    /// A host works on everything that rings, until nothing does.
    pub(crate) async fn work(&self) {
        while let Some(claim) = self.store.ring(self.host) {
            self.pipeline.work(claim, Room::default).await;
        }
    }

    /// A host ends whatever waited for too long.
    pub(crate) async fn expire(&self) {
        while self.desk.expire(self.host, 100).await.expect("memory answers") > 0 {}
    }

    /// A host works on every lane that is due.
    pub(crate) async fn redrive(&self) {
        while self.redriver.work(self.host, &*self.store).await.expect("memory answers") {}
    }

    /// A token of a user of that partner.
    pub(crate) fn token(&self, partner: &Partner) -> String {
        self.issuer.token("partner", Some(partner.id))
    }

    pub(crate) fn integrator(&self, partner: &Partner) -> String {
        self.issuer.token("integrator", Some(partner.id))
    }

    pub(crate) fn operator(&self) -> String {
        self.issuer.token("operator", None)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.expect("a router never fails");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Asks GraphQL and gives the whole answer.
    pub(crate) async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let request = Request::post("/graphql")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .expect("a request");
        self.send(request).await.json()
    }

    /// Acme sends a file to Globex in one request and gives the transfer's id.
    pub(crate) async fn hand_in(&self, file_name: &str, bytes: &'static [u8]) -> String {
        // Ids sort by age, and the virtual clock stands still by itself.
        self.clock.advance(Duration::from_millis(1));
        let request = Request::post(format!("/transfers?to=globex&filename={file_name}"))
            .header("authorization", format!("Bearer {}", self.token(&self.acme)))
            .header("content-type", "text/plain")
            .header("content-length", bytes.len())
            .body(Body::from(bytes))
            .expect("a request");
        let answer = self.send(request).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["transfer"].as_str().expect("an id").to_owned()
    }
}

/// Gives a span the context that it was made a child of.
#[derive(Debug, Default)]
struct EchoTracer(Mutex<TraceContext>);

impl Tracer for EchoTracer {
    fn adopt(&self, _span: &tracing::Span, parent: &TraceContext) {
        *self.0.lock().expect("no test panics while it traces") = parent.clone();
    }

    fn context(&self, _span: &tracing::Span) -> TraceContext {
        self.0.lock().expect("no test panics while it traces").clone()
    }
}

/// The code of the only error of a GraphQL answer.
pub(crate) fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {answer}"))
}

async fn partner(store: &MemoryStore, clock: &VirtualClock, slug: &str) -> Partner {
    let partner = Partner {
        id: PartnerId::generate(clock.now()),
        slug: slug.to_owned(),
        name: slug.to_uppercase(),
        status: PartnerStatus::Active,
        duplicates: DuplicateRule::Note,
        created_at: clock.now(),
    };
    store.add_partner(&partner).await.expect("a new partner");
    partner
}

async fn agree(store: &MemoryStore, clock: &VirtualClock, sender: &Partner, receiver: &Partner) {
    let agreement = Agreement {
        id: AgreementId::generate(clock.now()),
        sender: sender.id,
        receiver: receiver.id,
        media_types: vec![],
        max_size: None,
        status: AgreementStatus::Active,
        created_at: clock.now(),
    };
    store.add_agreement(&agreement).await.expect("a new agreement");
}
