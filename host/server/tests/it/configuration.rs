//! Settings: where they come from, and what is said about wrong ones.

use crate::program::Program;

#[test]
fn an_unknown_key_is_named_with_its_file() {
    let program = Program::new().with_file("lockgate.toml", "[kafka]\nbroker = \"localhost:9092\"\n");
    let complaint = program.complaint(&["config", "show"]);
    assert!(complaint.contains("`kafka.broker` in lockgate.toml"), "{complaint}");
    assert!(complaint.contains("unknown field"), "{complaint}");
}

#[test]
fn an_unknown_variable_is_named_with_its_key() {
    let complaint = Program::new().with("LOCKGATE_HTTP__PORT", "80").complaint(&["config", "show"]);
    assert!(complaint.contains("`http.port` in the environment"), "{complaint}");
}

#[test]
fn a_value_of_a_wrong_type_is_named_with_its_source() {
    let complaint = Program::new().complaint(&["config", "show", "--set", "workers.judgements=many"]);
    assert!(complaint.contains("`workers.judgements` in the flag --set"), "{complaint}");
}

#[test]
fn flags_override_the_environment_which_overrides_the_file() {
    let program = Program::new()
        .with_file("lockgate.toml", "[kafka]\nprefix = \"file\"\nbatch = 7\n[s3]\nbucket = \"file\"\n")
        .with("LOCKGATE_KAFKA__PREFIX", "environment")
        .with("LOCKGATE_S3__BUCKET", "environment");
    let shown: toml::Table =
        program.printed(&["config", "show", "--set", "s3.bucket=flag"]).parse().expect("it prints TOML");
    assert_eq!(shown["kafka"]["batch"].as_integer(), Some(7));
    assert_eq!(shown["kafka"]["prefix"].as_str(), Some("environment"));
    assert_eq!(shown["s3"]["bucket"].as_str(), Some("flag"));
}

#[test]
fn secrets_are_never_shown() {
    let program = Program::new()
        .with_file("lockgate.toml", "[kafka.properties]\n\"sasl.password\" = \"hunter2\"\n")
        .with("LOCKGATE_DATABASE__URL", "postgres://u:hunter2@localhost/db")
        .with("LOCKGATE_S3__SECRET_KEY", "1234567890");
    let shown = program.printed(&["config", "show"]);
    assert!(!shown.contains("hunter2") && !shown.contains("1234567890"), "{shown}");
    assert!(shown.contains("(hidden)"), "{shown}");
}

#[test]
fn a_host_names_everything_that_is_missing_before_it_opens_a_port() {
    let complaint = Program::new().complaint(&["serve"]);
    for key in ["database.url", "kafka.brokers", "s3.endpoint", "secrets.key", "identity.jwks_url"] {
        assert!(complaint.contains(&format!("`{key}` is not set")), "{key}: {complaint}");
    }
    assert!(complaint.contains("LOCKGATE_DATABASE__URL"), "{complaint}");
}

#[test]
fn the_page_of_settings_is_the_default_file() {
    let page = include_str!("../../../../docs/configuration.md");
    assert_eq!(Program::new().printed(&["config", "docs"]), page.trim(), "run `cargo xtask schema`");
}

#[test]
fn a_login_or_certificate_that_would_not_be_used_is_named() {
    let program = Program::new()
        .with("LOCKGATE_KAFKA__USER", "gate")
        .with("LOCKGATE_KAFKA__PASSWORD", "hunter2")
        .with("LOCKGATE_KAFKA__TLS_CERTIFICATE", "gate.pem");
    let complaint = program.complaint(&["serve"]);
    for wanted in ["`kafka.user` and `kafka.password` belong to", "`kafka.tls_authorities`", "belong together"] {
        assert!(complaint.contains(wanted), "{wanted}: {complaint}");
    }
    assert!(!complaint.contains("hunter2"), "{complaint}");
    let complaint = Program::new().complaint(&["serve", "--set", "kafka.security=sasl-tls"]);
    assert!(complaint.contains("`kafka.user` and `kafka.password` belong to"), "{complaint}");
}
