//! Bindings are checked before a revision is published.

use lockgate_core::framing::Framing;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::policy::{Binding, Grant};
use lockgate_core::ports::{PluginRunner, PrepareError};
use rstest::rstest;
use serde_json::json;

use crate::stage::{Stage, binding, guest};

fn sound(stage: &Stage) -> Binding {
    stage.hostile(Hook::Validate, "none")
}

#[tokio::test]
async fn a_sound_binding_passes_and_shows_the_manifest() {
    let stage = Stage::new();
    let checked = stage.sandbox.check(&sound(&stage)).await.expect("it is sound");
    assert_eq!(checked.manifest.name, "hostile");
}

#[rstest]
#[case::failure_mode(|it: &mut Binding| it.failure_mode = FailureMode::Default, "failure mode")]
#[case::limits(|it: &mut Binding| it.limits.memory_bytes = 1 << 40, "memory_bytes")]
#[case::grant_twice(|it: &mut Binding| it.grants.push(Grant::Detect), "detect twice")]
#[case::no_tables(|it: &mut Binding| it.grants[2] = Grant::Lookup { tables: vec![] }, "without a table")]
#[tokio::test]
async fn a_binding_that_does_not_fit_is_refused(#[case] spoil: fn(&mut Binding), #[case] word: &str) {
    let stage = Stage::new();
    let mut bound = sound(&stage);
    spoil(&mut bound);
    match stage.sandbox.check(&bound).await {
        Err(PrepareError::Binding(what)) => assert!(what.contains(word), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_framing_and_a_grant_that_the_manifest_does_not_name_are_refused() {
    let stage = Stage::new();
    let mut bound =
        binding(stage.publish(guest("validate-csv")), Hook::Validate, json!({ "columns": [{ "index": 0 }] }));
    bound.framing = Framing::Whole;
    let refused = stage.sandbox.check(&bound).await;
    assert!(matches!(&refused, Err(PrepareError::Binding(what)) if what.contains("framing whole")), "{refused:?}");
    bound.hook = Hook::Mask;
    let refused = stage.sandbox.check(&bound).await;
    assert!(matches!(&refused, Err(PrepareError::Binding(what)) if what.contains("hook mask")), "{refused:?}");
}

#[tokio::test]
async fn a_missing_grant_is_named() {
    let stage = Stage::new();
    let mut bound = sound(&stage);
    bound.grants.retain(|grant| *grant != Grant::Tokenize);
    match stage.sandbox.check(&bound).await {
        Err(PrepareError::Import { import, why }) => {
            assert_eq!((import.as_str(), why.as_str()), ("lockgate:host/tokenize", "the binding does not grant"));
        }
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::schema(json!({ "crime": 7 }), "/crime")]
#[case::surplus(json!({ "crime": "none", "colour": "red" }), "colour")]
#[case::no_object(json!(["crime"]), "JSON object")]
#[case::configure(json!({ "crime": "of-passion" }), "of-passion")]
#[case::loop_in_configure(json!({ "crime": "loop-in-configure" }), "CPU time")]
#[tokio::test]
async fn settings_that_do_not_fit_are_refused_with_the_place(#[case] settings: serde_json::Value, #[case] word: &str) {
    let stage = Stage::new();
    let mut bound = sound(&stage);
    bound.settings = settings;
    match stage.sandbox.check(&bound).await {
        Err(PrepareError::Settings(what)) => assert!(what.contains(word), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn checking_bad_settings_again_and_again_does_not_quarantine_anything() {
    let stage = Stage::with(|config| config.quarantine.faults = 2);
    let mut bound = sound(&stage);
    bound.settings = json!({ "crime": "panic-in-configure" });
    for _ in 0..4 {
        let refused = stage.sandbox.check(&bound).await;
        assert!(matches!(refused, Err(PrepareError::Settings(_))), "{refused:?}");
    }
}
