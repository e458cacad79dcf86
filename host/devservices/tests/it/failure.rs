//! A start that fails says what was wrong, where to look, and what to do.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use lockgate_devservices::{Service, Services, StartError};

use crate::crash::example;
use crate::place::{kept_in, naming};

/// Runs the example with `path` as the only place to find tools in, and nothing fetched yet.
fn start_with_tools_in(path: &Path, dir: &Path) -> Output {
    example()
        .env("PATH", path)
        .env_remove("JAVA_HOME")
        .arg("--data-dir")
        .arg(dir.join("data"))
        .arg("--cache-dir")
        .arg(dir.join("cache"))
        .args(["--only", "kafka"])
        .output()
        .expect("the example runs")
}

fn names_both_remedies(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("install a JDK 17 or newer and Maven"), "{said}");
    assert!(said.contains("LOCKGATE_KAFKA__BROKERS"), "{said}");
}

#[test]
fn a_missing_java_names_both_remedies() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = start_with_tools_in(dir.path(), dir.path());
    names_both_remedies(&output);
    assert!(String::from_utf8_lossy(&output.stderr).contains("`java`"));
}

#[test]
fn a_missing_maven_names_both_remedies() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let tools = tempfile::tempdir().expect("a temporary directory");
    let path = std::env::var_os("PATH").expect("a PATH");
    let java = std::env::split_paths(&path).map(|place| place.join("java")).find(|java| java.exists()).expect("a JDK");
    symlink(java.canonicalize().expect("it exists"), tools.path().join("java")).expect("a link");
    let output = start_with_tools_in(tools.path(), dir.path());
    names_both_remedies(&output);
    assert!(String::from_utf8_lossy(&output.stderr).contains("`mvn`"));
}

#[test]
fn a_missing_tool_for_postgres_names_its_own_setting() {
    let error = StartError::ToolMissing { service: Service::Postgres, missing: "no `mvn`".into() };
    assert!(error.to_string().contains("setting LOCKGATE_DATABASE__URL"), "{error}");
}

#[tokio::test]
async fn a_service_that_fails_shows_the_end_of_its_log_and_takes_the_others_with_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data/kafka/data");
    std::fs::create_dir_all(&data).expect("a directory");
    std::fs::write(data.join("meta.properties"), "version=1\ncluster.id=broken\nnode.id=77\n").expect("a file");
    let failed = Services::start(kept_in(dir.path())).await.expect_err("Kafka cannot use that");
    let StartError::Service { service: Service::Kafka, log, tail, .. } = &failed else { panic!("{failed}") };
    assert!(tail.contains("node"), "the reason is in Kafka's own words: {tail}");
    assert!(log.ends_with("logs/kafka.log") && log.exists(), "{}", log.display());
    assert_eq!(naming(dir.path()), [0_u32; 0], "what had come up was stopped again");
}
