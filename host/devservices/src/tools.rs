//! Finds the tools of the machine that services are fetched and run with.

pub(crate) mod maven;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Service, StartError};

/// The oldest Java that Kafka 4 runs on.
const OLDEST_JAVA: u32 = 17;

/// An executable on `PATH`.
pub(crate) fn on_path(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name.as_ref())).find(|program| is_executable(program))
}

pub(crate) fn is_executable(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    program.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// `java`, of `JAVA_HOME` or on `PATH`, new enough for Kafka.
pub(crate) fn java() -> Result<PathBuf, StartError> {
    let missing = |missing| StartError::ToolMissing { service: Service::Kafka, missing };
    let java = std::env::var_os("JAVA_HOME")
        .map(|home| Path::new(&home).join("bin/java"))
        .filter(|java| is_executable(java))
        .or_else(|| on_path("java"))
        .ok_or_else(|| missing("no `java` was found in $JAVA_HOME/bin or on the PATH".into()))?;
    // `java -version` answers on standard error: openjdk version "17.0.15" 2025-04-15
    let output = Command::new(&java)
        .arg("-version")
        .output()
        .map_err(|error| missing(format!("{} does not run ({error})", java.display())))?;
    match java_version(&String::from_utf8_lossy(&output.stderr)) {
        Some(version) if version < OLDEST_JAVA => {
            Err(missing(format!("{} is version {version}, too old for Kafka", java.display())))
        }
        _ => Ok(java),
    }
}

/// The feature release in `java -version`'s answer: `"17.0.15"` is 17, `"1.8.0_392"` is 8.
fn java_version(answer: &str) -> Option<u32> {
    let quoted = answer.split('"').nth(1)?;
    let mut numbers = quoted.split(['.', '_', '-', '+']).map_while(|part| part.parse().ok());
    match numbers.next()? {
        1 => numbers.next(),
        feature => Some(feature),
    }
}

#[cfg(test)]
mod tests;
