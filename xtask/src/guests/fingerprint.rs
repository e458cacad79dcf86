//! Whether a guest is up to date, without asking cargo: a digest over everything that goes into it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The digest of the plugin's sources, the SDK, the contract, the lock file and this program.
pub(super) fn of(root: &Path, plugin: &Path) -> Result<String> {
    let builder = env::current_exe().and_then(fs::metadata).context("cannot look at this program's own file")?;
    let built = builder.modified().context("this file system keeps no times")?;
    let mut files = vec![root.join("Cargo.toml"), root.join("Cargo.lock"), root.join("sdk/rust/Cargo.toml")];
    // Tests and their data make no difference to the component.
    for entry in fs::read_dir(plugin).with_context(|| format!("cannot read {}", plugin.display()))? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    for folder in [plugin.join("src"), root.join("sdk/rust/src"), root.join("sdk/wit")] {
        collect(&folder, &mut files)?;
    }
    files.sort();
    let mut digest = Sha256::new();
    digest.update(format!("{built:?} {}", builder.len()));
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        digest.update(file.to_string_lossy().as_bytes());
        digest.update(bytes.len().to_le_bytes());
        digest.update(&bytes);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
