//! The development issuer exists in development only.

use crate::program::Program;

fn development() -> Program {
    Program::new()
        .with("LOCKGATE_ENVIRONMENT", "development")
        .with("LOCKGATE_IDENTITY__MODE", "development")
        .with("LOCKGATE_SECRETS__KEY", "ab".repeat(32))
}

#[test]
fn a_token_is_refused_in_production() {
    let complaint = Program::new()
        .with("LOCKGATE_IDENTITY__MODE", "development")
        .with("LOCKGATE_SECRETS__KEY", "ab".repeat(32))
        .complaint(&["token", "--role", "operator"]);
    assert!(complaint.contains("the development issuer is off"), "{complaint}");
}

#[test]
fn a_host_refuses_the_development_issuer_in_production() {
    let complaint = Program::new().with("LOCKGATE_IDENTITY__MODE", "development").complaint(&["serve"]);
    assert!(complaint.contains("`identity.mode` is `development` while `environment` is `production`"), "{complaint}");
}

#[test]
fn an_operator_belongs_to_no_partner_and_a_partner_must_be_named() {
    let program = development();
    assert!(program.complaint(&["token", "--role", "operator", "--partner", "acme"]).contains("no partner"));
    assert!(program.complaint(&["token", "--role", "partner"]).contains("--partner is missing"));
}

#[test]
fn a_token_has_three_parts_and_names_its_key() {
    let token = development().printed(&["token", "--role", "operator", "--ttl", "15m"]);
    assert_eq!(token.split('.').count(), 3, "{token}");
}
