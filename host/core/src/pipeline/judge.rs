//! One judgement of one side: the payload is read once; every validator reads it, the mask chain rewrites it.

use bytes::Bytes;
use futures::StreamExt;

use super::mask::Chain;
use super::report::Report;
use super::trail::Trail;
use super::validate::Validator;
use super::{Abort, Pipeline, PipelinePorts};
use crate::decision::Outcome;
use crate::finding::{Finding, Severity, Verdict};
use crate::framing::{Framer, Framing};
use crate::hold::HoldCause;
use crate::hook::Hook;
use crate::id::TransferId;
use crate::payload::Payload;
use crate::policy::{Binding, Owner};
use crate::ports::{PayloadError, Subject, WriteIntent};

/// What all plugins of a judgement are told and work with.
pub(super) struct Scene<'a> {
    pub(super) ports: &'a PipelinePorts,
    pub(super) transfer: TransferId,
    pub(super) attributes: Vec<(String, String)>,
}

impl Scene<'_> {
    /// The subject for a plugin that reads the payload in this framing, or that does not read it.
    pub(super) fn subject(&self, preamble: Bytes, framing: Option<&Framing>) -> Subject {
        let mut attributes = self.attributes.clone();
        if let Some(framing) = framing {
            attributes.push(("framing".to_owned(), framing.name().to_owned()));
        }
        if let Some(Framing::Csv { delimiter, quote, .. }) = framing {
            attributes.push(("framing.delimiter".to_owned(), delimiter.to_string()));
            attributes.push(("framing.quote".to_owned(), quote.to_string()));
        }
        Subject { transfer: self.transfer, attributes, preamble }
    }
}

/// What came of reading and rewriting the payload.
pub(super) struct Judged {
    pub(super) report: Report,
    pub(super) outcomes: Vec<Outcome>,
    /// The masked object, sealed and not live; absent if nothing masks, something failed or the verdict is reject.
    pub(super) masked: Option<Payload>,
    /// Whether something masks at all.
    pub(super) masks: bool,
}

/// Bindings of one framing share its cuts.
struct Group {
    framing: Framing,
    framer: Framer,
    owner: Owner,
    validators: Vec<Validator>,
    consumed: u64,
    records: u64,
    /// The payload cannot be cut further in this framing.
    ended: bool,
}

impl Pipeline {
    /// Judges a payload by the validators and maskers among the bindings. A plugin that misses its deadline costs one
    /// more try of the whole, on fresh instances; the second time it is a fault like any other.
    pub(super) async fn judge(
        &self,
        scene: &Scene<'_>,
        source: &Payload,
        bindings: &[Binding],
        intent: impl Fn() -> WriteIntent + Send + Sync,
        report: impl Fn() -> Report + Send + Sync,
    ) -> Result<Judged, Abort> {
        match self.judge_once(scene, source, bindings, intent(), report(), false).await {
            Err(Abort::Again) => self.judge_once(scene, source, bindings, intent(), report(), true).await,
            ended => ended,
        }
    }

    async fn judge_once(
        &self,
        scene: &Scene<'_>,
        source: &Payload,
        bindings: &[Binding],
        intent: WriteIntent,
        mut report: Report,
        last_try: bool,
    ) -> Result<Judged, Abort> {
        let of = |hook| bindings.iter().filter(move |it| it.hook == hook);
        let maskers: Vec<_> = of(Hook::Mask).collect();
        let mut chain = Chain::new(&maskers, last_try);
        let mut groups: Vec<Group> = vec![];
        for binding in of(Hook::Validate) {
            group(&mut groups, &binding.framing, binding.owner).validators.push(Validator::new(binding, last_try));
        }
        if let Some(framing) = chain.framing() {
            group(&mut groups, &framing.clone(), maskers[0].owner);
        }
        let refused = |report: &Report| report.findings.refusals() >= self.settings.refusals;
        // A payload that is refused before it is read (a duplicate) needs no reading.
        let mut stopped = groups.is_empty() || report.verdict() == Verdict::Reject;
        if !stopped && !chain.is_empty() {
            chain.write_to(scene.ports.payloads.write(intent).await?);
        }
        let read = self.read(scene, source, &mut groups, &mut chain, &mut report, &mut stopped, refused).await;
        if let Err(abort) = read {
            chain.give_up().await;
            return Err(abort);
        }
        report.incomplete |= stopped && !groups.is_empty();
        let wanted = report.verdict() != Verdict::Reject && !report.incomplete;
        let masks = !chain.is_empty();
        let masked = match wanted {
            true => chain.seal().await?,
            false => {
                chain.give_up().await;
                None
            }
        };
        let validators = groups.into_iter().flat_map(|group| group.validators).map(Validator::into_seat);
        let outcomes = validators.chain(chain.into_seats()).map(super::seat::Seat::outcome).collect();
        Ok(Judged { report, outcomes, masked, masks })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one judgement, which live and end together")]
    async fn read(
        &self,
        scene: &Scene<'_>,
        source: &Payload,
        groups: &mut [Group],
        chain: &mut Chain,
        report: &mut Report,
        stopped: &mut bool,
        refused: impl Fn(&Report) -> bool + Send + Sync,
    ) -> Result<(), Abort> {
        if *stopped {
            return Ok(());
        }
        let mut trail = Trail::default();
        let mut bytes = scene.ports.payloads.read(source, 0..source.size).await?;
        while let Some(chunk) = bytes.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(PayloadError::Unavailable(why)) => return Err(Abort::Retry(why)),
                Err(error @ PayloadError::Crowded { .. }) => return Err(Abort::Retry(error.to_string())),
                Err(error @ (PayloadError::Missing(_) | PayloadError::Corrupt { .. })) => {
                    report.add(damaged(&error), Owner::House, HoldCause::Fault);
                    *stopped = true;
                    return Ok(());
                }
            };
            trail.push(&chunk);
            for group in groups.iter_mut() {
                group.pass(scene, Some(&chunk), chain, &trail, report).await?;
            }
            if refused(report) {
                *stopped = true;
                return Ok(());
            }
            if !chain.is_at_work() && !groups.iter().any(Group::is_at_work) {
                return Ok(());
            }
            // What cannot be cut further points nowhere any more; it must not keep the rest of the payload in memory.
            let consumed = groups.iter().filter(|group| !group.ended).map(|group| group.consumed).min();
            trail.forget(consumed.unwrap_or(u64::MAX).min(chain.floor()));
        }
        for group in groups.iter_mut() {
            group.pass(scene, None, chain, &trail, report).await?;
            group.finish(scene, report).await?;
        }
        Ok(())
    }
}

