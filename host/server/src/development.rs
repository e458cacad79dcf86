//! What `lockgate dev` leaves for the other commands: the settings with which it runs, in the data directory.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::config::{Config, Sources, load};

/// Settings beneath the user's own.
pub(crate) type Beneath = Vec<(&'static str, String)>;

/// The settings in effect, upon those of a `lockgate dev` in the same data directory, if it left any.
pub(crate) fn settings(sources: &Sources) -> anyhow::Result<Config> {
    let plain = load(sources, &[])?;
    let Ok(text) = fs::read_to_string(left_by_dev(&plain.data_dir)) else { return Ok(plain) };
    let left: toml::Table =
        text.parse().context("dev.toml in the data directory is not TOML; start `lockgate dev` again")?;
    let beneath: Vec<(&str, String)> =
        left.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default().to_owned())).collect();
    load(sources, &beneath)
}

/// Leaves settings for the other commands; only the user may read them.
pub(crate) fn leave(data_dir: &Path, settings: &Beneath) -> anyhow::Result<()> {
    let table: toml::Table =
        settings.iter().map(|(key, value)| ((*key).to_owned(), toml::Value::String(value.clone()))).collect();
    private_file(&left_by_dev(data_dir), table.to_string().as_bytes())
}

/// The settings that make a development installation: the built-in issuer and a key of its own, made once.
pub(crate) fn defaults(data_dir: &Path) -> anyhow::Result<Beneath> {
    Ok(vec![
        ("environment", "development".to_owned()),
        ("identity.mode", "development".to_owned()),
        ("connectors.allow_private_addresses", "true".to_owned()),
        ("telemetry.format", "pretty".to_owned()),
        ("secrets.key", secrets_key(data_dir)?),
    ])
}

fn secrets_key(data_dir: &Path) -> anyhow::Result<String> {
    let path = data_dir.join("secrets.key");
    if let Ok(key) = fs::read_to_string(&path) {
        return Ok(key.trim().to_owned());
    }
    let key = hex::encode(rand::random::<[u8; 32]>());
    private_file(&path, key.as_bytes())?;
    Ok(key)
}

fn private_file(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let mut file: File = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    file.write_all(content).with_context(|| format!("{} cannot be written", path.display()))
}

fn left_by_dev(data_dir: &Path) -> PathBuf {
    data_dir.join("dev.toml")
}
