//! Packed batches: the shipped masker in the sandbox against the very same Rust native, per record.

use std::hint::black_box;

use anyhow::ensure;
use lockgate_core::batch::{Batch, Edits};

use crate::native::Native;
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
    let times = times(component, csv, rounds)?;
    report.times_as_long("packed batch mask vs the same Rust native", "1 KiB record", times, Some(Aim::AtMost(1.25)));
    // Here hardly anything but the guest's own code is left to compare.
    let times = self::times(component, short_csv, rounds)?;
    report.times_as_long("the same, a value to mask in each short record", "80 B record", times, None);
    Ok(())
}

fn times(component: &[u8], csv: &[u8], rounds: usize) -> anyhow::Result<[f64; 2]> {
    let payload = Payload::repeating(csv)?;
    let stage = Stage::new(component)?;
    let told = subject("csv", payload.preamble.clone());
    let mut session = stage.mask(&stage.binding(settings(), &payload.framing, grants()), &told)?;
    let mut native = Native::new(&payload)?;
    for (index, batch) in payload.batches.iter().enumerate() {
        let answer = stage.runtime.block_on(session.apply(batch))?;
        ensure!(masked(batch, &answer.edits) == native.masked(index), "sandbox and native mask differently");
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
            black_box(native.apply(index));
        }
        Ok(records)
    });
    medians(rounds, [ours, theirs])
}

/// The masked records of one batch, to be compared.
fn masked(batch: &Batch, edits: &Edits) -> Vec<Vec<u8>> {
    let (mut next, mut from, mut masked) = (0, 0, vec![]);
    for index in 0..batch.records.len() {
        let Some(range) = batch.records.range(index) else { break };
        let (mut at, mut made) = (range.start, vec![]);
        while next < edits.starts.len() && edits.ends[next] as usize <= range.end {
            made.extend_from_slice(&batch.records.data[at..edits.starts[next] as usize]);
            let to = edits.replacement_ends[next] as usize;
            made.extend_from_slice(&edits.replacements[from..to]);
            (at, from) = (edits.ends[next] as usize, to);
            next += 1;
        }
        made.extend_from_slice(&batch.records.data[at..range.end]);
        masked.push(made);
    }
    masked
}
