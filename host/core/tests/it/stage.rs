//! The stage of the stories: partners, policies and a pipeline over in-memory ports.

use std::sync::Arc;

use bytes::Bytes;
use lockgate_core::agreement::{Agreement, AgreementStatus};
use lockgate_core::batch::{Batch, Edits};
use lockgate_core::claim::{Aggregate, Claim, Room};
use lockgate_core::command::Work;
use lockgate_core::consignment::Consignment;
use lockgate_core::delivery::Delivery;
use lockgate_core::destination::{Destination, DestinationSettings, DestinationStatus, Endpoint};
use lockgate_core::digest::Digest;
use lockgate_core::finding::Severity;
use lockgate_core::framing::Framing;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::id::{
    AgreementId, BindingId, DestinationId, HostId, PartnerId, PayloadId, PolicyId, RevisionId, TransferId,
};
use lockgate_core::limits::Limits;
use lockgate_core::notification::Notification;
use lockgate_core::partner::{DuplicateRule, Partner, PartnerStatus};
use lockgate_core::payload::Payload;
use lockgate_core::pipeline::{Pipeline, PipelinePorts, PipelineSettings, WorkEnd};
use lockgate_core::policy::{Binding, Owner, Revision, Rollout, Side};
use lockgate_core::ports::{Masked, RawFinding, RawFindings, RawPlace, Registry, TransferStore};
use lockgate_core::time::Clock;
use lockgate_core::trace::NoTracer;
use lockgate_core::transfer::Transfer;
use lockgate_testkit::memory::{
    MemoryConnector, MemoryMessenger, MemoryPayloadStore, MemoryStore, ScriptedRunner, VirtualClock,
};

/// Everything that a story needs.
pub(crate) struct Stage {
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) payloads: Arc<MemoryPayloadStore>,
    pub(crate) runner: Arc<ScriptedRunner>,
    pub(crate) connector: Arc<MemoryConnector>,
    pub(crate) messenger: Arc<MemoryMessenger>,
    pub(crate) pipeline: Pipeline,
    pub(crate) host: HostId,
    pub(crate) acme: PartnerId,
    pub(crate) globex: PartnerId,
    pub(crate) initech: PartnerId,
}

impl Stage {
    /// Acme sends to Globex and Initech; nobody has a policy yet.
    pub(crate) async fn new() -> Self {
        Self::with_payloads(Arc::new(MemoryPayloadStore::default())).await
    }

