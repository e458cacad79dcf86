//! What one start tells the next: ports, keys, and the children to end if we could not.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::error::At;
use crate::process::Recorded;
use crate::{Service, StartError};

/// The content of the state file. Readable by its owner only: it holds the S3 key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub(crate) kafka_port: Option<u16>,
    pub(crate) kafka_controller_port: Option<u16>,
    pub(crate) postgres_port: Option<u16>,
    pub(crate) s3_port: Option<u16>,
    pub(crate) s3_access_key: Option<String>,
    pub(crate) s3_secret_key: Option<String>,
    pub(crate) children: Vec<(Service, Recorded)>,
}

/// The state file, replaced as a whole with every change.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    state: Mutex<State>,
}

impl StateFile {
    pub(crate) fn open(dir: &Path) -> Result<Self, StartError> {
        let path = dir.join("state.json");
        let state = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(std::io::Error::from).at("understand", &path)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(error).at("read", &path),
        };
        Ok(Self { path, state: Mutex::new(state) })
    }

    pub(crate) fn read(&self) -> State {
        self.state().clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), StartError> {
        let mut state = self.state();
        change(&mut state);
        let bytes = serde_json::to_vec_pretty(&*state).expect("the state is plain data");
        let new = self.path.with_extension("json.new");
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .at("write", &new)?;
        file.write_all(&bytes).at("write", &new)?;
        std::fs::rename(&new, &self.path).at("write", &self.path)
    }

    /// Remembers a child until [`StateFile::forget`], so that the next start can end it.
    pub(crate) fn remember(&self, service: Service, pid: u32, dir: &Path) -> Result<(), StartError> {
        let recorded = Recorded::new(pid, dir);
        self.change(|state| {
            state.children.retain(|(of, _)| *of != service);
            state.children.extend(recorded.map(|child| (service, child)));
        })
    }

    /// Forgets a child that has ended. Failing to is harmless: its start time no longer matches.
    pub(crate) fn forget(&self, service: Service) {
        if let Err(error) = self.change(|state| state.children.retain(|(of, _)| *of != service)) {
            tracing::warn!(error = %error, "an ended service stays in the state file");
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