impl Group {
    fn is_at_work(&self) -> bool {
        !self.ended && self.validators.iter().any(Validator::is_at_work)
    }

    /// Passes the next bytes, or their end, to the validators and, if it reads in this framing, the mask chain.
    async fn pass(
        &mut self,
        scene: &Scene<'_>,
        chunk: Option<&Bytes>,
        chain: &mut Chain,
        trail: &Trail,
        report: &mut Report,
    ) -> Result<(), Abort> {
        if self.ended {
            return Ok(());
        }
        let cuts = match chunk {
            Some(chunk) => self.framer.push(chunk),
            None => self.framer.finish(),
        };
        let preamble = self.framer.preamble();
        for cut in &cuts {
            self.consumed = cut.start + cut.raw.len() as u64;
            self.records += cut.spans.len() as u64;
            if cut.spans.is_empty() || self.validators.is_empty() {
                continue;
            }
            let batch = cut.batch();
            for validator in &mut self.validators {
                validator.check(scene, cut, &batch, &preamble, trail, report).await?;
            }
        }
        let misframed = self.framer.misframed().cloned();
        if chain.framing() == Some(&self.framing) {
            let ends = chunk.is_none() && misframed.is_none();
            chain.feed(scene, cuts, &preamble, ends, trail, report).await?;
            if misframed.is_some() {
                chain.give_up().await;
            }
        }
        if let Some(misframed) = misframed {
            self.ended = true;
            let range = misframed.start..misframed.end;
            let finding = Finding {
                rule: format!("framing/{}", misframed.rule),
                severity: Severity::Refuse,
                message: misframed.message,
                sample: trail.sample(range.clone()),
                place: trail.place(range, self.records, String::new()),
            };
            report.incomplete = true;
            report.add(finding, self.owner, HoldCause::Finding);
        }
        Ok(())
    }

    async fn finish(&mut self, scene: &Scene<'_>, report: &mut Report) -> Result<(), Abort> {
        if self.ended {
            return Ok(());
        }
        let preamble = self.framer.preamble();
        for validator in &mut self.validators {
            validator.finish(scene, &preamble, report).await?;
        }
        Ok(())
    }
}

fn group<'a>(groups: &'a mut Vec<Group>, framing: &Framing, owner: Owner) -> &'a mut Group {
    let index = groups.iter().position(|group| group.framing == *framing).unwrap_or_else(|| {
        groups.push(Group {
            framing: framing.clone(),
            framer: Framer::new(framing),
            owner,
            validators: vec![],
            consumed: 0,
            records: 0,
            ended: false,
        });
        groups.len() - 1
    });
    &mut groups[index]
}

/// The stored bytes are gone or not those that were received: nobody's policy, but a person must look.
fn damaged(error: &PayloadError) -> Finding {
    let rule = match error {
        PayloadError::Missing(_) => "payload/missing",
        PayloadError::Corrupt { .. } | PayloadError::Unavailable(_) | PayloadError::Crowded { .. } => "payload/corrupt",
    };
    Finding {
        rule: rule.to_owned(),
        severity: Severity::Hold,
        message: format!("the stored payload cannot be judged: {error}"),
        place: None,
        sample: None,
    }
}
