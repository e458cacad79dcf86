//! One masker at work: its edits checked, its output framed again to prove that every record stayed one.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::shift::Shift;
use crate::fault::Fault;
use crate::finding::{Finding, Place, Severity};
use crate::framing::{Cut, Edited, Framer, Framing, Misframed, Replaced, Span, edit};
use crate::hold::HoldCause;
use crate::pipeline::report::Report;
use crate::pipeline::seat::Seat;
use crate::pipeline::trail::Trail;
use crate::pipeline::validate::within;
use crate::pipeline::{Abort, Scene, report};
use crate::policy::Binding;
use crate::ports::{Masking, PluginError, RawPlace};

/// One masker at work.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) seat: Seat,
    session: Option<Box<dyn Masking>>,
    /// Cuts what the masker before wrote, if that one's framing differs from ours.
    framer: Option<Framer>,
    /// Frames our own output again.
    proof: Option<Proof>,
    /// Our tail that the plugin wants to see again.
    kept: Bytes,
    shift: Shift,
    /// How far in its input it came, and how much it wrote.
    consumed: u64,
    written: u64,
}

/// What a masker let pass: its bytes, and the cuts of them if the proof made any.
pub(super) struct Passed {
    pub(super) bytes: Vec<Bytes>,
    cuts: Option<Vec<Cut>>,
}

pub(super) enum LayerError {
    Abort(Abort),
    /// The plugin failed; the report says so.
    Failed,
}

impl Layer {
    /// `before` is the framing of the masker before, if there is one.
    pub(super) fn new(binding: &Binding, before: Option<&Framing>, last_try: bool) -> Self {
        let framing = &binding.framing;
        Self {
            seat: Seat::new(binding, last_try),
            session: None,
            framer: before
                .filter(|before| *before != framing || Proof::of(before).is_none())
                .map(|_| Framer::new(framing)),
            proof: Proof::of(framing),
            kept: Bytes::new(),
            shift: Shift::default(),
            consumed: 0,
            written: 0,
        }
    }

    pub(super) const fn framing(&self) -> &Framing {
        &self.seat.binding.framing
    }

    pub(super) const fn consumed(&self) -> u64 {
        self.consumed
    }

    pub(super) fn forget(&mut self, before: u64) {
        self.shift.forget(before);
    }

    pub(super) fn misframed(&self) -> Option<&Misframed> {
        self.framer.as_ref().and_then(Framer::misframed)
    }

    /// The CSV header as this masker's own framer saw it.
    pub(super) fn preamble(&self) -> Option<Bytes> {
        self.framer.as_ref().map(Framer::preamble)
    }

    /// What the masker before let pass, cut for this one.
    pub(super) fn cuts_of(&mut self, passed: Passed, ends: bool) -> Vec<Cut> {
        match (&mut self.framer, passed.cuts) {
            (Some(framer), _) => {
                let mut cuts: Vec<_> = passed.bytes.iter().flat_map(|bytes| framer.push(bytes)).collect();
                if ends {
                    cuts.extend(framer.finish());
                }
                cuts
            }
            (None, cuts) => cuts.unwrap_or_default(),
        }
    }

    /// Passes cuts through the plugin.
    #[expect(clippy::too_many_arguments, reason = "a masker needs to know its place in the chain and in the source")]
    pub(super) async fn pass(
        &mut self,
        scene: &Scene<'_>,
        cuts: Vec<Cut>,
        preamble: &Bytes,
        ends: bool,
        before: &[Self],
        trail: &Trail,
        report: &mut Report,
    ) -> Result<Passed, LayerError> {
        let mut bytes = vec![];
        let mut proven = self.proof.is_some().then(Vec::new);
        for cut in cuts {
            let edited = match self.apply(scene, &cut, preamble, before, trail, report).await {
                Ok(edited) => edited,
                Err(error) => return Err(self.fail(error, report)),
            };
            match self.prove(&edited, false) {
                Ok(cuts) => proven.iter_mut().for_each(|all| all.extend_from_slice(&cuts)),
                Err(fault) => return Err(self.fail(self.broken(scene, fault), report)),
            }
            bytes.push(edited.raw);
        }
        if ends {
            match self.prove(&Edited::default(), true) {
                Ok(cuts) => proven.iter_mut().for_each(|all| all.extend_from_slice(&cuts)),
                Err(fault) => return Err(self.fail(self.broken(scene, fault), report)),
            }
            if let Err(error) = self.finish(scene, preamble, report).await {
                return Err(self.fail(error, report));
            }
        }
        Ok(Passed { bytes, cuts: proven })
    }

    async fn apply(
        &mut self,
        scene: &Scene<'_>,
        cut: &Cut,
        preamble: &Bytes,
        before: &[Self],
        trail: &Trail,
        report: &mut Report,
    ) -> Result<Edited, PluginError> {
        let shown = self.shown(cut);
        let (edits, keep) = if shown.spans.is_empty() {
            (crate::batch::Edits::default(), 0)
        } else {
            let mut session = self.begun(scene, preamble).await?;
            let batch = shown.batch();
            let masked = self.seat.call(scene.ports, session.apply(&batch)).await?;
            self.session = Some(session);
            self.seat.records += batch.records.len() as u64;
            let binding = &self.seat.binding;
            report.add_raw(masked.findings, &binding.name, binding.owner, |raw| locate(&shown, raw, before, trail));
            (masked.edits, masked.keep)
        };
        let edited =
            edit(&shown, &edits, keep, *self.framing() == Framing::Bytes).map_err(|fault| self.broken(scene, fault))?;
        self.seat.edits += edited.moves.len() as u64;
        for it in &edited.moves {
            self.shift.push(Replaced {
                old_start: shown.start + it.old_start,
                old_end: shown.start + it.old_end,
                new_start: self.written + it.new_start,
                new_end: self.written + it.new_end,
            });
        }
        self.written += edited.raw.len() as u64;
        self.consumed = shown.start + (shown.raw.len() - edited.kept.len()) as u64;
        self.kept = edited.kept.clone();
        Ok(edited)
    }

