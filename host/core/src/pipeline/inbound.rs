//! The inbound side: a received transfer is judged by the house and by its sender's policy, masked and routed.

use super::judge::Judged;
use super::report::Report;
use super::{Abort, Pipeline, Scene, bindings, pins, poison};
use crate::change::Change;
use crate::claim::Claim;
use crate::decision::Decision;
use crate::finding::{Finding, Verdict};
use crate::hold::HoldCause;
use crate::id::{DecisionId, PayloadId};
use crate::partner::DuplicateRule;
use crate::policy::{Owner, Side};
use crate::ports::WriteIntent;
use crate::state::transfer::Judgement;
use crate::state::{ADOPTIONS, Stamp, TransferMove, transfer as state};
use crate::transfer::Transfer;

impl Pipeline {
    pub(super) async fn inbound(&self, claim: &Claim, transfer: &Transfer) -> Result<Change, Abort> {
        if transfer.adoptions >= ADOPTIONS {
            let hold = poison(self.ports.clock.now(), self.settings.hold_lifetime);
            let stamp = Stamp::of_claim(claim, self.ports.clock.now());
            return Ok(state::apply(transfer, TransferMove::Poison(hold), &stamp)?);
        }
        let source = transfer.source.as_ref().ok_or(Abort::Broken("a received transfer without its payload"))?;
        let sender = self.partner(transfer.sender).await?;
        let revisions = self.ports.store.pin(claim, Side::Inbound).await?;
        // The claim was made before the pins were; the change must not lose them.
        let transfer = &Transfer { pins: pins(&revisions), ..transfer.clone() };
        let bindings = bindings(&revisions, &source.media_type);
        let duplicate = self.duplicate(transfer, source, sender.duplicates).await?;
        let scene = Scene {
            ports: &self.ports,
            transfer: transfer.id,
            attributes: super::attributes(transfer, &sender, None, source),
        };
        let intent = || WriteIntent {
            payload: PayloadId::generate(self.ports.clock.now()),
            transfer: transfer.id,
            version: transfer.version,
            media_type: transfer.media_type.clone(),
        };
        let report = || {
            let mut report = Report::default();
            if let Some(finding) = duplicate.clone() {
                report.add(finding, Owner::Partner(transfer.sender), HoldCause::Finding);
            }
            report
        };
        let judged = self.judge(&scene, source, &bindings, intent, report).await?;
        let Judged { mut report, mut outcomes, masked, masks } = judged;
        let routes = match report.verdict() {
            Verdict::Reject => vec![],
            _ => self.route(&scene, transfer, &bindings, &mut report, &mut outcomes).await?,
        };
        let at = self.ports.clock.now();
        let verdict = report.verdict();
        let hold = report.hold(at, self.settings.hold_lifetime);
        let rejected = verdict == Verdict::Reject;
        let reason = report.rejection().filter(|_| rejected);
        // A route binding may still have refused or failed after the object was sealed.
        let complete = !rejected && !report.incomplete;
        let discards = masked.iter().filter(|_| !complete).map(|payload| payload.id).collect();
        let outcome = match masks {
            true => masked.filter(|_| complete),
            false => complete.then(|| source.clone()),
        };
        let decision = Decision {
            id: DecisionId::generate(at),
            transfer: transfer.id,
            consignment: None,
            side: Side::Inbound,
            pins: transfer.pins.clone(),
            verdict,
            findings: report.findings,
            facts: report.facts,
            routes,
            outcomes,
            decided_at: at,
        };
        let judgement = Judgement { decision, outcome, discards, hold, reason };
        let stamp = Stamp::of_claim(claim, at);
        Ok(state::apply(transfer, TransferMove::Judge(Box::new(judgement)), &stamp)?)
    }

    /// The duplicate-file rule: same sender, name and digest.
    async fn duplicate(
        &self,
        transfer: &Transfer,
        source: &crate::payload::Payload,
        rule: DuplicateRule,
    ) -> Result<Option<Finding>, Abort> {
        let twin = self.ports.store.twin(transfer, &source.digest).await?;
        Ok(twin.map(|twin| Finding {
            rule: "intake/duplicate-file".to_owned(),
            severity: rule.severity(),
            message: format!("a file with this name and content was already sent as {twin}"),
            place: None,
            sample: None,
        }))
    }
}
