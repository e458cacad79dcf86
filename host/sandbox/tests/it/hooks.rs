//! Honest guests through every hook.

use lockgate_core::finding::Severity;
use lockgate_core::hook::Hook;
use lockgate_core::id::EventId;
use lockgate_core::notification::{Event, EventKind};
use lockgate_core::ports::PluginRunner;
use lockgate_core::time::Timestamp;
use serde_json::json;

use crate::stage::{Stage, batch, binding, guest, partner, subject};

#[tokio::test]
async fn a_validator_finds_what_its_settings_forbid() {
    let stage = Stage::new();
    let settings = json!({ "columns": [{ "name": "amount", "type": "integer" }] });
    let bound = binding(stage.publish(guest("validate-csv")), Hook::Validate, settings);
    let mut subject = subject();
    subject.preamble = "name,amount".into();
    let mut session = stage.sandbox.validate(&bound, &subject).await.expect("it begins");
    let found = session.check(&batch(&["ann,12", "bob,twelve"])).await.expect("it answers");
    assert_eq!(found.items.len(), 1, "{found:?}");
    assert_eq!(found.items[0].severity, Severity::Refuse);
    assert_eq!(found.items[0].place.as_ref().map(|place| place.position), Some(1));
    session.finish().await.expect("it ends");
}

#[tokio::test]
async fn a_guest_that_behaves_passes_every_hook() {
    let stage = Stage::new();
    let mut session = stage.sandbox.mask(&stage.hostile(Hook::Mask, "none"), &subject()).await.expect("it begins");
    let masked = session.apply(&batch(&["a", "b"])).await.expect("it answers");
    assert_eq!(masked.edits, lockgate_core::batch::Edits::default());
    session.finish().await.expect("it ends");
    let targets = stage.sandbox.route(&stage.hostile(Hook::Route, "none"), &subject()).await.expect("it answers");
    assert_eq!(targets, []);
    let messages = stage.sandbox.notify(&stage.hostile(Hook::Notify, "none"), &event()).await.expect("it answers");
    assert_eq!(messages, []);
}

#[tokio::test]
async fn an_instance_of_record_scope_is_used_again_by_its_binding_only() {
    let stage = Stage::new();
    let bound = stage.hostile(Hook::Validate, "remember");
    let mut subject = subject();
    subject.attributes.push(("sender.id".to_owned(), "ptn_one".to_owned()));
    let remembered = async |bound, subject: &lockgate_core::ports::Subject| {
        let mut session = stage.sandbox.validate(bound, subject).await.expect("it begins");
        let found = session.check(&batch(&["a"])).await.expect("it answers").items.len();
        found + session.finish().await.expect("it ends").findings.items.len()
    };
    let first = remembered(&bound, &subject).await;
    let again = remembered(&bound, &subject).await;
    assert!(again > first, "the instance was not used again: {first}, {again}");
    let mut other = bound.clone();
    other.owner = partner();
    other.id = lockgate_core::id::BindingId::generate(Timestamp::now_utc());
    assert_eq!(remembered(&other, &subject).await, first);
    // The same binding, but another sender's payload: the house's bindings see many.
    subject.attributes[1].1 = "ptn_two".to_owned();
    assert_eq!(remembered(&bound, &subject).await, first);
}

#[tokio::test]
async fn the_versions_of_granted_tables_are_known_from_the_start() {
    let stage = Stage::new();
    let vault: &dyn lockgate_core::ports::Vault = &*stage.vault;
    vault.put_table(partner(), "countries", [("se".to_owned(), "Sweden".to_owned())].into()).await.expect("stored");
    let session = stage.sandbox.validate(&stage.hostile(Hook::Validate, "none"), &subject()).await.expect("it begins");
    assert_eq!(session.tables(), [("countries".to_owned(), 1)]);
}

fn event() -> Event {
    let at = Timestamp::now_utc();
    Event {
        id: EventId::generate(at),
        kind: EventKind::TransferRejected,
        transfer: subject().transfer,
        partner: partner().partner().expect("it is a partner"),
        attributes: vec![],
        at,
    }
}