    /// The same over another payload store.
    pub(crate) async fn with_payloads(payloads: Arc<MemoryPayloadStore>) -> Self {
        let clock = Arc::new(VirtualClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let runner = Arc::new(ScriptedRunner::default());
        let (connector, messenger) = (Arc::new(MemoryConnector::default()), Arc::new(MemoryMessenger::default()));
        let ports = PipelinePorts {
            store: store.clone(),
            payloads: payloads.clone(),
            runner: runner.clone(),
            connector: connector.clone(),
            messenger: messenger.clone(),
            clock: clock.clone(),
            tracer: Arc::new(NoTracer),
        };
        let pipeline = Pipeline::new(ports, PipelineSettings::default());
        let at = clock.now();
        let mut ids = vec![];
        for slug in ["acme", "globex", "initech"] {
            let partner = Partner {
                id: PartnerId::generate(at),
                slug: slug.to_owned(),
                name: slug.to_uppercase(),
                status: PartnerStatus::Active,
                duplicates: DuplicateRule::Note,
                created_at: at,
            };
            store.add_partner(&partner).await.expect("the slug is new");
            ids.push(partner.id);
        }
        for receiver in [ids[1], ids[2]] {
            let agreement = Agreement {
                id: AgreementId::generate(at),
                sender: ids[0],
                receiver,
                media_types: vec![],
                max_size: Some(1_000_000),
                status: AgreementStatus::Active,
                created_at: at,
            };
            store.add_agreement(&agreement).await.expect("the pair is new");
        }
        let host = HostId::generate(at);
        let (acme, globex, initech) = (ids[0], ids[1], ids[2]);
        Self { clock, store, payloads, runner, connector, messenger, pipeline, host, acme, globex, initech }
    }

    /// An active policy of these bindings.
    pub(crate) fn policy(&self, owner: Owner, side: Side, mut bindings: Vec<Binding>) -> RevisionId {
        let at = self.clock.now();
        let id = RevisionId::generate(at);
        bindings.iter_mut().for_each(|binding| binding.owner = owner);
        self.store.put_revision(Revision {
            id,
            policy: PolicyId::generate(at),
            owner,
            side,
            number: 1,
            rollout: Rollout::Active,
            bindings,
            note: String::new(),
            author: "test".to_owned(),
            created_at: at,
            activated_at: Some(at),
        });
        id
    }

    pub(crate) async fn destination(&self, partner: PartnerId, name: &str, ordered: bool) -> DestinationId {
        let at = self.clock.now();
        let destination = Destination {
            id: DestinationId::generate(at),
            partner,
            name: name.to_owned(),
            endpoint: Endpoint::Http {
                url: "http://127.0.0.1/".to_owned(),
                signing_secret: None,
                bearer_secret: None,
                options: lockgate_core::destination::HttpOptions::default(),
            },
            ordered,
            status: DestinationStatus::Active,
            disabled: None,
            settings: DestinationSettings::default(),
            created_at: at,
        };
        self.store.add_destination(&destination).await.expect("the name is new");
        destination.id
    }

    /// Acme's received transfer for these receivers, rung for.
    pub(crate) async fn receive(&self, receivers: &[PartnerId], name: &str, bytes: &'static str) -> TransferId {
        let at = self.clock.now();
        let transfer = self.transfer(receivers, name);
        let payload = self.payloads.put(PayloadId::generate(at), "text/csv", Bytes::from_static(bytes.as_bytes()));
        self.store.put(Aggregate::Transfer(transfer.clone()));
        let receive = lockgate_core::state::TransferMove::Receive(payload);
        let stamp = lockgate_core::state::Stamp::of_person("alice", at, None);
        let change = lockgate_core::state::transfer::apply(&transfer, receive, &stamp).expect("it is announced");
        self.store.commit(&change).await.expect("nobody else moved it");
        transfer.id
    }

    /// Acme's announced transfer.
    pub(crate) fn transfer(&self, receivers: &[PartnerId], name: &str) -> Transfer {
        let at = self.clock.now();
        Transfer::announced(self.acme, receivers.to_vec(), name, "text/csv", at)
    }

    /// Works on everything that rings, until nothing does; returns how each piece of work ended.
    pub(crate) async fn run(&self) -> Vec<WorkEnd> {
        let mut ends = vec![];
        while let Some(claim) = self.store.ring(self.host) {
            ends.push(self.work(claim).await);
        }
        ends
    }

    /// Works on a claim, and on what it goes on with: of what is created nothing, anybody is rung for that.
    pub(crate) async fn work(&self, mut claim: Claim) -> WorkEnd {
        loop {
            match self.pipeline.work(claim, Room::default).await {
                WorkEnd::Onward(mut onward) => claim = onward.remove(0),
                end => return end,
            }
        }
    }

    /// Works on everything that is due.
    pub(crate) async fn run_due(&self) -> Vec<WorkEnd> {
        let due = std::time::Duration::ZERO;
        let mut ends = vec![];
        for claim in self.store.adopt(self.host, 100, Room::of_each(100), due).await.expect("memory answers") {
            ends.push(self.work(claim).await);
        }
        ends
    }

    pub(crate) fn get(&self, id: TransferId) -> Transfer {
        match self.store.get(Work::Transfer(id)) {
            Some(Aggregate::Transfer(it)) => it,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn consignments(&self) -> Vec<Consignment> {
        self.store.all(|it| match it {
            Aggregate::Consignment(it) => Some(it.clone()),
            _ => None,
        })
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.store.all(|it| match it {
            Aggregate::Delivery(it) => Some(it.clone()),
            _ => None,
        })
    }

    pub(crate) fn notifications(&self) -> Vec<Notification> {
        self.store.all(|it| match it {
            Aggregate::Notification(it) => Some(it.clone()),
            _ => None,
        })
    }

    pub(crate) fn text(&self, payload: Option<&Payload>) -> String {
        let bytes = payload.and_then(|payload| self.payloads.get(payload)).expect("the object is there");
        String::from_utf8(bytes.to_vec()).expect("it is text")
    }
}

pub(crate) fn csv() -> Framing {
    Framing::Csv { delimiter: ',', quote: '"', header: true, max_record: 1024 }
}

pub(crate) fn binding(hook: Hook, name: &str, framing: Framing, failure_mode: FailureMode) -> Binding {
    Binding {
        id: BindingId::from_uuid(uuid::Uuid::new_v4()),
        name: name.to_owned(),
        hook,
        plugin: Digest::of(name.as_bytes()),
        owner: Owner::House,
        settings: serde_json::json!({}),
        framing,
        grants: vec![],
        limits: Limits::default(),
        failure_mode,
        media_types: vec![],
        events: vec![],
    }
}

/// Findings about every record that contains a word.
pub(crate) fn complain(batch: &Batch, word: &str, severity: Severity) -> RawFindings {
    let items = batch.records.iter().zip(batch.first..).filter_map(|(record, position)| {
        let text = String::from_utf8_lossy(record);
        let start = u32::try_from(text.find(word)?).ok()?;
        let end = start + u32::try_from(word.len()).ok()?;
        let place = Some(RawPlace { position, start, end, pointer: "column".to_owned() });
        Some(RawFinding { rule: "bad-word".to_owned(), severity, message: format!("`{word}` is not allowed"), place })
    });
    RawFindings { items: items.collect(), dropped: 0 }
}

/// Edits that replace every occurrence of a word that lies within one record.
pub(crate) fn replace(batch: &Batch, word: &str, by: &str) -> Masked {
    let (mut edits, mut replacements) = (Edits::default(), String::new());
    for index in 0..batch.records.len() {
        let range = batch.records.range(index).expect("the record is there");
        let text = String::from_utf8_lossy(&batch.records.data[range.clone()]).into_owned();
        for (at, _) in text.match_indices(word) {
            let start = u32::try_from(range.start + at).expect("batches are small");
            replacements.push_str(by);
            edits.starts.push(start);
            edits.ends.push(start + u32::try_from(word.len()).expect("words are short"));
            edits.replacement_ends.push(u32::try_from(replacements.len()).expect("batches are small"));
        }
    }
    edits.replacements = Bytes::from(replacements);
    Masked { edits, ..Masked::default() }
}
