//! The directory that holds data, logs, lock and state, and its end in test runs.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::At;
use crate::lock::Lock;
use crate::process::is_alive;
use crate::{Durability, StartError};

const TEST_PREFIX: &str = "lockgate-test-";

/// A data directory that is ours until the value is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    durability: Durability,
    _lock: Lock,
}

impl DataDir {
    /// Creates it if needed and takes its lock.
    pub(crate) fn take(path: &Path, durability: Durability) -> Result<Self, StartError> {
        let builder = |path: &Path| std::fs::DirBuilder::new().recursive(true).mode(0o711).create(path);
        builder(path).at("create", path)?;
        let path = path.canonicalize().at("open", path)?;
        let lock = Lock::exclusive(&path)?;
        // Others may pass through (Postgres runs as another user when we are root), not look around.
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o711)).at("change the mode of", &path)?;
        Ok(Self { path, durability, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.path.join("logs").join(name)
    }

    /// Removes everything if it was a test's.
    pub(crate) fn finish(&self) {
        if self.durability == Durability::Test
            && let Err(error) = std::fs::remove_dir_all(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(error = %error, dir = %self.path.display(), "a test's data directory stays behind");
        }
    }
}

/// A name for a new test's data directory; what dead test processes left is removed on the way.
pub(crate) fn fresh_test_dir() -> PathBuf {
    let parent = std::env::temp_dir();
    for entry in std::fs::read_dir(&parent).into_iter().flatten().flatten() {
        let owner = entry.file_name().to_str().and_then(|name| {
            let (pid, _) = name.strip_prefix(TEST_PREFIX)?.split_once('-')?;
            pid.parse().ok()
        });
        if owner.is_some_and(|pid| !is_alive(pid)) {
            // Another process may be removing it, too, or it is another user's.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let unique = uuid::Uuid::new_v4().simple().to_string();
    parent.join(format!("{TEST_PREFIX}{}-{}", std::process::id(), &unique[..8]))
}
