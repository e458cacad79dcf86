//! One typed call of 1 KiB: our session against an Extism plugin, both of which echo.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::ensure;
use bytes::Bytes;
use lockgate_core::batch::{Batch, Column};
use lockgate_core::framing::Framing;
use lockgate_core::limits::Limits;
use serde_json::json;

use crate::report::{Aim, Report};
use crate::rounds::{Work, medians};
use crate::stage::{Stage, subject};

const SIZE: u32 = 1024;
/// On one turn: so many that the turn's own price, shown apart, is a small part of theirs.
const CALLS: u32 = 1_000;

pub(crate) fn measure(report: &mut Report, echo: &[u8], extism_echo: &[u8], rounds: usize) -> anyhow::Result<()> {
    let record = Bytes::from(vec![b'a'; SIZE as usize]);
    let batch = Batch { first: 0, records: Column { data: record.clone(), ends: vec![SIZE] }, last: false };
    let stage = Stage::new(echo)?;
    let (binding, told) = (stage.binding(json!({}), &Framing::Whole, vec![]), subject("whole", Bytes::new()));
    let mut session = stage.mask(&binding, &told)?;
    let mut repeater = stage.repeater(&binding, &told)?;
    let answer = stage.runtime.block_on(session.apply(&batch))?;
    ensure!(answer.edits.replacements == record, "our echo does not echo");
    let shown = [Arc::new(batch.clone())];
    // Limits in memory and time as ours: a call without any would be no peer of a call in a sandbox.
    let limits = Limits::default();
    let pages = u32::try_from(limits.memory_bytes / (64 * 1024))?;
    let manifest = extism::Manifest::new([extism::Wasm::data(extism_echo)]);
    let manifest = manifest.with_memory_max(pages).with_timeout(limits.deadline);
    let mut plugin = extism::Plugin::new(manifest, [], false)?;
    ensure!(plugin.call::<_, Vec<u8>>("echo", &record[..])? == record, "Extism's echo does not echo");
    let on_one_turn: Work<'_> = Box::new(|| {
        stage.runtime.block_on(repeater.apply(&shown, CALLS))?;
        Ok(u64::from(CALLS))
    });
    let queued: Work<'_> = Box::new(|| {
        stage.runtime.block_on(async {
            for _ in 0..CALLS {
                black_box(session.apply(&batch).await?);
            }
            Ok(u64::from(CALLS))
        })
    });
    let theirs: Work<'_> = Box::new(|| {
        for _ in 0..CALLS {
            black_box(plugin.call::<_, &[u8]>("echo", &record[..])?);
        }
        Ok(u64::from(CALLS))
    });
    let [on_one_turn, queued, theirs] = medians(rounds, [on_one_turn, queued, theirs])?;
    let aim = Some(Aim::AtLeast(8.0));
    report.times_as_many("one typed call of 1 KiB vs an Extism echo", "call", [on_one_turn, theirs], aim);
    report.times_as_many("the same, each call queued for a sandbox thread", "call", [queued, theirs], None);
    Ok(())
}
