//! Why services could not be started, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::Service;

/// Starting failed; nothing that was started on the way is left running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another process already runs services on this data directory.
    #[error("{} is in use by process {holder}; stop that process, or choose another data directory", dir.display())]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// The pid that holds the lock, as text ("unknown" in the moment before it is written).
        holder: String,
    },

    /// A program that is needed to run or fetch a service is not on this machine.
    #[error(
        "{service} cannot be started: {missing}. Either install a JDK 17 or newer and Maven \
         (Debian and Ubuntu: `apt install openjdk-17-jdk-headless maven`; macOS: `brew install openjdk@17 maven`), \
         or use {service} of your own by setting {}",
        service.setting()
    )]
    ToolMissing {
        /// The service that needs it.
        service: Service,
        /// What was looked for, and where.
        missing: String,
    },

    /// Maven ran, but could not fetch what is needed.
    #[error(
        "{service} cannot be fetched: `{command}` ended with {status}; its last lines:\n{tail}\nCheck the network and \
         Maven's settings (~/.m2/settings.xml), or use {service} of your own by setting {}",
        service.setting()
    )]
    Fetch {
        /// The service whose programs were to be fetched.
        service: Service,
        /// The Maven command.
        command: String,
        /// How it ended.
        status: String,
        /// The end of its output.
        tail: String,
    },

    /// A fetched archive cannot be unpacked.
    #[error("{} cannot be unpacked: {reason}; remove it and start again", archive.display())]
    Unpack {
        /// The archive.
        archive: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A service's process ended or did not answer in time.
    #[error("{service} did not start: {reason}; the last lines of {}:\n{tail}", log.display())]
    Service {
        /// The service.
        service: Service,
        /// What happened.
        reason: String,
        /// Its whole log.
        log: PathBuf,
        /// The last 20 lines of the log.
        tail: String,
    },

    /// The data was written by a Postgres that is not to be had any more.
    #[error(
        "{} was written by Postgres {data}, but only Postgres {found} was found; install Postgres {data}, \
         or remove that directory to begin with empty data",
        dir.display()
    )]
    PostgresVersion {
        /// Postgres' data directory.
        dir: PathBuf,
        /// Major version that wrote the data.
        data: u32,
        /// Major version that is here.
        found: u32,
    },

    /// Running as root, and there is no other user to run Postgres as.
    #[error(
        "Postgres refuses to run as root, and neither `nobody` nor `postgres` is in /etc/passwd; run as another user, \
         or use Postgres of your own by setting LOCKGATE_DATABASE__URL"
    )]
    NoUnprivilegedUser,

    /// A file or directory could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Adds what was tried, and on what, to an I/O error.
pub(crate) trait At<T> {
    fn at(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, StartError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, StartError> {
        self.map_err(|source| StartError::Io { action, path: path.into(), source })
    }
}
