//! The outbound side: a consignment is judged by the house and by its receiver's policy, and maybe masked once more.

use super::judge::Judged;
use super::report::Report;
use super::{Abort, Pipeline, Scene, bindings, orders, pins, poison};
use crate::change::Change;
use crate::claim::{Aggregate, Claim};
use crate::command::Work;
use crate::consignment::Consignment;
use crate::decision::Decision;
use crate::finding::Verdict;
use crate::id::{DecisionId, PayloadId, TransferId};
use crate::policy::Side;
use crate::ports::WriteIntent;
use crate::state::consignment::Judgement;
use crate::state::{ADOPTIONS, ConsignmentMove, Stamp, consignment as state};
use crate::transfer::Transfer;

impl Pipeline {
    pub(super) async fn outbound(&self, claim: &Claim, consignment: &Consignment) -> Result<Change, Abort> {
        if consignment.adoptions >= ADOPTIONS {
            let hold = poison(self.ports.clock.now(), self.settings.hold_lifetime);
            let stamp = Stamp::of_claim(claim, self.ports.clock.now());
            return Ok(state::apply(consignment, ConsignmentMove::Poison(hold), &stamp)?);
        }
        let transfer = self.transfer(consignment.transfer).await?;
        let source = transfer.released.as_ref().ok_or(Abort::Broken("a consignment of an unreleased transfer"))?;
        let sender = self.partner(consignment.sender).await?;
        let receiver = self.partner(consignment.receiver).await?;
        let revisions = self.ports.store.pin(claim, Side::Outbound).await?;
        // The claim was made before the pins were; the change must not lose them.
        let consignment = &Consignment { pins: pins(&revisions), ..consignment.clone() };
        let scene = Scene {
            ports: &self.ports,
            transfer: transfer.id,
            attributes: super::attributes(&transfer, &sender, Some(&receiver), source),
        };
        let intent = || WriteIntent {
            payload: PayloadId::generate(self.ports.clock.now()),
            transfer: transfer.id,
            version: consignment.version,
            media_type: source.media_type.clone(),
        };
        let judged =
            self.judge(&scene, source, &bindings(&revisions, &source.media_type), intent, Report::default).await?;
        let Judged { report, outcomes, masked, masks } = judged;
        let orders = match report.verdict() {
            Verdict::Accept => orders(&*self.ports.store, consignment).await?,
            Verdict::Hold | Verdict::Reject => vec![],
        };
        let at = self.ports.clock.now();
        let verdict = report.verdict();
        let hold = report.hold(at, self.settings.hold_lifetime);
        let rejected = verdict == Verdict::Reject;
        let reason = report.rejection_of_share().filter(|_| rejected);
        let complete = !rejected && !report.incomplete;
        let outcome = match masks {
            true => masked,
            false => complete.then(|| source.clone()),
        };
        let decision = Decision {
            id: DecisionId::generate(at),
            transfer: transfer.id,
            consignment: Some(consignment.id),
            side: Side::Outbound,
            pins: consignment.pins.clone(),
            verdict,
            findings: report.findings,
            facts: report.facts,
            routes: vec![],
            outcomes,
            decided_at: at,
        };
        let judgement = Judgement { decision, outcome, discards: vec![], masked: masks, orders, hold, reason };
        let stamp = Stamp::of_claim(claim, at);
        Ok(state::apply(consignment, ConsignmentMove::Judge(Box::new(judgement)), &stamp)?)
    }

    /// A transfer, for what hangs on it.
    pub(super) async fn transfer(&self, id: TransferId) -> Result<Transfer, Abort> {
        match self.ports.store.load(Work::Transfer(id)).await? {
            Some(Aggregate::Transfer(transfer)) => Ok(transfer),
            _ => Err(Abort::Broken("work of a transfer that does not exist")),
        }
    }
}
