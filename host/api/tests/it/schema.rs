//! The schema as it is exported, and the rules that it keeps.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::house::House;

fn graphql_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../graphql")
}

/// `UPDATE_SCHEMA=1` (or `cargo xtask schema`) rewrites the file; the diff is what a reviewer reads.
#[test]
fn is_the_one_that_was_reviewed() {
    let path = graphql_folder().join("schema.graphql");
    let built = lockgate_api::sdl();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &built).expect("the schema's file can be written");
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(built == reviewed, "graphql/schema.graphql is not the built schema: run `cargo xtask schema`");
}

#[tokio::test]
async fn describes_every_type_field_argument_and_value() {
    let house = House::with(|settings| {
        settings.graphql.complexity = usize::MAX;
    })
    .await;
    let query = "{ __schema { types { name kind description
        fields(includeDeprecated: true) { name description args { name description } }
        inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";
    let answer = house.ask(&house.operator(), query, json!({})).await;
    let types = answer["data"]["__schema"]["types"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let mut undescribed = Vec::new();
    let mut look = |path: String, it: &Value| {
        if it["description"].as_str().is_none_or(str::is_empty) {
            undescribed.push(path);
        }
    };
    let parts = |it: &Value, name: &str| it[name].as_array().cloned().unwrap_or_default();
    let name = |it: &Value| it["name"].as_str().unwrap_or_default().to_owned();
    for it in types.iter().filter(|it| !name(it).starts_with("__") && name(it) != "ID") {
        look(name(it), it);
        for field in parts(it, "fields").iter().chain(&parts(it, "inputFields")).chain(&parts(it, "enumValues")) {
            look(format!("{}.{}", name(it), name(field)), field);
            for argument in parts(field, "args") {
                look(format!("{}.{}({})", name(it), name(field), name(&argument)), &argument);
            }
        }
    }
    assert!(types.len() > 60, "introspection showed only {} types", types.len());
    assert_eq!(undescribed, Vec::<String>::new());
}

/// Every shipped operation fits the schema: executed with nothing in its variables but nulls, none may fail validation
/// for any other reason than those.
#[tokio::test]
async fn admits_every_shipped_operation() {
    let house = House::new().await;
    let mut operations = 0;
    for entry in std::fs::read_dir(graphql_folder().join("operations")).expect("the folder of operations") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("an operation");
        // Those are followed by a test of the WebSocket.
        if text.contains("\nsubscription ") {
            continue;
        }
        let answer = house.ask(&house.operator(), &text, json!({})).await;
        for error in answer["errors"].as_array().into_iter().flatten() {
            let code = error["extensions"]["code"].as_str().unwrap_or_default();
            let message = error["message"].as_str().unwrap_or_default();
            let of_variables =
                message.starts_with("Variable ") || code == "INVALID_INPUT" || message.contains("is not defined");
            assert!(of_variables, "{}: {error}", path.display());
        }
        operations += 1;
    }
    assert!(operations >= 12, "{operations}");
}

#[tokio::test]
async fn shows_itself_to_operators_only_outside_development() {
    let house = House::new().await;
    let query = "{ __schema { queryType { name } } }";
    let operator = house.ask(&house.operator(), query, json!({})).await;
    assert_eq!(operator["data"]["__schema"]["queryType"]["name"], "Query");
    let partner = house.ask(&house.token(&house.acme), query, json!({})).await;
    assert!(partner["data"]["__schema"].is_null(), "{partner}");
    let misspelt = house.ask(&house.token(&house.acme), "{ viewe { role } }", json!({})).await;
    assert!(!misspelt.to_string().contains("Did you mean"), "{misspelt}");
}
