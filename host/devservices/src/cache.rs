//! Downloaded and unpacked programs, shared by all data directories of a user.
//!
//! An entry appears under its name only when it is complete, so a broken download or a killed
//! start never leaves half of one.

use std::path::{Path, PathBuf};

use crate::StartError;
use crate::error::At;
use crate::lock::Lock;

/// What the cache knows of a name.
pub(crate) enum Entry {
    /// Complete, at this path.
    Present(PathBuf),
    /// To be filled by us.
    Absent(Vacant),
}

/// An entry being filled; nobody else fills it meanwhile.
pub(crate) struct Vacant {
    filling: PathBuf,
    path: PathBuf,
    _lock: Lock,
}

/// Looks a name up; when it is absent, waits until nobody else is filling it.
pub(crate) async fn entry(cache: &Path, name: &str) -> Result<Entry, StartError> {
    let path = cache.join(name);
    if path.is_dir() {
        return Ok(Entry::Present(path));
    }
    std::fs::create_dir_all(cache).at("create", cache)?;
    let lock = Lock::wait(&cache.join(format!("{name}.lock"))).await?;
    if path.is_dir() {
        return Ok(Entry::Present(path));
    }
    let filling = cache.join(format!("{name}.part"));
    if filling.exists() {
        std::fs::remove_dir_all(&filling).at("remove", &filling)?;
    }
    std::fs::create_dir(&filling).at("create", &filling)?;
    Ok(Entry::Absent(Vacant { filling, path, _lock: lock }))
}

impl Vacant {
    /// Where to put the content.
    pub(crate) fn dir(&self) -> &Path {
        &self.filling
    }

    /// Declares the content complete.
    pub(crate) fn publish(self) -> Result<PathBuf, StartError> {
        std::fs::rename(&self.filling, &self.path).at("create", &self.path)?;
        Ok(self.path)
    }
}
