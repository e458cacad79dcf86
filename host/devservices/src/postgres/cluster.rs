//! The data of one Postgres: its directory, its password, its settings.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::user::{User, reachable};
use crate::error::At;
use crate::process::{Recorded, end_leftovers};
use crate::services::Context;
use crate::{Durability, StartError};

pub(super) const SUPERUSER: &str = "lockgate";

/// A directory with the password and, once initialised, the data.
#[derive(Debug)]
pub(super) struct Cluster {
    root: PathBuf,
    password: String,
    user: Option<User>,
}

impl Cluster {
    pub(super) fn open(context: &Context, user: Option<&User>) -> Result<Self, StartError> {
        let root = reachable(context.dir.path(), user)?.join("postgres");
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&root).at("create", &root)?;
        if let Some(user) = user {
            user.own(&root)?;
        }
        let file = root.join("password");
        let password = match std::fs::read_to_string(&file) {
            Ok(password) => password.trim().to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create_password(&file)?,
            Err(error) => return Err(error).at("read", file),
        };
        if let Some(user) = user {
            user.own(&file)?;
        }
        Ok(Self { root, password, user: user.cloned() })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Major version that wrote the data; `None` as long as there is none.
    pub(super) fn version(&self) -> Option<u32> {
        std::fs::read_to_string(self.data().join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// An empty directory for `initdb`; it becomes the data only when `initdb` is through.
    pub(super) fn prepare_new(&self) -> Result<PathBuf, StartError> {
        let new = self.root.join("data.new");
        for dir in [&new, &self.data()] {
            if dir.exists() {
                std::fs::remove_dir_all(dir).at("remove", dir)?;
            }
        }
        std::fs::DirBuilder::new().mode(0o700).create(&new).at("create", &new)?;
        if let Some(user) = &self.user {
            user.own(&new)?;
        }
        Ok(new)
    }

    pub(super) fn adopt_new(&self, new: &Path) -> Result<(), StartError> {
        std::fs::rename(new, self.data()).at("create", self.data())
    }

    pub(super) fn initdb_arguments(&self, major: u32, durability: Durability) -> Vec<OsString> {
        let mut arguments: Vec<OsString> =
            ["--username", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
                .map(OsString::from)
                .to_vec();
        let mut password = OsString::from("--pwfile=");
        password.push(self.root.join("password"));
        arguments.push(password);
        if major >= 17 {
            // Knows the letters of every language and sorts alike on every machine.
            arguments.extend(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"].map(OsString::from));
        }
        if durability == Durability::Test {
            arguments.push("--no-sync".into());
        }
        arguments
    }

    /// Ends a postmaster that still serves this data, and removes the stale pid file of a dead one.
    ///
    /// We hold the data directory's lock, so whoever serves it is a leftover.
    pub(super) async fn end_previous(&self) -> Result<(), StartError> {
        let file = self.data().join("postmaster.pid");
        let Ok(content) = std::fs::read_to_string(&file) else {
            return Ok(());
        };
        let pid = content.lines().next().and_then(|line| line.trim().parse().ok());
        if let Some(leftover) = pid.and_then(|pid| Recorded::new(pid, &self.data())) {
            end_leftovers(&[leftover]).await;
        }
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).at("remove", file),
            _ => Ok(()),
        }
    }

    /// Removes the data; the password stays, so that the URL does.
    pub(super) fn wipe(&self) -> Result<(), StartError> {
        let data = self.data();
        if data.exists() { std::fs::remove_dir_all(&data).at("remove", data) } else { Ok(()) }
    }

    /// Removes everything, also where it does not lie below the data directory.
    pub(super) fn remove(&self) {
        if let Err(error) = std::fs::remove_dir_all(&self.root) {
            tracing::warn!(error = %error, dir = %self.root.display(), "a test's Postgres data stays behind");
        }
        if let Some(stand_in) = self.root.parent() {
            // A data directory that is no stand-in is not empty yet, and stays.
            let _ = std::fs::remove_dir(stand_in);
        }
    }
}

fn create_password(file: &Path) -> Result<String, StartError> {
    let password = uuid::Uuid::new_v4().simple().to_string();
    let mut created =
        std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(file).at("create", file)?;
    writeln!(created, "{password}").at("write", file)?;
    Ok(password)
}

/// Settings on the command line, where they win over the files in the data directory.
pub(super) fn settings(port: u16, durability: Durability) -> Vec<String> {
    let mut settings = vec![
        format!("port={port}"),
        "listen_addresses=127.0.0.1".into(),
        "unix_socket_directories=".into(),
        "max_connections=300".into(),
        "timezone=UTC".into(),
        "log_timezone=UTC".into(),
        "max_wal_size=1GB".into(),
    ];
    if durability == Durability::Test {
        // Commits still wait until the kernel has them: a killed server loses nothing, only a crashed machine does.
        settings.extend(["fsync=off", "full_page_writes=off"].map(String::from));
    }
    settings
}
