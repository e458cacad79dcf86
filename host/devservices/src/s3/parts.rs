//! Parts of a multipart upload as S3 takes them: ascending, and not necessarily without gaps, which `s3s-fs` demands.

use std::path::{Path, PathBuf};

use s3s::dto::CompletedPart;
use s3s::{S3Result, s3_error};

/// All but the last part must have that many bytes.
const LEAST: u64 = 5 * 1024 * 1024;

/// Gives the listed parts the numbers from 1. Nothing is touched if the list is refused.
pub(super) fn close_gaps(root: &Path, upload: &str, parts: &mut [CompletedPart]) -> S3Result {
    let file = |number: i32| root.join(format!(".upload_id-{upload}.part-{number}"));
    let mut numbers = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let number = part.part_number.ok_or_else(|| s3_error!(InvalidRequest, "a part has no number"))?;
        if numbers.last().is_some_and(|before| *before >= number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let size = file(number).metadata().map_err(|_| s3_error!(InvalidPart))?.len();
        if size < LEAST && index + 1 < parts.len() {
            return Err(s3_error!(EntityTooSmall));
        }
        numbers.push(number);
    }
    for ((place, part), number) in (1..).zip(parts).zip(numbers) {
        if place != number {
            // Whatever stands there is not listed: the listed ones before this have moved on already.
            std::fs::rename(file(number), file(place)).map_err(|error| s3_error!(error, InternalError))?;
            part.part_number = Some(place);
        }
    }
    Ok(())
}

/// Removes the parts of a completed upload that its list left out.
pub(super) fn forget(root: &Path, upload: &str) {
    let beginning = format!(".upload_id-{upload}.part-");
    let left =
        |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(|it| it.starts_with(&beginning));
    let Ok(entries) = root.read_dir() else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(left) {
        // What cannot be removed costs space until the data is thrown away.
        let _ = std::fs::remove_file(path);
    }
}
