//! Whom Postgres runs as: it refuses to be root, so root steps down for it.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::StartError;
use crate::error::At;

/// An unprivileged user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Nobody special when we are not root; otherwise an existing unprivileged user.
    pub(super) fn to_run_as() -> Result<Option<Self>, StartError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = std::fs::read_to_string("/etc/passwd").at("read", "/etc/passwd")?;
        ["nobody", "postgres"]
            .iter()
            .find_map(|name| find(&users, name))
            .map(Some)
            .ok_or(StartError::NoUnprivilegedUser)
    }

    pub(super) fn apply(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives a file or directory to this user.
    pub(super) fn own(&self, path: &Path) -> Result<(), StartError> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).at("change the owner of", path)
    }
}

fn find(passwd: &str, name: &str) -> Option<User> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut ids = line.split(':').skip(2).map_while(|id| id.parse().ok());
    Some(User { uid: ids.next().filter(|uid| *uid != 0)?, gid: ids.next()? })
}

/// `dir` itself, or a stand-in below `/var/tmp` when `user` cannot get there, as below a root's
/// home that is closed to others. The stand-in's name depends on `dir` alone, so it is found again.
pub(super) fn reachable(dir: &Path, user: Option<&User>) -> Result<PathBuf, StartError> {
    let Some(user) = user else { return Ok(dir.to_owned()) };
    let passable = |dir: &Path| {
        dir.metadata().map_or(true, |found| found.uid() == user.uid || found.permissions().mode() & 0o001 != 0)
    };
    if dir.ancestors().all(passable) {
        return Ok(dir.to_owned());
    }
    let stand_in = PathBuf::from(format!("/var/tmp/lockgate-{:016x}", fingerprint(dir)));
    match std::fs::DirBuilder::new().mode(0o711).create(&stand_in) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(error).at("create", stand_in);
        }
        _ => {}
    }
    // Everyone may create names there: what we find must be a real directory of ours.
    let found = stand_in.symlink_metadata().at("look at", &stand_in)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied))
            .at("use (it belongs to someone else)", stand_in);
    }
    Ok(stand_in)
}

/// FNV-1a: stable for ever, which the standard library's hasher does not promise.
fn fingerprint(path: &Path) -> u64 {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
