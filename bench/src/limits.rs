//! All limits on against all off: the same component in our session and on a bare wasmtime.
//!
//! The session's calls stay on one turn of a sandbox thread here, because the turn is no limit; a second ratio adds it:
//! every call handed to another thread through the fair queue, and its answer awaited.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::ensure;

use crate::bare::Bare;
use crate::payload::{Payload, grants, settings};
use crate::report::{Aim, Report};
use crate::rounds::{Work, medians};
use crate::stage::{Stage, subject};

pub(crate) fn measure(
    report: &mut Report,
    component: &[u8],
    [csv, short_csv]: &[Vec<u8>; 2],
    rounds: usize,
) -> anyhow::Result<()> {
    let [on_one_turn, queued, theirs] = times(component, csv, rounds)?;
    let aim = Some(Aim::AtLeast(0.90));
    report.times_as_many("all limits on vs all limits off", "1 KiB record", [on_one_turn, theirs], aim);
    report.times_as_many("the same, each call queued for a sandbox thread", "1 KiB record", [queued, theirs], None);
    let [on_one_turn, _, theirs] = times(component, short_csv, rounds)?;
    report.times_as_many("the same, a value to mask in each short record", "80 B record", [on_one_turn, theirs], None);
    Ok(())
}

/// On one turn, queued, and without limits.
fn times(component: &[u8], csv: &[u8], rounds: usize) -> anyhow::Result<[f64; 3]> {
    let payload = Payload::repeating(csv)?;
    let stage = Stage::new(component)?;
    let told = subject("csv", payload.preamble.clone());
    let binding = stage.binding(settings(), &payload.framing, grants());
    let mut session = stage.mask(&binding, &told)?;
    let mut repeater = stage.repeater(&binding, &told)?;
    let shown: Vec<_> = payload.batches.iter().cloned().map(Arc::new).collect();
    let mut bare = Bare::new(component, &settings(), &payload)?;
    for (index, batch) in payload.batches.iter().enumerate() {
        let (ours, theirs) = (stage.runtime.block_on(session.apply(batch))?.edits, bare.apply(index)?.edits);
        ensure!(
            ours.starts == theirs.starts && ours.replacements == theirs.replacements,
            "the limits change the edits"
        );
    }
    let records = payload.records();
    let on_one_turn: Work<'_> = Box::new(|| {
        stage.runtime.block_on(repeater.apply(&shown, 1))?;
        Ok(records)
    });
    let queued: Work<'_> = Box::new(|| {
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
    medians(rounds, [on_one_turn, queued, theirs])
}
