//! Small files about one thing: the limit, and the median and maximum that the house watches.

use super::{Complaint, SourceFile};

/// Past this a file holds two thoughts.
const LIMIT: usize = 400;
/// Tests are lists and may be longer.
const TEST_LIMIT: usize = 600;

pub(super) fn check(files: &[SourceFile]) -> Vec<Complaint> {
    files
        .iter()
        .filter(|file| file.is_rust())
        .filter_map(|file| {
            let limit = if file.is_test() { TEST_LIMIT } else { LIMIT };
            let lines = file.text.lines().count();
            (lines > limit)
                .then(|| file.complaint(lines, format!("{lines} lines, more than {limit}: find the second thought")))
        })
        .collect()
}

/// The line that `cargo xtask tidy` prints about sizes.
pub(super) fn summary(files: &[SourceFile]) -> String {
    let mut lines: Vec<_> =
        files.iter().filter(|file| file.is_rust()).map(|file| (file.text.lines().count(), &file.path)).collect();
    lines.sort();
    let Some((max, longest)) = lines.last() else { return "no Rust files".into() };
    let median = lines[lines.len() / 2].0;
    let total: usize = lines.iter().map(|(count, _)| count).sum();
    format!("{} Rust files, {total} lines: median {median}, maximum {max} ({})", lines.len(), longest.display())
}
