//! Misbehaves as a masker: edits and tails that no honest builder would build.

use lockgate_sdk::bindings::{
    mask::exports::lockgate::policy::mask::{Guest, Masked},
    types::{Batch, Edits, Findings, Subject},
};

use crate::{Crime, Hostile, commit, commit_at, memory, settings, validate};

impl Guest for Hostile {
    fn begin(subject: Subject) {
        validate::begin(subject);
    }

    fn apply(batch: Batch) -> Masked {
        commit();
        commit_at(batch.first, batch.records.ends.len());
        let keep = keep(&batch);
        Masked { edits: edits(&batch), keep, findings: validate::findings() }
    }

    fn finish() -> Findings {
        validate::finish();
        validate::none()
    }
}

fn edits(batch: &Batch) -> Edits {
    let settings = settings();
    let length = batch.records.ends.last().copied().unwrap_or(0);
    let first = batch.records.ends.first().copied().unwrap_or(0);
    match settings.crime {
        Crime::HugeOutput => edit(0, first, vec![b'x'; settings.amount(1 << 30)]),
        Crime::WildPointer => edit(0, first, memory::wild_list()),
        Crime::EditsFlood => {
            let zeroes = vec![0; settings.amount(10_000_000)];
            Edits { starts: zeroes.clone(), ends: zeroes.clone(), replacement_ends: zeroes, replacements: Vec::new() }
        }
        Crime::EditsOverlap => raw(&[0, 1], &[2, 3], &[1, 2], b"xy"),
        Crime::EditsBackwards => raw(&[2, 0], &[3, 1], &[1, 2], b"xy"),
        Crime::EditsInverted => raw(&[2], &[1], &[1], b"x"),
        Crime::EditsPastEnd => edit(0, length + 1, b"x".to_vec()),
        Crime::EditsSplitRecord => edit(first.saturating_sub(1), first + 1, b"x".to_vec()),
        Crime::EditsSmuggleNewline => edit(0, first.min(1), b"a\nb".to_vec()),
        Crime::EditsSmuggleCell => edit(0, first.min(1), b"a,\"b".to_vec()),
        Crime::EditsUneven => raw(&[0, 1, 2], &[1], &[1], b"x"),
        Crime::BadReplacementEnds => raw(&[0, 1], &[1, 2], &[2, 1], b"xy"),
        Crime::ReplacementsPastEnd => raw(&[0], &[1], &[1000], b"xy"),
        Crime::KeepEdited => edit(length.saturating_sub(1), length, b"x".to_vec()),
        _ => raw(&[], &[], &[], b""),
    }
}

fn keep(batch: &Batch) -> u32 {
    let length = u32::try_from(batch.records.data.len()).unwrap_or(u32::MAX);
    match settings().crime {
        Crime::KeepAll => length,
        Crime::KeepTooMuch => length + 1,
        Crime::KeepEdited => 1,
        _ => 0,
    }
}

fn edit(start: u32, end: u32, replacements: Vec<u8>) -> Edits {
    let length = u32::try_from(replacements.len()).unwrap_or(u32::MAX);
    Edits { starts: vec![start], ends: vec![end], replacement_ends: vec![length], replacements }
}

fn raw(starts: &[u32], ends: &[u32], replacement_ends: &[u32], replacements: &[u8]) -> Edits {
    Edits {
        starts: starts.to_vec(),
        ends: ends.to_vec(),
        replacement_ends: replacement_ends.to_vec(),
        replacements: replacements.to_vec(),
    }
}
