//! Fetches programs from Maven repositories with the user's own Maven, so that mirrors, proxies
//! and credentials in its settings are honoured and its local repository is used.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::on_path;
use crate::error::At;
use crate::process::{Process, Signal, Spawner, tail};
use crate::progress::Report;
use crate::{Service, StartError};

/// `group:artefact:version`.
pub(crate) type Coordinates = [&'static str; 3];

/// The user's Maven.
pub(crate) struct Maven<'a> {
    pub(crate) service: Service,
    pub(crate) spawner: &'a Spawner,
    pub(crate) report: &'a Report,
}

impl Maven<'_> {
    /// Copies the artefacts and all they need at run time into `dir/libs`.
    pub(crate) async fn fetch(&self, artefacts: &[Coordinates], dir: &Path) -> Result<PathBuf, StartError> {
        let maven = on_path("mvn").ok_or_else(|| StartError::ToolMissing {
            service: self.service,
            missing: "no `mvn` (Maven), which fetches it once, was found on the PATH".into(),
        })?;
        let pom = dir.join("pom.xml");
        std::fs::write(&pom, pom_of(artefacts)).at("write", &pom)?;
        let log = dir.join("maven.log");
        let mut command = Command::new(&maven);
        command
            .args(["--batch-mode", "--file"])
            .arg(&pom)
            .args(["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=libs"])
            .current_dir(dir);
        let shown = format!("{command:?}");
        let failed = |status: String| StartError::Fetch {
            service: self.service,
            command: shown.clone(),
            status,
            tail: tail(&log),
        };
        let process = Process::spawn(self.spawner, command, Signal::TERM, &log)
            .map_err(|error| failed(format!("an error at its start ({error})")))?;
        loop {
            let ended = process.wait(Duration::from_millis(250)).await;
            let output = std::fs::read_to_string(&log).unwrap_or_default();
            self.report.fetched(output.matches("Downloaded from").count());
            match ended {
                Some(status) if status.success() => return Ok(dir.join("libs")),
                Some(status) => return Err(failed(status.to_string())),
                None => {}
            }
        }
    }
}

fn pom_of(artefacts: &[Coordinates]) -> String {
    let mut dependencies = String::new();
    for [group, artefact, version] in artefacts {
        dependencies += &format!(
            "<dependency><groupId>{group}</groupId><artifactId>{artefact}</artifactId><version>{version}</version></dependency>\n"
        );
    }
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n<modelVersion>4.0.0</modelVersion>\n\
         <groupId>lockgate</groupId><artifactId>local-service</artifactId><version>1</version><packaging>pom</packaging>\n\
         <dependencies>\n{dependencies}</dependencies>\n</project>\n"
    )
}
