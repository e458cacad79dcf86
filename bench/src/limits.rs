//! All limits on against all off: the same component in our session and on a bare wasmtime.
//!
//! The session has more than limits that the bare one has not: its own threads, a fair queue, a span. They count here as
//! well, so the true price of the limits alone is lower than what is printed.

use std::hint::black_box;

use anyhow::ensure;

use crate::bare::Bare;
use crate::payload::{Payload, grants, settings};
use crate::report::{Aim, Report};
use crate::rounds::{Work, medians};
use crate::stage::{Stage, subject};

pub(crate) fn measure(report: &mut Report, component: &[u8], csv: &[u8], rounds: usize) -> anyhow::Result<()> {
    let payload = Payload::repeating(csv)?;
    let stage = Stage::new(component)?;
    let told = subject("csv", payload.preamble.clone());
    let mut session = stage.mask(&stage.binding(settings(), &payload.framing, grants()), &told)?;
    let mut bare = Bare::new(component, &settings(), &payload)?;
    for (index, batch) in payload.batches.iter().enumerate() {
        let (ours, theirs) = (stage.runtime.block_on(session.apply(batch))?.edits, bare.apply(index)?.edits);
        ensure!(
            ours.starts == theirs.starts && ours.replacements == theirs.replacements,
            "the limits change the edits"
        );
    }
    let records = payload.records();
    let ours: Work<'_> = Box::new(|| {
        stage.runtime.block_on(async {
            for batch in &payload.batches {
                black_box(session.apply(batch).await?);
            }
            Ok(records)
        })
    });
    let theirs: Work<'_> = Box::new(|| {
        for index in 0..payload.batches.len() {
            black_box(bare.apply(index)?);
        }
        Ok(records)
    });
    let times = medians(rounds, [ours, theirs])?;
    report.times_as_many("all limits on vs all limits off", "record", times, Some(Aim::AtLeast(0.90)));
    Ok(())
}
