//! Compiled components on disk. A compiled component is machine code, so a file counts only if its HMAC is ours: what
//! is foreign, damaged or cut short is compiled again.

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{hmac, rand};
use lockgate_core::plugin::PluginDigest;
use lockgate_core::ports::SecretBytes;

const MAGIC: &[u8; 8] = b"LGAOT\x00\x00\x01";
const TAG: usize = 32;

/// A folder of authenticated files, or nothing.
pub(crate) struct Cache {
    folder: Option<PathBuf>,
    key: hmac::Key,
    compatibility: u64,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Cache {
    /// Opens the folder, making it if need be.
    pub(crate) fn open(folder: Option<PathBuf>, key: Option<&SecretBytes>, compatibility: u64) -> io::Result<Self> {
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
        }
        let key = match key {
            Some(key) => hmac::Key::new(hmac::HMAC_SHA256, key.expose()),
            None => {
                let mut random = [0; 32];
                rand::fill(&mut random).map_err(|_| io::Error::other("the system gives no random bytes"))?;
                hmac::Key::new(hmac::HMAC_SHA256, &random)
            }
        };
        Ok(Self { folder, key, compatibility })
    }

    /// The compiled form, if there is one that we wrote.
    pub(crate) fn read(&self, digest: &PluginDigest) -> Option<Vec<u8>> {
        let path = self.path(digest)?;
        let mut file = match std::fs::read(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(plugin.digest = %digest, error = %error, "a cached plugin cannot be read and is compiled again");
                return None;
            }
        };
        let head = MAGIC.len() + TAG;
        let genuine = file.len() >= head
            && file.starts_with(MAGIC)
            && verify_slices_are_equal(self.tag(digest, &file[head..]).as_ref(), &file[MAGIC.len()..head]).is_ok();
        if !genuine {
            tracing::warn!(plugin.digest = %digest, "a cached plugin is damaged or not ours and is compiled again");
            return None;
        }
        file.drain(..head);
        Some(file)
    }

    /// Keeps a compiled form; a failure costs only the next start some time.
    pub(crate) fn write(&self, digest: &PluginDigest, compiled: &[u8]) {
        let Some(path) = self.path(digest) else { return };
        if let Err(error) = self.try_write(&path, digest, compiled) {
            tracing::warn!(plugin.digest = %digest, error = %error, "a compiled plugin cannot be cached");
        }
    }

    /// Renamed into place, so that nobody reads half a file.
    fn try_write(&self, path: &Path, digest: &PluginDigest, compiled: &[u8]) -> io::Result<()> {
        let tag = self.tag(digest, compiled);
        let half = path.with_extension(format!("half-{}", std::process::id()));
        let file = [MAGIC, tag.as_ref(), compiled].concat();
        std::fs::write(&half, file)?;
        std::fs::rename(&half, path)
    }

    fn path(&self, digest: &PluginDigest) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(format!("{}-{:016x}.cwasm", digest.hex(), self.compatibility)))
    }

    /// The name is part of what is authenticated: a genuine file under another plugin's name is not genuine.
    fn tag(&self, digest: &PluginDigest, compiled: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(MAGIC);
        context.update(&digest.0);
        context.update(&self.compatibility.to_be_bytes());
        context.update(compiled);
        context.sign()
    }
}
