//! The line of a transfer, step by step: announced, received, accepted, released, settled.

use std::time::Duration;

use lockgate_core::change::Change;
use lockgate_core::claim::{Aggregate, Claim};
use lockgate_core::command::Work;
use lockgate_core::consignment::{Consignment, DeliveryOrder};
use lockgate_core::decision::Decision;
use lockgate_core::delivery::{Answer, Attempt, Delivery};
use lockgate_core::destination::{Destination, DestinationSettings, DestinationStatus, Endpoint};
use lockgate_core::digest::Digest;
use lockgate_core::finding::{Finding, Findings, Severity};
use lockgate_core::id::{
    AttemptId, ConsignmentId, DecisionId, DeliveryId, DestinationId, PartnerId, PayloadId, TransferId,
};
use lockgate_core::payload::{ObjectFormat, Payload};
use lockgate_core::policy::Side;
use lockgate_core::ports::{AnnounceOutcome, Announcement, Registry, TransferStore, UploadStore};
use lockgate_core::quota::Quota;
use lockgate_core::route::PlannedRoute;
use lockgate_core::state::{ConsignmentMove, DeliveryMove, Stamp, TransferMove, consignment, delivery, transfer};
use lockgate_core::trace::TraceContext;
use lockgate_core::transfer::Transfer;
use lockgate_core::upload::Upload;

use super::{World, now};

/// A payload that nobody wrote.
pub(crate) fn payload(transfer: TransferId) -> Payload {
    let id = PayloadId::generate(now());
    Payload {
        id,
        key: format!("payloads/{id}/0"),
        media_type: "text/csv".into(),
        size: 11,
        digest: Digest::of(transfer.to_string().as_bytes()),
        format: ObjectFormat::Plain1,
    }
}

