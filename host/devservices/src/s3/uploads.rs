//! Knows which multipart uploads are under way from the files that `s3s-fs` keeps about them.

use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::{MultipartUpload, Timestamp};

/// Whether an upload was begun and neither completed nor aborted.
pub(super) fn exists(root: &Path, upload: &str) -> bool {
    uuid::Uuid::parse_str(upload).is_ok_and(|upload| root.join(format!(".upload-{upload}.json")).exists())
}

/// The uploads under way into `bucket` with keys that begin with `prefix`, by key.
pub(super) fn under_way(root: &Path, bucket: &str, prefix: &str) -> io::Result<Vec<MultipartUpload>> {
    let mut found = Vec::new();
    for entry in root.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let Some((of, key, upload)) = name.to_str().and_then(parse) else {
            continue;
        };
        if of == bucket && key.starts_with(prefix) && exists(root, &upload) {
            found.push(MultipartUpload {
                initiated: Some(Timestamp::from(entry.metadata()?.modified()?)),
                key: Some(key),
                upload_id: Some(upload),
                ..Default::default()
            });
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

/// `.bucket-<bucket>.object-<key>.upload-<id>.metadata.json`, the names in URL-safe base64.
fn parse(name: &str) -> Option<(String, String, String)> {
    let (bucket, rest) = name.strip_prefix(".bucket-")?.split_once(".object-")?;
    let (key, upload) = rest.strip_suffix(".metadata.json")?.split_once(".upload-")?;
    let decode = |name| String::from_utf8(URL_SAFE_NO_PAD.decode(name).ok()?).ok();
    Some((decode(bucket)?, decode(key)?, upload.to_owned()))
}