    /// The cut with the kept tail before it.
    fn shown(&mut self, cut: &Cut) -> Cut {
        let kept = std::mem::take(&mut self.kept);
        if kept.is_empty() {
            return cut.clone();
        }
        let mut raw = BytesMut::with_capacity(kept.len() + cut.raw.len());
        raw.extend_from_slice(&kept);
        raw.extend_from_slice(&cut.raw);
        let end = u32::try_from(raw.len()).expect("a piece and a kept tail are small");
        Cut {
            start: cut.start - kept.len() as u64,
            first: cut.first,
            raw: raw.freeze(),
            spans: vec![Span { start: 0, end }],
            last: cut.last,
        }
    }

    fn prove(&mut self, edited: &Edited, ends: bool) -> Result<Vec<Cut>, Fault> {
        match &mut self.proof {
            Some(proof) => proof.check(edited, ends),
            None => Ok(vec![]),
        }
    }

    async fn finish(&mut self, scene: &Scene<'_>, preamble: &Bytes, report: &mut Report) -> Result<(), PluginError> {
        let session = self.begun(scene, preamble).await?;
        let findings = self.seat.call(scene.ports, session.finish()).await?;
        let binding = &self.seat.binding;
        report.add_raw(findings, &binding.name, binding.owner, |_| None);
        Ok(())
    }

    async fn begun(&mut self, scene: &Scene<'_>, preamble: &Bytes) -> Result<Box<dyn Masking>, PluginError> {
        match self.session.take() {
            Some(session) => Ok(session),
            None => {
                let subject = scene.subject(preamble.clone(), Some(self.framing()));
                let binding = self.seat.binding.clone();
                let session = self.seat.call(scene.ports, scene.ports.runner.mask(&binding, &subject)).await?;
                self.seat.tables = session.tables();
                Ok(session)
            }
        }
    }

    /// The plugin answered, but broke the contract; only we see that, and it counts like a fault that the runner saw.
    fn broken(&self, scene: &Scene<'_>, fault: Fault) -> PluginError {
        scene.ports.runner.report(&self.seat.binding, &fault);
        fault.into()
    }

    fn fail(&mut self, error: PluginError, report: &mut Report) -> LayerError {
        self.session = None;
        match self.seat.fail(error, report) {
            Ok(()) => LayerError::Failed,
            Err(abort) => LayerError::Abort(abort),
        }
    }
}

/// Frames a masker's output again: each edited record must still be one, with the length that its edits gave it.
#[derive(Debug)]
struct Proof {
    framer: Framer,
    wanted: VecDeque<u32>,
    record: u64,
}

impl Proof {
    /// Pieces of bytes and whole payloads are whatever they become.
    fn of(framing: &Framing) -> Option<Self> {
        match framing {
            Framing::Bytes | Framing::Whole => None,
            framing => Some(Self { framer: Framer::new(framing), wanted: VecDeque::new(), record: 0 }),
        }
    }

    fn check(&mut self, edited: &Edited, ends: bool) -> Result<Vec<Cut>, Fault> {
        self.wanted.extend(&edited.lengths);
        let mut cuts = self.framer.push(&edited.raw);
        if ends {
            cuts.extend(self.framer.finish());
        }
        for span in cuts.iter().flat_map(|cut| &cut.spans) {
            if self.wanted.pop_front() != Some(span.len()) {
                return Err(self.broken("is no longer one record"));
            }
            self.record += 1;
        }
        match self.framer.misframed() {
            Some(misframed) => Err(self.broken(&format!("can no longer be framed: {misframed}"))),
            None if ends && !self.wanted.is_empty() => Err(self.broken("is no longer one record")),
            None => Ok(cuts),
        }
    }

    fn broken(&self, how: &str) -> Fault {
        Fault::Contract { message: format!("after its edits, record {} {how}", self.record) }
    }
}

/// The source bytes that a masker points at: back through the edits of those before it.
fn locate(cut: &Cut, raw: &RawPlace, before: &[Layer], trail: &Trail) -> Option<(Place, Option<String>)> {
    let range = within(cut, raw)?;
    let start = back(before, range.start, false);
    let range = start..back(before, range.end, true).max(start);
    let sample = trail.sample(range.clone());
    Some((trail.place(range, raw.position, report::sentence(&raw.pointer))?, sample))
}

/// An offset in the output of the last of these layers, as an offset in the source.
pub(super) fn back(layers: &[Layer], offset: u64, is_end: bool) -> u64 {
    layers.iter().rev().fold(offset, |offset, layer| layer.shift.back(offset, is_end))
}

/// The finding that what the maskers before wrote cannot be framed for the next.
pub(super) fn complain(misframed: &Misframed, binding: &Binding, before: &[Layer], trail: &Trail, report: &mut Report) {
    let (start, end) = (back(before, misframed.start, false), back(before, misframed.end, true));
    let finding = Finding {
        rule: format!("framing/{}", misframed.rule),
        severity: Severity::Refuse,
        message: format!("{} (as binding `{}` reads it)", misframed.message, binding.name),
        place: trail.place(start..end.max(start), 0, String::new()),
        sample: None,
    };
    report.incomplete = true;
    report.add(finding, binding.owner, HoldCause::Finding);
}