impl World {
    /// An announcement from one partner to others.
    pub(crate) fn announcement(&self, from: PartnerId, to: &[PartnerId], key: Option<&str>) -> Announcement {
        let at = now();
        let transfer = Transfer {
            trace: TraceContext(Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into())),
            idempotency_key: key.map(str::to_owned),
            ..Transfer::announced(from, to.to_vec(), "invoice-812.csv", "text/csv", at)
        };
        let begun = Upload::begun(from, Some(11), at, Duration::from_secs(3600));
        let upload = Upload { transfer: Some(transfer.id), ..begun };
        let entry = transfer::announced(&transfer, &Stamp::of_person("test", at, None));
        Announcement {
            transfer,
            upload,
            fingerprint: Digest::of(b"input"),
            entry,
            quota: Quota::default(),
            by: None,
            commands: vec![],
        }
    }

    /// An announced transfer.
    pub(crate) async fn announced(&self, from: PartnerId, to: &[PartnerId]) -> Announcement {
        let announcement = self.announcement(from, to, None);
        let outcome = self.store.announce(&announcement).await.expect("an announcement");
        assert!(matches!(outcome, AnnounceOutcome::Created));
        announcement
    }

    /// The change that receives an announced transfer, with its upload sealed and its object written.
    pub(crate) async fn receiving(&self, it: &Announcement) -> Change {
        let payload = payload(it.transfer.id);
        let (id, key) = (it.transfer.id, payload.key.as_str());
        self.store.begin_object(payload.id, id.into(), key, 0).await.expect("an object's row");
        self.store.sealed(it.upload.id, 0, &payload).await.expect("a sealed upload");
        transfer::apply(&it.transfer, TransferMove::Receive(payload), &self.stamp()).expect("a legal move")
    }

    /// A received transfer, rung for and not claimed.
    pub(crate) async fn received(&self, from: PartnerId, to: &[PartnerId]) -> Transfer {
        let it = self.announced(from, to).await;
        let change = self.receiving(&it).await;
        self.store.receive(it.upload.id, &change).await.expect("a received transfer");
        self.transfer(it.transfer.id).await
    }

    /// The judgement of a claimed transfer that accepts it for all whom it was addressed to.
    pub(crate) fn accepting(&self, claim: &Claim) -> Change {
        let Aggregate::Transfer(it) = &claim.aggregate else { panic!("not a transfer: {claim:?}") };
        let routes: Vec<_> =
            it.receivers.iter().map(|id| PlannedRoute { receiver: *id, destinations: vec![] }).collect();
        let judgement = transfer::Judgement {
            decision: decision(it.id, None, Side::Inbound, routes),
            outcome: it.source.clone(),
            discards: vec![],
            hold: None,
            reason: None,
        };
        let wanted = TransferMove::Judge(Box::new(judgement));
        transfer::apply(it, wanted, &Stamp::of_claim(claim, now())).expect("a legal move")
    }

    /// The consignments of an accepted transfer.
    pub(crate) async fn accepted(&self, from: PartnerId, to: &[PartnerId]) -> Vec<Consignment> {
        let it = self.received(from, to).await;
        let claim = self.claim(Work::Transfer(it.id)).await;
        let change = self.accepting(&claim);
        self.store.commit(&change).await.expect("an accepted transfer");
        change.consignments().to_vec()
    }

    /// The judgement of a claimed consignment that releases it to these destinations.
    pub(crate) fn releasing(&self, claim: &Claim, to: &[&Destination]) -> Change {
        let Aggregate::Consignment(it) = &claim.aggregate else { panic!("not a consignment: {claim:?}") };
        let orders = to.iter().map(|it| DeliveryOrder { destination: it.id, ordered: it.ordered }).collect();
        let judgement = consignment::Judgement {
            decision: decision(it.transfer, Some(it.id), Side::Outbound, vec![]),
            outcome: Some(payload(it.transfer)),
            discards: vec![],
            masked: false,
            orders,
            hold: None,
            reason: None,
        };
        let wanted = ConsignmentMove::Judge(Box::new(judgement));
        consignment::apply(it, wanted, &Stamp::of_claim(claim, now())).expect("a legal move")
    }

    /// The deliveries of a consignment that is released to these destinations.
    pub(crate) async fn released(&self, it: &Consignment, to: &[&Destination]) -> Vec<Delivery> {
        let claim = self.claim(Work::Consignment(it.id)).await;
        let change = self.releasing(&claim, to);
        self.store.commit(&change).await.expect("a released consignment");
        let mut deliveries = vec![];
        for new in change.deliveries() {
            deliveries.push(self.delivery(new.delivery.id).await);
        }
        deliveries
    }

    /// An attempt of a claimed delivery that got this answer.
    pub(crate) fn attempting(&self, claim: &Claim, answer: Answer) -> Change {
        self.attempting_at(&inbox(claim.aggregate.partner(), "inbox", false), claim, answer)
    }

    /// The same at a destination as it was when it was asked.
    pub(crate) fn attempting_at(&self, asked: &Destination, claim: &Claim, answer: Answer) -> Change {
        let Aggregate::Delivery(it) = &claim.aggregate else { panic!("not a delivery: {claim:?}") };
        let attempt = Attempt {
            id: AttemptId::generate(now()),
            number: it.attempts + 1,
            started_at: now(),
            took: Duration::from_micros(1_234),
            host: claim.host,
            from_offset: None,
            answer,
        };
        let wanted = DeliveryMove::Attempt { attempt, next: None, destination: Box::new(asked.clone()) };
        delivery::apply(it, wanted, &Stamp::of_claim(claim, now())).expect("a legal move")
    }

    /// A delivery that arrives.
    pub(crate) async fn delivered(&self, id: DeliveryId) {
        let claim = self.claim(Work::Delivery(id)).await;
        let change = self.attempting(&claim, Answer::Taken { receipt: "200".into() });
        self.store.commit(&change).await.expect("a delivery");
    }

    /// A destination of a partner.
    pub(crate) async fn destination(&self, of: PartnerId, name: &str, ordered: bool) -> Destination {
        let it = inbox(of, name, ordered);
        self.store.add_destination(&it).await.expect("a destination");
        it
    }

    /// A transfer as it stands now.
    pub(crate) async fn transfer(&self, id: TransferId) -> Transfer {
        match self.load(Work::Transfer(id)).await {
            Aggregate::Transfer(it) => it,
            other => panic!("not a transfer: {other:?}"),
        }
    }

    /// A consignment as it stands now.
    pub(crate) async fn consignment(&self, id: ConsignmentId) -> Consignment {
        match self.load(Work::Consignment(id)).await {
            Aggregate::Consignment(it) => it,
            other => panic!("not a consignment: {other:?}"),
        }
    }

    /// A delivery as it stands now.
    pub(crate) async fn delivery(&self, id: DeliveryId) -> Delivery {
        match self.load(Work::Delivery(id)).await {
            Aggregate::Delivery(it) => it,
            other => panic!("not a delivery: {other:?}"),
        }
    }
}

fn inbox(of: PartnerId, name: &str, ordered: bool) -> Destination {
    Destination {
        id: DestinationId::generate(now()),
        partner: of,
        name: name.into(),
        endpoint: endpoint("http://127.0.0.1/"),
        ordered,
        status: DestinationStatus::Active,
        disabled: None,
        settings: DestinationSettings::default(),
        created_at: now(),
    }
}

/// A URL to deliver to.
pub(crate) fn endpoint(url: &str) -> Endpoint {
    let options = lockgate_core::destination::HttpOptions::default();
    Endpoint::Http { url: url.into(), signing_secret: None, bearer_secret: None, options }
}

fn decision(of: TransferId, share: Option<ConsignmentId>, side: Side, routes: Vec<PlannedRoute>) -> Decision {
    let mut findings = Findings::default();
    findings.add(Finding {
        rule: "columns/type".into(),
        severity: Severity::Note,
        // jsonb has no U+0000: the store must bear it all the same.
        message: "a \0 in the amount".into(),
        place: None,
        sample: None,
    });
    Decision {
        id: DecisionId::generate(now()),
        transfer: of,
        consignment: share,
        side,
        pins: vec![],
        verdict: findings.verdict(),
        findings,
        facts: vec![],
        routes,
        outcomes: vec![],
        decided_at: now(),
    }
}
