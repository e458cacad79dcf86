//! Whole payloads through a plugin, the way the host leads them.

use crate::{Batch, Edits, Facts, Findings, Mask, Subject, Validate};

/// Configures a validator from JSON and leads it through the batches of one payload; answers all of its findings and
/// facts, or the error of its configuration.
pub fn validate<T: Validate>(
    settings: serde_json::Value,
    subject: &Subject,
    batches: &[Batch],
) -> Result<(Findings, Facts), String> {
    let mut plugin = T::configure(read(settings)?)?;
    let (mut findings, mut facts) = (Findings::default(), Facts::default());
    plugin.begin(subject);
    for batch in batches {
        plugin.check(batch, &mut findings);
    }
    plugin.finish(&mut findings, &mut facts);
    Ok((findings, facts))
}

/// Configures a masker from JSON and leads it through the batches of one payload; answers the masked records and all
/// findings, or the error of its configuration.
pub fn mask<T: Mask>(
    settings: serde_json::Value,
    subject: &Subject,
    batches: &[Batch],
) -> Result<(Vec<Vec<u8>>, Findings), String> {
    let mut plugin = T::configure(read(settings)?)?;
    let (mut masked, mut findings) = (Vec::new(), Findings::default());
    plugin.begin(subject);
    for batch in batches {
        let mut edits = Edits::of(batch);
        plugin.apply(batch, &mut edits, &mut findings);
        masked.extend(edits.apply_to(batch));
    }
    plugin.finish(&mut findings);
    Ok((masked, findings))
}

/// The same with the `bytes` framing: chunks come as they come, and a kept tail is shown again with the next.
pub fn mask_bytes<T: Mask>(
    settings: serde_json::Value,
    subject: &Subject,
    chunks: &[&[u8]],
) -> Result<Vec<u8>, String> {
    let mut plugin = T::configure(read(settings)?)?;
    let (mut masked, mut kept) = (Vec::new(), Vec::new());
    plugin.begin(subject);
    for (index, chunk) in chunks.iter().enumerate() {
        let last = index + 1 == chunks.len();
        let batch = Batch::new(index as u64, [[&kept[..], chunk].concat()], last);
        let mut edits = Edits::of(&batch);
        plugin.apply(&batch, &mut edits, &mut Findings::default());
        assert!(!last || edits.kept() == 0, "nothing is kept of the last batch");
        let mut made = edits.apply_to(&batch).concat();
        kept = batch.data()[batch.data().len() - edits.kept()..].to_vec();
        made.truncate(made.len() - kept.len());
        masked.extend(made);
    }
    plugin.finish(&mut Findings::default());
    Ok(masked)
}

fn read<S: serde::de::DeserializeOwned>(settings: serde_json::Value) -> Result<S, String> {
    serde_json::from_value(settings).map_err(|error| error.to_string())
}
