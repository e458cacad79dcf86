//! The cast: three partners, their agreements, destinations, plugins and policies, set up through the API as an operator
//! would.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use crate::client::Client;
use crate::operator::Operator;
use crate::receiver::Receivers;
use crate::stage::Stage;

/// Signs what goes to Globex; 32 bytes, as Standard Webhooks wants them.
pub(crate) const GLOBEX_SECRET: &str = "whsec_Z2xvYmV4LXNpZ25pbmctc2VjcmV0LW9mLXRoZS1kZW1v";
/// Signs notifications to Acme and Initech.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_bm90aWZpY2F0aW9uLXNlY3JldC1vZi10aGUtZGVtbw==";

/// Initech's bucket.
const ARCHIVE: &str = "initech-archive";

/// Clients of everybody who acts.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) operator: Client,
    pub(crate) acme: Client,
    pub(crate) globex: Client,
    pub(crate) initech: Client,
}

/// Sets everything up.
pub(crate) async fn assemble(root: &Path, stage: &Stage, receivers: &Receivers) -> Result<Cast> {
    let operator = Operator(stage.client("operator", "")?);
    operator.partner("acme", "Acme Industries", "HOLD").await?;
    operator.partner("globex", "Globex Corporation", "NOTE").await?;
    operator.partner("initech", "Initech", "NOTE").await?;
    for (sender, receiver) in [("acme", "globex"), ("acme", "initech"), ("initech", "globex")] {
        operator.agreement(sender, receiver).await?;
    }
    stage.services.make_bucket(ARCHIVE)?;
    endpoints(&operator, receivers).await?;
    let mut plugins = BTreeMap::new();
    for name in ["validate-csv", "check-totals", "validate-json", "mask-pii", "route-by-rule", "notify-template"] {
        plugins.insert(name, operator.plugin(root, name).await?);
    }
    policies(&operator, &plugins).await?;
    Ok(Cast {
        acme: stage.client("partner", "acme")?,
        globex: stage.client("partner", "globex")?.at(&stage.hosts[1].base),
        initech: stage.client("partner", "initech")?,
        operator: operator.0,
    })
}

async fn endpoints(operator: &Operator, receivers: &Receivers) -> Result<()> {
    operator.secret("globex", "signing", GLOBEX_SECRET).await?;
    let signed = json!({ "http": { "url": receivers.url("globex"), "signingSecret": "signing" } });
    operator.destination("globex", "inbox", signed).await?;
    let plain = json!({ "http": { "url": receivers.url("initech") } });
    operator.destination("initech", "inbox", plain).await?;
    let archive = json!({ "s3": { "bucket": ARCHIVE, "prefix": "photos/" } });
    operator.destination("initech", "archive", archive).await?;
    for partner in ["acme", "initech"] {
        operator.secret(partner, "webhooks", WEBHOOK_SECRET).await?;
        let webhook = json!({ "url": receivers.url(&format!("{partner}-webhook")), "signingSecret": "webhooks" });
        operator.webhook(partner, "ops", webhook).await?;
    }
    Ok(())
}

async fn policies(operator: &Operator, plugins: &BTreeMap<&'static str, String>) -> Result<()> {
    // What mask-pii imports; a binding grants each import or is refused.
    let powers = json!([{ "capability": "DETECT" }, { "capability": "TOKENIZE" }]);
    let csv = json!({ "kind": "CSV" });
    let only_csv = json!(["text/csv"]);
    let tell = json!({
        "name": "tell", "hook": "NOTIFY", "plugin": plugins["notify-template"],
        "events": ["TRANSFER_REJECTED", "TRANSFER_FINISHED"],
        "settings": { "messages": [
            {
                "events": ["transfer.rejected"], "channel": "ops", "title": "{{ file.name }} was rejected",
                "text": "{{ reason }}",
            },
            { "events": ["transfer.finished"], "channel": "ops", "title": "{{ file.name }} has arrived", "text": "" },
        ] },
    });
    let acme = json!([
        {
            "name": "totals", "hook": "VALIDATE", "plugin": plugins["check-totals"], "framing": csv,
            "mediaTypes": only_csv, "settings": {},
        },
        {
            "name": "push-event", "hook": "VALIDATE", "plugin": plugins["validate-json"],
            "framing": { "kind": "JSON" }, "mediaTypes": ["application/json"],
            "settings": { "schema": { "type": "object", "required": ["ref", "repository", "pusher"] } },
        },
        {
            "name": "cards", "hook": "MASK", "plugin": plugins["mask-pii"], "framing": csv, "mediaTypes": only_csv,
            "grants": powers, "settings": { "kinds": { "card": { "action": "keep-last", "count": 4 } } },
        },
        {
            "name": "photos", "hook": "ROUTE", "plugin": plugins["route-by-rule"], "framing": { "kind": "WHOLE" },
            "mediaTypes": ["image/*"],
            "settings": { "rules": [{ "when": "attributes['file.media-type'] == 'image/jpeg'", "to": ["initech/archive"] }] },
        },
        tell,
    ]);
    operator.policy("acme", "INBOUND", &acme).await?;
    let weather = json!([
        {
            "name": "weather-columns", "hook": "VALIDATE", "plugin": plugins["validate-csv"], "framing": csv,
            "mediaTypes": only_csv,
            "settings": { "columns": [
                { "name": "date", "type": "date" },
                { "name": "weather", "one-of": ["sun", "rain", "fog", "snow"] },
            ] },
        },
        tell,
    ]);
    operator.policy("initech", "INBOUND", &weather).await?;
    let globex = json!([{
        "name": "mail", "hook": "MASK", "plugin": plugins["mask-pii"], "framing": csv, "mediaTypes": only_csv,
        "grants": powers, "settings": { "kinds": { "email": { "action": "replace", "with": "(e-mail)" } } },
    }]);
    operator.policy("globex", "OUTBOUND", &globex).await?;
    let initech = json!([{
        "name": "mail", "hook": "MASK", "plugin": plugins["mask-pii"], "framing": csv, "mediaTypes": only_csv,
        "grants": powers, "settings": { "kinds": { "email": { "action": "tokenize", "scheme": "opaque" } } },
    }]);
    operator.policy("initech", "OUTBOUND", &initech).await?;
    Ok(())
}
