//! Who may import whom: the arrows of docs/architecture.md, held against every manifest.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Complaint;

/// Each of our crates with those of ours it may list. Whatever is not here may list none.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("lockgate-sandbox", &["lockgate-core"]),
    ("lockgate-store", &["lockgate-core"]),
    ("lockgate-payloads", &["lockgate-core"]),
    ("lockgate-bus", &["lockgate-core"]),
    ("lockgate-connectors", &["lockgate-core"]),
    ("lockgate-api", &["lockgate-core"]),
    (
        "lockgate",
        &[
            "lockgate-api",
            "lockgate-bus",
            "lockgate-connectors",
            "lockgate-core",
            "lockgate-devservices",
            "lockgate-payloads",
            "lockgate-sandbox",
            "lockgate-store",
        ],
    ),
    ("lockgate-testkit", &["lockgate-core", "lockgate-devservices", "lockgate-store"]),
    ("xtask", &["lockgate-core", "lockgate-devservices"]),
];

/// Crates that would bring I/O, a clock of their own or a framework into core.
const NOT_IN_CORE: &[&str] = &[
    "axum",
    "async-graphql",
    "aws-sdk-s3",
    "hyper",
    "opentelemetry",
    "rdkafka",
    "reqwest",
    "sqlx",
    "tokio",
    "wasmtime",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

pub(super) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("`cargo metadata` did not run")?;
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("`cargo metadata` printed something else")?;
    Ok(metadata.packages.iter().flat_map(forbidden).collect())
}

fn forbidden(package: &Package) -> Vec<Complaint> {
    let is_plugin = package.manifest_path.contains("/plugins/");
    let allowed = match package.name.as_str() {
        _ if is_plugin => &["lockgate-sdk"][..],
        name => MAY_IMPORT.iter().find(|(it, _)| *it == name).map_or(&[][..], |(_, allowed)| allowed),
    };
    package
        .dependencies
        .iter()
        // Tests may use the testkit and what it needs; what ships may not.
        .filter(|it| it.kind.as_deref() != Some("dev"))
        .filter(|it| {
            let ours = it.name == "lockgate" || it.name.starts_with("lockgate-");
            let foreign_to_core = package.name == "lockgate-core" && NOT_IN_CORE.contains(&it.name.as_str());
            foreign_to_core || (ours && !allowed.contains(&it.name.as_str()))
        })
        .map(|it| Complaint {
            place: package.manifest_path.clone(),
            rule: format!(
                "{} must not import {}; see \"Who imports whom\" in docs/architecture.md",
                package.name, it.name
            ),
        })
        .collect()
}
