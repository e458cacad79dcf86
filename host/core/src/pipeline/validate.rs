//! Validators: each sees every record of the side's input, and says what it complains about.

use bytes::Bytes;

use super::report::Report;
use super::seat::Seat;
use super::trail::Trail;
use super::{Abort, Scene};
use crate::batch::Batch;
use crate::finding::Place;
use crate::framing::Cut;
use crate::policy::Binding;
use crate::ports::{PluginError, RawPlace, Validating};

/// One validator at work.
#[derive(Debug)]
pub(super) struct Validator {
    seat: Seat,
    session: Option<Box<dyn Validating>>,
    failed: bool,
}

impl Validator {
    pub(super) fn new(binding: &Binding, last_try: bool) -> Self {
        Self { seat: Seat::new(binding, last_try), session: None, failed: false }
    }

    /// Shows it a batch; the first one begins the session, because only then the CSV header is known.
    pub(super) async fn check(
        &mut self,
        scene: &Scene<'_>,
        cut: &Cut,
        batch: &Batch,
        preamble: &Bytes,
        trail: &Trail,
        report: &mut Report,
    ) -> Result<(), Abort> {
        if self.failed {
            return Ok(());
        }
        let answer = match self.begun(scene, preamble).await {
            Ok(session) => {
                let mut session = session;
                let answer = self.seat.call(scene.ports, session.check(batch)).await;
                self.session = Some(session);
                answer
            }
            Err(error) => Err(error),
        };
        match answer {
            Ok(findings) => {
                self.seat.records += batch.records.len() as u64;
                let binding = &self.seat.binding;
                report.add_raw(findings, &binding.name, binding.owner, |raw| locate(cut, raw, trail));
                Ok(())
            }
            Err(error) => self.fail(error, report),
        }
    }

    /// Hears its last words: findings about the whole, and facts.
    pub(super) async fn finish(
        &mut self,
        scene: &Scene<'_>,
        preamble: &Bytes,
        report: &mut Report,
    ) -> Result<(), Abort> {
        if self.failed {
            return Ok(());
        }
        let answer = match self.begun(scene, preamble).await {
            Ok(session) => self.seat.call(scene.ports, session.finish()).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(conclusion) => {
                let binding = &self.seat.binding;
                report.add_raw(conclusion.findings, &binding.name, binding.owner, |_| None);
                report.learn(conclusion.facts);
                Ok(())
            }
            Err(error) => self.fail(error, report),
        }
    }

    async fn begun(&mut self, scene: &Scene<'_>, preamble: &Bytes) -> Result<Box<dyn Validating>, PluginError> {
        match self.session.take() {
            Some(session) => Ok(session),
            None => {
                let subject = scene.subject(preamble.clone(), Some(&self.seat.binding.framing));
                let binding = self.seat.binding.clone();
                let session = self.seat.call(scene.ports, scene.ports.runner.validate(&binding, &subject)).await?;
                self.seat.tables = session.tables();
                Ok(session)
            }
        }
    }

    fn fail(&mut self, error: PluginError, report: &mut Report) -> Result<(), Abort> {
        self.failed = true;
        self.session = None;
        self.seat.fail(error, report)
    }

    pub(super) const fn is_at_work(&self) -> bool {
        !self.failed
    }

    pub(super) fn into_seat(self) -> Seat {
        self.seat
    }
}

/// The source bytes that a validator points at: it reads the source itself.
fn locate(cut: &Cut, raw: &RawPlace, trail: &Trail) -> Option<(Place, Option<String>)> {
    let range = within(cut, raw)?;
    let sample = trail.sample(range.clone());
    Some((trail.place(range, raw.position, super::report::sentence(&raw.pointer))?, sample))
}

/// The bytes that a plugin points at, in the coordinates of what it read, if the record is in that cut.
pub(super) fn within(cut: &Cut, raw: &RawPlace) -> Option<std::ops::Range<u64>> {
    let index = usize::try_from(raw.position.checked_sub(cut.first)?).ok()?;
    let span = cut.spans.get(index)?;
    let start = raw.start.min(span.len());
    let end = raw.end.clamp(start, span.len());
    let origin = cut.start + u64::from(span.start);
    Some(origin + u64::from(start)..origin + u64::from(end))
}
