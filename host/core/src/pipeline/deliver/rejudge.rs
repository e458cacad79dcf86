//! Judging a redriven delivery anew: the current policy of the house and of its receiver, over the bytes that passed the
//! sender's side.

use crate::claim::Claim;
use crate::decision::Decision;
use crate::delivery::Delivery;
use crate::finding::Verdict;
use crate::id::{DecisionId, PayloadId};
use crate::pipeline::judge::Judged;
use crate::pipeline::report::Report;
use crate::pipeline::{Abort, Pipeline, Scene, attributes, bindings, pins};
use crate::policy::Side;
use crate::ports::WriteIntent;
use crate::state::DeliveryMove;
use crate::state::delivery::Rejudgement;

impl Pipeline {
    /// A crash in between judges once more: only what is committed counts, and it names its revisions.
    pub(super) async fn rejudge(&self, claim: &Claim, delivery: &Delivery) -> Result<DeliveryMove, Abort> {
        let consignment = self.share(delivery).await?;
        let before = delivery.released.clone().or_else(|| consignment.released.clone());
        let before = before.ok_or(Abort::Broken("a delivery of an unreleased consignment"))?;
        let transfer = self.transfer(delivery.transfer).await?;
        let source = transfer.released.as_ref().ok_or(Abort::Broken("a consignment of an unreleased transfer"))?;
        let sender = self.partner(consignment.sender).await?;
        let receiver = self.partner(consignment.receiver).await?;
        let revisions = self.ports.store.pin(claim, Side::Outbound).await?;
        let scene = Scene {
            ports: &self.ports,
            transfer: transfer.id,
            attributes: attributes(&transfer, &sender, Some(&receiver), source),
        };
        let intent = || WriteIntent {
            payload: PayloadId::generate(self.ports.clock.now()),
            transfer: transfer.id,
            version: delivery.version,
            media_type: source.media_type.clone(),
        };
        let judged =
            self.judge(&scene, source, &bindings(&revisions, &source.media_type), intent, Report::default).await?;
        let Judged { report, outcomes, masked, masks } = judged;
        let verdict = report.verdict();
        let refusal = match verdict {
            Verdict::Accept => None,
            Verdict::Hold => Some(
                "the current policy wants a person to look at it; change the policy, or redrive what was released"
                    .to_owned(),
            ),
            Verdict::Reject => report.rejection_of_share(),
        };
        let complete = verdict != Verdict::Reject && !report.incomplete;
        let outcome = match masks {
            true => masked,
            false => complete.then(|| source.clone()),
        };
        let decision = Decision {
            id: DecisionId::generate(self.ports.clock.now()),
            transfer: transfer.id,
            consignment: Some(consignment.id),
            side: Side::Outbound,
            pins: pins(&revisions),
            verdict,
            findings: report.findings,
            facts: report.facts,
            routes: vec![],
            outcomes,
            decided_at: self.ports.clock.now(),
        };
        let judgement = Rejudgement { decision, outcome, masked: masks, before, refusal };
        Ok(DeliveryMove::Judge(Box::new(judgement)))
    }
}
