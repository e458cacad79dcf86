//! `lockgate transfer list`: the newest transfers, one line each.

use clap::Args;
use lockgate_core::viewer::Role;
use serde_json::{Value, json};

use crate::client::Access;
use crate::config::Config;
use crate::output;

const QUERY: &str = "query TransferList($first: Int!, $filter: TransferFilter) {
  transfers(first: $first, filter: $filter) {
    nodes { id state reason fileName createdAt sender { slug } receivers { slug } }
  }
}";

/// Which ones.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// How many, at most 100
    #[arg(long, default_value_t = 25)]
    limit: u32,
    /// Only in this state, such as HELD
    #[arg(long)]
    state: Option<String>,
    /// Print the API's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

impl List {
    pub(super) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let client = self.access.client(config, Role::Operator)?;
        let filter = self.state.as_ref().map(|state| json!({ "states": [state.to_uppercase()] }));
        let answer = client.graphql(QUERY, json!({ "first": self.limit, "filter": filter })).await?;
        let nodes = &answer["transfers"]["nodes"];
        if self.json {
            return output::line(serde_json::to_string_pretty(nodes)?);
        }
        for transfer in nodes.as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let receivers: Vec<String> =
                transfer["receivers"].as_array().into_iter().flatten().map(|it| text(&it["slug"])).collect();
            let line = format!(
                "{}  {:<9}  {} -> {}  {}  {}",
                text(&transfer["id"]),
                text(&transfer["state"]),
                text(&transfer["sender"]["slug"]),
                receivers.join(","),
                text(&transfer["fileName"]),
                text(&transfer["reason"]),
            );
            output::line(line.trim_end())?;
        }
        Ok(())
    }
}
