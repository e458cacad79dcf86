//! The mask chain: maskers in order, each reading what the one before wrote; the last one's output is the masked object,
//! written while it is read.

mod layer;
mod shift;

use bytes::Bytes;

use super::report::Report;
use super::seat::Seat;
use super::trail::Trail;
use super::{Abort, Scene};
use crate::framing::{Cut, Framing};
use crate::policy::Binding;
use crate::ports::PayloadWriter;
use layer::{Layer, LayerError};

/// Maskers in order and the object that they write.
#[derive(Debug)]
pub(super) struct Chain {
    layers: Vec<Layer>,
    writer: Option<Box<dyn PayloadWriter>>,
}

impl Chain {
    pub(super) fn new(bindings: &[&Binding], last_try: bool) -> Self {
        let layers = bindings
            .iter()
            .enumerate()
            .map(|(index, binding)| {
                let before = index.checked_sub(1).map(|before| &bindings[before].framing);
                Layer::new(binding, before, last_try)
            })
            .collect();
        Self { layers, writer: None }
    }

    /// Whether there is anything to mask.
    pub(super) fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Whether it is still at work: there is something to mask and nothing went wrong.
    pub(super) const fn is_at_work(&self) -> bool {
        self.writer.is_some()
    }

    /// The framing in which the first masker reads the source.
    pub(super) fn framing(&self) -> Option<&Framing> {
        self.layers.first().map(Layer::framing)
    }

    /// From now on what the maskers let pass goes there.
    pub(super) fn write_to(&mut self, writer: Box<dyn PayloadWriter>) {
        self.writer = Some(writer);
    }

    /// Passes cuts of the source through all maskers and writes what comes out. A fault ends the chain; what was
    /// written is given up, so that no half-masked byte is ever promoted.
    pub(super) async fn feed(
        &mut self,
        scene: &Scene<'_>,
        cuts: Vec<Cut>,
        preamble: &Bytes,
        ends: bool,
        trail: &Trail,
        report: &mut Report,
    ) -> Result<(), Abort> {
        if !self.is_at_work() {
            return Ok(());
        }
        let (mut cuts, mut preamble) = (cuts, preamble.clone());
        for index in 0..self.layers.len() {
            let (before, rest) = self.layers.split_at_mut(index);
            let (layer, after) = match rest {
                [layer, after @ ..] => (layer, after),
                [] => break,
            };
            match layer.pass(scene, cuts, &preamble, ends, before, trail, report).await {
                Ok(passed) => {
                    if let [next, ..] = after {
                        cuts = next.cuts_of(passed, ends);
                        preamble = next.preamble().unwrap_or(preamble);
                        let misframed = next.misframed().cloned();
                        let binding = next.seat.binding.clone();
                        if let Some(misframed) = misframed {
                            layer::complain(&misframed, &binding, &self.layers[..=index], trail, report);
                            self.give_up().await;
                            return Ok(());
                        }
                    } else {
                        self.write(passed.bytes).await?;
                        return Ok(());
                    }
                }
                Err(LayerError::Abort(abort)) => return Err(abort),
                Err(LayerError::Failed) => {
                    self.give_up().await;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn write(&mut self, bytes: Vec<Bytes>) -> Result<(), Abort> {
        if let Some(writer) = &mut self.writer {
            for bytes in bytes.into_iter().filter(|bytes| !bytes.is_empty()) {
                writer.push(bytes).await?;
            }
        }
        Ok(())
    }

    /// Gives up what was written.
    pub(super) async fn give_up(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.abandon().await;
        }
    }

    /// The object, complete but not live yet.
    pub(super) async fn seal(&mut self) -> Result<Option<crate::payload::Payload>, Abort> {
        match self.writer.take() {
            Some(writer) => Ok(Some(writer.seal().await?.payload)),
            None => Ok(None),
        }
    }

    /// The source offset before which no masker points any more.
    pub(super) fn floor(&mut self) -> u64 {
        let mut floor = u64::MAX;
        if !self.is_at_work() {
            return floor;
        }
        // Nobody reads, and so nobody points, behind the last one.
        if let Some(last) = self.layers.last_mut() {
            last.forget(u64::MAX);
        }
        for index in 0..self.layers.len() {
            let consumed = self.layers[index].consumed();
            if let Some(before) = index.checked_sub(1) {
                self.layers[before].forget(consumed);
            }
            floor = floor.min(layer::back(&self.layers[..index], consumed, false));
        }
        floor
    }

    pub(super) fn into_seats(self) -> impl Iterator<Item = Seat> {
        self.layers.into_iter().map(|layer| layer.seat)
    }
}
