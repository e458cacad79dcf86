//! Folders show the architecture: no drawers, no `mod.rs`, and one name for one hook in every layer.

use std::path::Path;

use super::{Complaint, SourceFile};

const DRAWERS: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "types"];

/// Where each hook has a file of its name.
const HOOK_LAYERS: &[&str] =
    &["sdk/wit/policy/{}.wit", "host/sandbox/src/hook/{}.rs", "host/core/src/pipeline/{}.rs", "sdk/rust/src/{}.rs"];

pub(super) fn check(root: &Path, files: &[SourceFile]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|it| it.is_rust()) {
        let stem = file.path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
        if stem == "mod" {
            complaints.push(file.complaint(1, "write `foo.rs` beside `foo/` instead of `foo/mod.rs`"));
        }
        let in_drawer = file.path.iter().filter_map(|it| it.to_str()).any(|it| DRAWERS.contains(&it));
        if in_drawer || DRAWERS.contains(&stem) {
            complaints.push(file.complaint(1, "a drawer hides what is in it: name the thing"));
        }
    }
    for hook in ["validate", "mask", "route", "notify"] {
        for layer in HOOK_LAYERS {
            let path = layer.replace("{}", hook);
            if !root.join(&path).exists() {
                complaints
                    .push(Complaint { place: path, rule: "each hook has a file of its name in every layer".into() });
            }
        }
    }
    complaints
}
