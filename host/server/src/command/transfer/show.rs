//! `lockgate transfer show`: one transfer's timeline, with what an operator needs to look further.

mod decisions;

use anyhow::Context;
use clap::Args;
use lockgate_core::viewer::Role;
use serde_json::{Value, json};

use crate::client::{Access, Client};
use crate::config::Config;
use crate::output;

const HEAD: &str = "query TransferShow($id: ID!) {
  transfer(id: $id) {
    id state reason fileName mediaType createdAt updatedAt
    sender { slug } receivers { slug }
    source { size digest }
    decisions { ...Decided }
    consignments { id state reason receiver { slug } decisions { ...Decided } deliveries { id state attemptCount lastError destination { name } } }
  }
}
fragment Decided on Decision {
  verdict decidedAt findingsTotal
  revisions { number owner { slug } }
  outcomes { binding digest records edits tookMs fault { kind message } plugin { name version } }
  findings(first: 20) { rule severity message place { line column } }
}";

const TIMELINE: &str = "query TransferTimeline($id: ID!, $after: String) {
  transfer(id: $id) {
    provenance(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { sequence kind consignment delivery actorKind actor details traceId at link }
    }
  }
}";

/// Which one.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The transfer's id, trf_...
    id: String,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

impl Show {
    pub(super) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let client = self.access.client(config, Role::Operator)?;
        let mut answer = client.graphql(HEAD, json!({ "id": self.id })).await?;
        let mut transfer = answer["transfer"].take();
        anyhow::ensure!(!transfer.is_null(), "there is no transfer `{}`, or it is not yours to see", self.id);
        let steps = timeline(&client, &self.id).await?;
        if self.json {
            transfer["provenance"] = Value::Array(steps);
            return output::line(serde_json::to_string_pretty(&transfer)?);
        }
        output::text(head(&transfer, &steps))?;
        steps.iter().try_for_each(|step| output::line(line(step)))
    }
}

/// All steps, page by page.
async fn timeline(client: &Client, id: &str) -> anyhow::Result<Vec<Value>> {
    let mut steps = vec![];
    let mut after = Value::Null;
    loop {
        let mut answer = client.graphql(TIMELINE, json!({ "id": id, "after": after })).await?;
        let page = &mut answer["transfer"]["provenance"];
        steps.append(page["nodes"].as_array_mut().context("the API left out the timeline")?);
        if page["pageInfo"]["hasNextPage"] != json!(true) {
            return Ok(steps);
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn head(transfer: &Value, steps: &[Value]) -> String {
    let slugs =
        |value: &Value| -> Vec<String> { value.as_array().into_iter().flatten().map(|it| text(&it["slug"])).collect() };
    let mut head = format!(
        "{id}  {state}  {file} ({media}, {size} bytes)\n{sender} -> {receivers}\n",
        id = text(&transfer["id"]),
        state = text(&transfer["state"]),
        file = text(&transfer["fileName"]),
        media = text(&transfer["mediaType"]),
        size = text(&transfer["source"]["size"]),
        sender = text(&transfer["sender"]["slug"]),
        receivers = slugs(&transfer["receivers"]).join(", "),
    );
    if let Some(reason) = transfer["reason"].as_str() {
        head.push_str(&format!("reason: {reason}\n"));
    }
    if let Some(trace) = steps.iter().find_map(|it| it["traceId"].as_str()) {
        head.push_str(&format!("trace {trace}\n"));
    }
    decisions::tell(&transfer["decisions"], "  ", &mut head);
    for consignment in transfer["consignments"].as_array().into_iter().flatten() {
        head.push_str(&format!(
            "  {} for {}: {}{}\n",
            text(&consignment["id"]),
            text(&consignment["receiver"]["slug"]),
            text(&consignment["state"]),
            because(&consignment["reason"]),
        ));
        decisions::tell(&consignment["decisions"], "    ", &mut head);
        for delivery in consignment["deliveries"].as_array().into_iter().flatten() {
            head.push_str(&format!(
                "    {} to `{}`: {}, attempts: {}{}\n",
                text(&delivery["id"]),
                text(&delivery["destination"]["name"]),
                text(&delivery["state"]),
                text(&delivery["attemptCount"]),
                because(&delivery["lastError"]),
            ));
        }
    }
    head.push('\n');
    head
}

/// What was said of it, if anything was.
fn because(why: &Value) -> String {
    why.as_str().map(|it| format!(": {it}")).unwrap_or_default()
}

/// One step: when, what, by whom, and its details as `key=value`.
fn line(step: &Value) -> String {
    let place = step["delivery"].as_str().or_else(|| step["consignment"].as_str()).unwrap_or_default();
    // Revisions and plugins of a judgement are told above, each on a line of its own.
    let told = |detail: &String| ["revisions.", "plugins."].iter().any(|part| detail.starts_with(part));
    let details: Vec<String> = flat("", &step["details"]).into_iter().filter(|it| !told(it)).collect();
    format!(
        "{:>4}  {}  {:<22} {}  {}  {}",
        text(&step["sequence"]),
        text(&step["at"]),
        text(&step["kind"]),
        text(&step["actor"]),
        place,
        details.join(" "),
    )
    .trim_end()
    .to_owned()
}

fn flat(name: &str, value: &Value) -> Vec<String> {
    let child = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(key, value)| flat(&child(key), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, value)| flat(&child(&index.to_string()), value)).collect()
        }
        Value::Null => vec![],
        other => vec![format!("{name}={}", text(other))],
    }
}
