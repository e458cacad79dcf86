//! `cargo xtask guests`: builds every plugin under `plugins/` as a component, with its manifest inside.

mod component;
mod fingerprint;
mod manifest;
mod toolchain;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use toolchain::Toolchain;

/// Arguments of the verb.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these plugins, by folder name
    names: Vec<String>,
}

/// A component, ready to be published.
#[derive(Debug)]
pub(crate) struct Guest {
    /// The plugin's name, its folder's name and the file's stem.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) size: u64,
    /// SHA-256 in hexadecimal digits: the plugin version's identity.
    pub(crate) digest: String,
}

/// Builds and prints name, size and digest of each.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    for guest in build(root, &args.names)? {
        println!("{:<16} {:>9} bytes  sha256:{}", guest.name, guest.size, guest.digest);
    }
    Ok(())
}

/// Builds all plugins; what is up to date is left alone.
pub(crate) fn build_all(root: &Path) -> Result<Vec<Guest>> {
    build(root, &[])
}

/// Builds one component of another workspace, whatever is up to date.
pub(crate) fn build_elsewhere(workspace: &Path, folder: &Path, out: &Path) -> Result<PathBuf> {
    let manifest = manifest::read(folder)?;
    let module = Toolchain::find()?.build(workspace, out, &manifest.name)?;
    let component = component::make(&module, &manifest).with_context(|| format!("guest {}", manifest.name))?;
    write(out, &manifest.name, &component)
}

/// Builds one plain module of another workspace: no component, no manifest.
pub(crate) fn build_module(workspace: &Path, name: &str, out: &Path) -> Result<PathBuf> {
    write(out, name, &Toolchain::find()?.build(workspace, out, name)?)
}

fn write(out: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = out.join(format!("{name}.wasm"));
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Builds the named plugins, or all if none is named.
pub(crate) fn build(root: &Path, names: &[String]) -> Result<Vec<Guest>> {
    let folders = folders(root, names)?;
    let out = root.join("target/guests");
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let mut toolchain = None;
    folders.iter().map(|folder| build_one(root, folder, &out, &mut toolchain)).collect()
}

fn build_one(root: &Path, folder: &Path, out: &Path, toolchain: &mut Option<Toolchain>) -> Result<Guest> {
    let manifest = manifest::read(folder)?;
    let path = out.join(format!("{}.wasm", manifest.name));
    let stamp = out.join(format!("{}.stamp", manifest.name));
    let fingerprint = fingerprint::of(root, folder)?;
    let fresh = path.exists() && fs::read_to_string(&stamp).is_ok_and(|old| old == fingerprint);
    if !fresh {
        let toolchain = match toolchain {
            Some(found) => found,
            None => toolchain.insert(Toolchain::find()?),
        };
        let module = toolchain.build(root, out, &manifest.name)?;
        let component = component::make(&module, &manifest).with_context(|| format!("plugin {}", manifest.name))?;
        // Renamed into place, so that nobody reads half a component.
        let half = out.join(format!("{}.wasm.{}", manifest.name, std::process::id()));
        fs::write(&half, component).with_context(|| format!("cannot write {}", half.display()))?;
        fs::rename(&half, &path).with_context(|| format!("cannot write {}", path.display()))?;
        fs::write(&stamp, fingerprint).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    let component = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let digest = Sha256::digest(&component).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Guest { name: manifest.name, size: component.len() as u64, digest })
}

/// The folders of the named plugins in alphabetical order.
fn folders(root: &Path, names: &[String]) -> Result<Vec<PathBuf>> {
    let plugins = root.join("plugins");
    let mut folders = Vec::new();
    for entry in fs::read_dir(&plugins).with_context(|| format!("cannot read {}", plugins.display()))? {
        let folder = entry?.path();
        if folder.join("plugin.toml").exists() {
            folders.push(folder);
        }
    }
    folders.sort();
    if let Some(unknown) = names.iter().find(|name| !folders.contains(&plugins.join(name))) {
        bail!("there is no plugins/{unknown}/plugin.toml; give the name of a folder under plugins/");
    }
    folders.retain(|folder| names.is_empty() || names.iter().any(|name| plugins.join(name) == *folder));
    Ok(folders)
}
