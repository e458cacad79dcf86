//! Scenes that ask: the one question of every partner, and the trace of one transfer.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::files::text;
use crate::demo::cast::Cast;
use crate::story::Story;
use crate::trail::{Trail, roots, tree};
use crate::wait::until;

/// "Did Globex get it, and if not, why?", asked by the sender about the rejected file.
pub(super) async fn did_they_get_it(root: &Path, cast: &Cast, story: &mut Story) -> Result<()> {
    story.scene("Initech asks: did Globex get seattle-weather.csv, and if not, why?");
    let query = std::fs::read_to_string(root.join("graphql/operations/did-they-get-it.graphql"))?;
    let variables = json!({ "fileName": "seattle-weather.csv", "receiver": "globex" });
    let answer = cast.initech.graphql(&query, variables.clone()).await?;
    story.say(&indent(&query));
    story.say(&indent(&serde_json::to_string_pretty(&answer)?));
    let transfer = &answer["transfers"]["nodes"][0];
    story.step("the answer to Initech is", "REJECTED", text(&transfer["state"]));
    let answer = cast.globex.graphql(&query, variables).await?;
    let count = answer["transfers"]["nodes"].as_array().map_or(0, Vec::len);
    story.step("Globex, asking the same of the other host, sees transfers of that name", 0, count);
    Ok(())
}

/// The spans of the first transfer, as one tree.
pub(super) async fn one_trace(cast: &Cast, trail: &Trail, transfer: &str, story: &mut Story) -> Result<()> {
    story.scene("The trace of support-requests.csv");
    let query = "query($id: ID!) { transfer(id: $id) { provenance(first: 100) { nodes { traceId } } } }";
    let answer = cast.operator.graphql(query, json!({ "id": transfer })).await?;
    let nodes = answer["transfer"]["provenance"]["nodes"].as_array().cloned().unwrap_or_default();
    let trace = nodes.iter().find_map(|it| it["traceId"].as_str()).context("the provenance names no trace")?.to_owned();
    let spans = until("all spans of the trace", async || {
        let spans = trail.spans(&trace);
        let has = |name: &str| spans.iter().any(|span| span.name.starts_with(name));
        let complete = ["upload", "relay", "claim", "judge inbound", "judge outbound", "plugin", "deliver", "notify"]
            .iter()
            .all(|name| has(name));
        Ok((complete && roots(&spans) == 1).then_some(spans))
    })
    .await;
    let spans = match spans {
        Ok(spans) => spans,
        Err(_) => trail.spans(&trace),
    };
    story.say(&indent(&tree(&spans)));
    let mut missing: Vec<_> =
        ["upload", "relay", "claim", "judge inbound", "judge outbound", "plugin", "deliver", "notify"].to_vec();
    missing.retain(|name| !spans.iter().any(|span| span.name.starts_with(name)));
    story.step("kinds of spans missing from the trace", "", missing.join(", "));
    story.step("trees in the trace", 1, roots(&spans));
    Ok(())
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("   {line}")).collect::<Vec<_>>().join("\n")
}
