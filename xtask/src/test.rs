//! `cargo xtask test`: all tests, against one set of real services that it starts and stops.

use std::path::Path;

use anyhow::{Context, Result};
use lockgate_devservices::{Options, Services};

use crate::guests;
use crate::shell::cargo;

/// Where tests read the endpoints of the shared services; see host/testkit/src/services.rs.
const SERVICES: &str = "LOCKGATE_TEST_SERVICES";

/// Builds the plugins, starts the services, runs every test of the workspace with the given extra arguments of
/// `cargo test`.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    guests::build_all(root)?;
    let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
    let options = Options::for_tests().with_secured_kafka();
    let services = runtime.block_on(Services::start(options)).context("the test services did not start")?;
    let written = (|| {
        let file = root.join("target/test-services.json");
        std::fs::write(&file, serde_json::to_vec(services.endpoints())?)?;
        anyhow::Ok(file)
    })();
    let tested = written.and_then(|file| {
        cargo(root, ["test", "--workspace"]).args(arguments).env(SERVICES, &file).run("some tests failed")
    });
    runtime.block_on(services.stop());
    tested
}
