//! A worker that panics costs nothing but its own work.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::claim::{Aggregate, Claim, Room};
use lockgate_core::command::Work;
use lockgate_core::digest::Digest;
use lockgate_core::framing::Framing;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::id::{BindingId, HostId, PartnerId, PayloadId, PolicyId, RevisionId};
use lockgate_core::limits::Limits;
use lockgate_core::partner::{DuplicateRule, Partner, PartnerStatus};
use lockgate_core::pipeline::{Pipeline, PipelinePorts, PipelineSettings};
use lockgate_core::policy::{Binding, Owner, Revision, Rollout, Side};
use lockgate_core::ports::{Blame, Conclusion, RawFindings, Registry, TransferStore};
use lockgate_core::state::{Stamp, TransferMove, transfer};
use lockgate_core::time::Clock;
use lockgate_core::trace::NoTracer;
use lockgate_core::transfer::{Transfer, TransferState};
use lockgate_testkit::memory::{
    MemoryConnector, MemoryMessenger, MemoryPayloadStore, MemoryStore, ScriptedRunner, VirtualClock,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{AFTER_PANIC, Handback, Holdings, Sizes, Workers};

struct World {
    clock: Arc<VirtualClock>,
    store: Arc<MemoryStore>,
    payloads: Arc<MemoryPayloadStore>,
    runner: Arc<ScriptedRunner>,
    sender: PartnerId,
}

impl World {
    /// A sender and a house policy with one validator.
    async fn with_validator(name: &str) -> Self {
        let clock = Arc::new(VirtualClock::default());
        let (at, store) = (clock.now(), Arc::new(MemoryStore::new(clock.clone())));
        let sender = PartnerId::generate(at);
        let (name, slug) = (name.to_owned(), "acme".to_owned());
        let (status, duplicates) = (PartnerStatus::Active, DuplicateRule::Note);
        let partner = Partner { id: sender, name: slug.clone(), slug, status, duplicates, created_at: at };
        store.add_partner(&partner).await.expect("the slug is new");
        let binding = Binding {
            id: BindingId::generate(at),
            plugin: Digest::of(name.as_bytes()),
            name,
            hook: Hook::Validate,
            owner: Owner::House,
            settings: serde_json::json!({}),
            framing: Framing::Csv { delimiter: ',', quote: '"', header: false, max_record: 1024 },
            grants: vec![],
            limits: Limits::default(),
            failure_mode: FailureMode::Reject,
            media_types: vec![],
            events: vec![],
        };
        store.put_revision(Revision {
            id: RevisionId::generate(at),
            policy: PolicyId::generate(at),
            owner: Owner::House,
            side: Side::Inbound,
            number: 1,
            rollout: Rollout::Active,
            bindings: vec![binding],
            note: String::new(),
            author: "test".to_owned(),
            created_at: at,
            activated_at: Some(at),
        });
        Self { clock, store, payloads: Arc::default(), runner: Arc::default(), sender }
    }

    /// A received transfer of these bytes, claimed by the host.
    async fn claimed(&self, host: HostId, bytes: &'static str) -> Claim {
        let at = self.clock.now();
        let announced = Transfer::announced(self.sender, vec![self.sender], "people.csv", "text/csv", at);
        self.store.put(Aggregate::Transfer(announced.clone()));
        let payload = self.payloads.put(PayloadId::generate(at), "text/csv", bytes);
        let stamp = Stamp::of_person("ann", at, None);
        let received = transfer::apply(&announced, TransferMove::Receive(payload), &stamp).expect("it is announced");
        self.store.commit(&received).await.expect("nobody else moved it");
        self.store.ring(host).expect("it is received")
    }

    fn pipeline(&self) -> Arc<Pipeline> {
        let ports = PipelinePorts {
            store: self.store.clone(),
            payloads: self.payloads.clone(),
            runner: self.runner.clone(),
            connector: Arc::new(MemoryConnector::default()),
            messenger: Arc::new(MemoryMessenger::default()),
            clock: self.clock.clone(),
            tracer: Arc::new(NoTracer),
        };
        Arc::new(Pipeline::new(ports, PipelineSettings::default()))
    }

    fn state(&self, of: Work) -> TransferState {
        match self.store.get(of) {
            Some(Aggregate::Transfer(it)) => it.state,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn whoever_panics_is_given_back_and_blamed_and_the_next_is_worked_on() {
    let world = World::with_validator("check").await;
    let (begun, mut second_begun) = mpsc::unbounded_channel();
    world.runner.validates(
        "check",
        move |batch| {
            let text = batch.records.iter().map(String::from_utf8_lossy).collect::<String>();
            assert!(!text.contains("poison"), "a defect of the host");
            begun.send(()).expect("the test waits");
            Ok(RawFindings::default())
        },
        || Ok(Conclusion::default()),
    );
    let host = HostId::generate(world.clock.now());
    let (poison, fine) = (world.claimed(host, "poison\n").await, world.claimed(host, "ann\n").await);
    let (first, second) = (poison.aggregate.work(), fine.aggregate.work());

    let sizes = Sizes { judging: 1, deliveries: 1, messages: 1, waiting: 2 };
    let (handback, drain) = (Handback::new(world.store.clone()), Duration::from_secs(60));
    let room = watch::Sender::new(Room::default());
    let workers = Workers::new(world.pipeline(), handback, Arc::new(Holdings::default()), sizes, room, drain);
    let (queue, claims) = mpsc::channel(2);
    for claim in [poison, fine] {
        queue.send(claim).await.expect("there is room");
    }
    let (_alive, alive) = watch::channel(true);
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers.run(claims, alive, stop.clone()));
    second_begun.recv().await.expect("the second finds the only place free again");
    stop.cancel();
    working.await.expect("the workers go on").expect("and end well");

    assert_ne!(world.state(second), TransferState::Received, "it was judged");
    assert_eq!(world.store.returned(), [(first, AFTER_PANIC, Blame::Work)]);
}
