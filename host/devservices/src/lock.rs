//! One data directory, one owner: a second start is refused and told who holds it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::StartError;
use crate::error::At;

/// Held as long as the value lives; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock file of a data directory, or says who has it.
    pub(crate) fn exclusive(dir: &Path) -> Result<Self, StartError> {
        let path = dir.join("lock");
        let mut file = open(&path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            file.read_to_string(&mut holder).at("read", &path)?;
            let holder = if holder.trim().is_empty() { "unknown".to_owned() } else { holder.trim().to_owned() };
            return Err(StartError::Locked { dir: dir.to_owned(), holder });
        }
        file.set_len(0).at("write", &path)?;
        file.rewind().at("write", &path)?;
        writeln!(file, "{}", std::process::id()).at("write", &path)?;
        Ok(Self { _file: file })
    }

    /// Waits for a lock file, so that two first starts do not fetch the same thing at once.
    pub(crate) async fn wait(path: &Path) -> Result<Self, StartError> {
        let file = open(path)?;
        let waited = tokio::task::spawn_blocking(move || flock(&file, FlockOperation::LockExclusive).map(|()| file));
        let file = waited.await.map_err(std::io::Error::other).at("lock", path)?;
        Ok(Self { _file: file.map_err(std::io::Error::from).at("lock", path)? })
    }
}

fn open(path: &Path) -> Result<File, StartError> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).at("open", path)
}
